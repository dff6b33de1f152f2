import type { Plugin } from "vite";

/**
 * Leaves `import()` as it stands. Vite wraps it in a helper that loads style sheets beforehand, which no part here
 * has: 0.9 kB, and one more file that the widget's button would wait for.
 */
export function withPlainImports(): Plugin {
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
