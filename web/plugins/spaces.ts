/** Styles and markup stand in the scripts as they are written: what only makes them readable need not be sent. */
import type { Plugin } from "vite";

export function withoutSpaces(): Plugin {
  return {
    name: "without-spaces",
    apply: "build",
    enforce: "pre",
    transform: (code, id) => (/\/src\/.*\.ts$/.test(id) ? { code: narrowed(code), map: null } : undefined),
  };
}

/** Return a script with its styles packed, and no indentation in its templates. */
export function narrowed(code: string): string {
  return code.replace(/(?<=[\s[(,]css|\bSTYLE = )`[^`$]*`/g, packed).replace(/\n[ \t]+/g, "\n");
}

function packed(style: string): string {
  return style
    .replace(/\s*\/\*.*?\*\/\s*/gs, "")
    .replace(/^`\s+/, "`")
    .replace(/\s*([{};,])\s*/g, "$1")
    .replace(/:\s+/g, ":")
    .replace(/;\}/g, "}")
    .replace(/(?<=[\w)\]]) > (?=[\w:.*])/g, ">")
    .replace(/(?<![\d.])0(?=\.\d)/g, "");
}
