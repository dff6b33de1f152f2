import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Two pages and one script for other sites' pages. All but these three have their content's hash in their
// name and are kept by browsers for ever; addresses are relative, so that any path prefix will do.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    // One style sheet for each page; nothing is inlined that a policy without inline styles would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: here("index.html"), admin: here("admin.html"), widget: here("src/widget.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "widget" ? "widget.js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
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
  test: { environment: "jsdom", include: ["test/**/*.test.ts"] },
});
