/**
 * Measures what a page loads, gzipped as the gateway does it, and fails when it has become too much. Run after the build.
 *
 * The widget's button is painted by its script and what that imports statically; the opened panel needs the chat
 * beside; the whole is everything that is ever loaded, and all of it once an answer is read.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const KIB = 1024;
const BUDGETS = [
  { name: "widget, until its button is painted", entries: ["widget.js"], most: 5 * KIB },
  {
    name: "widget, opened, before the first answer",
    entries: ["widget.js", "assets/carrel-chat-"],
    most: 33 * KIB,
  },
  { name: "widget, whole", entries: ["widget.js"], lazily: true, most: 60 * KIB },
  { name: "client, over a WebSocket", entries: ["client.js"], most: 8 * KIB },
];
const STATIC = /(?:\bfrom|\bimport)\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]/g;
const DYNAMIC = /\bimport\(\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]\s*\)/g;

/** Add to `found` what `file` comes to load, itself included. */
function loaded(file, lazily, found) {
  if (found.has(file.href)) return found;
  found.add(file.href);
  const code = readFileSync(file, "utf8");
  for (const pattern of lazily ? [STATIC, DYNAMIC] : [STATIC]) {
    for (const [, path] of code.matchAll(pattern)) loaded(new URL(path, file), lazily, found);
  }
  return found;
}

/** Return the file of the build whose name begins with `path`: the rest of most names tells their content. */
function fileOf(path) {
  const folder = new URL(path.replace(/[^/]*$/, ""), DIST);
  const found = readdirSync(folder).find((name) => name.startsWith(path.slice(path.lastIndexOf("/") + 1)));
  if (!found) throw new Error(`The build has no ${path}`);
  return new URL(found, folder);
}

let failed = false;
for (const { name, entries, lazily = false, most } of BUDGETS) {
  const found = new Set();
  for (const entry of entries) loaded(fileOf(entry), lazily, found);
  const files = [...found];
  const size = files.reduce(
    (sum, file) => sum + gzipSync(readFileSync(fileURLToPath(file)), { level: 9 }).length,
    0,
  );
  const fits = size <= most;
  failed ||= !fits;
  console.log(
    `${fits ? "ok " : "TOO LARGE"} ${name}: ${size} of ${most} bytes gzipped, ${files.length} files`,
  );
}
process.exitCode = failed ? 1 : 0;
