/**
 * Builds what is served: the chat as page and widget, the owner's desk, and the client for other scripts. Each is a
 * build of its own, which shares no files with the others: nobody loads two of them, and few files pack better.
 * Beside them stand the licences of what is built in.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "vite";

const BUILT_IN = ["dompurify", "marked", "lit", "lit-element", "lit-html", "@lit/reactive-element"];

for (const mode of ["chat", "desk", "client"]) {
  await build({ mode, logLevel: "warn", build: { emptyOutDir: mode === "chat" } });
}
const licences = BUILT_IN.map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8")}`);
writeFileSync("dist/assets/licences.txt", licences.join(`\n${"-".repeat(80)}\n\n`));
