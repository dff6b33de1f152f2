import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Two pages, and two scripts for other sites' pages. All but these four have their content's hash in their
// name and are kept by browsers for ever; addresses are relative, so that any path prefix will do.
const STABLE = new Set(["widget", "client"]);

export default defineConfig({
  plugins: [withoutSpaces(), withPlainImports()],
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
      input: {
        index: here("index.html"),
        admin: here("admin.html"),
        widget: here("src/widget.ts"),
        client: here("src/client-entry.ts"),
      },
      // client.js is there to be imported from.
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: (chunk) => (STABLE.has(chunk.name) ? "[name].js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        // What every view is made of is one file, not one for each pair of views that share a part of it.
        codeSplitting: {
          groups: [
            {
              name: "ui",
              test: /node_modules\/(@lit|lit)|\/src\/(ui\/(controls|icons|place|theme)|texts\/(choose|en|index))\.ts/,
            },
          ],
        },
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
  test: { environment: "jsdom", include: ["test/**/*.test.ts"], testTimeout: 30_000 },
});

/** Styles and markup stand in the scripts as they are written: spaces that say nothing need not be sent. */
function withoutSpaces(): Plugin {
  const inStyle = (style: string) =>
    style
      .replace(/\/\*.*?\*\//gs, "")
      .replace(/\s*([{};,])\s*/g, "$1")
      .replace(/:\s+/g, ":");
  return {
    name: "without-spaces",
    apply: "build",
    enforce: "pre",
    transform: (code, id) =>
      /\/src\/.*\.ts$/.test(id)
        ? { code: code.replace(/(?<=[\s[(,])css`[^`$]*`/g, inStyle).replace(/\n[ \t]+/g, "\n"), map: null }
        : undefined,
  };
}

/**
 * Leaves `import()` as it stands. Vite wraps it in a helper that loads style sheets beforehand, which no part here
 * has: 0.9 kB, and one more file that the widget's button would wait for.
 */
function withPlainImports(): Plugin {
  return {
    name: "with-plain-imports",
    apply: "build",
    configResolved({ plugins }) {
      const wrapping = plugins.findIndex(({ name }) => name === "native:import-analysis-build");
      if (wrapping < 0) throw new Error("Vite wraps import() in another way now; see withPlainImports.");
      (plugins as Plugin[]).splice(wrapping, 1);
    },
  };
}
