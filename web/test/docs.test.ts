// @vitest-environment node
/** Every example of the pages for front-end developers is what the type checker takes. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PAGES = ["client.md", "widget.md"];
const PREAMBLE =
  'const client = new (await import("https://docs.example.com/carrel/client.js")).CarrelClient({ baseUrl: "" });\n';

mkdirSync(here("../node_modules/.cache"), { recursive: true });
const folder = mkdtempSync(here("../node_modules/.cache/docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

function examples(page: string): string[] {
  const text = readFileSync(here(`../../docs/${page}`), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

describe("the examples", () => {
  it("are what the type checker takes", () => {
    const codes = PAGES.flatMap(examples);
    expect(codes.length).toBeGreaterThan(8);
    codes.forEach((code, number) => {
      const known = /\bclient\b/.test(code) && !code.includes("const client") ? PREAMBLE : "";
      writeFileSync(`${folder}/example-${number}.ts`, `${known}${code}\nexport {};\n`);
    });
    const paths = { "https://docs.example.com/carrel/client.js": [here("../src/client.ts")] };
    const compilerOptions = { paths, noEmit: true, types: [] };
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ extends: here("../tsconfig.json"), compilerOptions, include: ["*.ts"] }),
    );
    const check = () =>
      execFileSync(process.execPath, [here("../node_modules/typescript/bin/tsc"), "-p", folder]);
    expect(said(check)).toBe("");
  }, 60_000);
});

/** Return what the type checker has to say; nothing when all is well. */
function said(check: () => Buffer): string {
  try {
    return String(check());
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}
