import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { withPlainImports } from "./plugins/imports.ts";
import { slim } from "./plugins/slim.ts";
import { withoutSpaces } from "./plugins/spaces.ts";
import { minifiedTwice } from "./plugins/twice.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Two pages, and two scripts for other sites' pages. All but these four have their content's hash in their
// name and are kept by browsers for ever; addresses are relative, so that any path prefix will do.
const STABLE = new Set(["widget", "client"]);
const INPUTS: Record<string, Record<string, string>> = {
  chat: { index: here("index.html"), widget: here("src/widget.ts") },
  desk: { admin: here("admin.html") },
  client: { client: here("src/client-entry.ts") },
};

// The chat's second way to the service, for who has no WebSocket: a file of its own would cost more than half of it.
const WITH_STREAMS = { name: "carrel-chat", test: /\/src\/(chat\/carrel-chat|client\/streams)\.ts/ };

export default defineConfig(({ mode }) => ({
  plugins: [slim(), withoutSpaces(), withPlainImports(), minifiedTwice()],
  base: "./",
  build: {
    target: "es2022",
    // One style sheet for each page; nothing is inlined that a policy without inline styles would refuse.
    assetsInlineLimit: 0,
    // Scripts on other sites' pages put nothing into their heads.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : []),
    },
    rollupOptions: {
      ...(INPUTS[mode] && { input: INPUTS[mode] }),
      checks: { pluginTimings: false },
      // client.js is there to be imported from.
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: (chunk) => (STABLE.has(chunk.name) ? "[name].js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        ...(mode === "chat" && { codeSplitting: { groups: [WITH_STREAMS] } }),
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  // `npx vite` shows the pages while they are written, over a Carrel that runs: CARREL_URL.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/health", "/version"].map((path) => [
        path,
        { target: process.env.CARREL_URL ?? "http://127.0.0.1:7860", ws: true },
      ]),
    ),
  },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    server: { deps: { inline: ["marked", "dompurify"] } },
  },
}));
