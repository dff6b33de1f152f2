/**
 * Measures what a page loads, gzipped, and fails when it has become too much. Run after the build.
 *
 * What counts for the widget is its script and everything that it comes to load; for its first paint, and for the
 * client, what is imported statically.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const KIB = 1024;
const BUDGETS = [
  { name: "widget, whole", entry: "widget.js", lazily: true, most: 60 * KIB },
  { name: "widget, until its button is painted", entry: "widget.js", lazily: false, most: 8 * KIB },
  { name: "client", entry: "client.js", lazily: false, most: 9 * KIB },
];
const STATIC = /(?:\bfrom|\bimport)\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]/g;
const DYNAMIC = /\bimport\(\s*["'`](\.{1,2}\/[^"'`]+\.js)["'`]\s*\)/g;

/** Return the files that `file` comes to load, itself included. */
function loaded(file, lazily, found = new Set()) {
  if (found.has(file.href)) return found;
  found.add(file.href);
  const code = readFileSync(file, "utf8");
  for (const pattern of lazily ? [STATIC, DYNAMIC] : [STATIC]) {
    for (const [, path] of code.matchAll(pattern)) loaded(new URL(path, file), lazily, found);
  }
  return found;
}

let failed = false;
for (const { name, entry, lazily, most } of BUDGETS) {
  const files = [...loaded(new URL(entry, DIST), lazily)];
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(fileURLToPath(file))).length, 0);
  const fits = size <= most;
  failed ||= !fits;
  console.log(
    `${fits ? "ok " : "TOO LARGE"} ${name}: ${size} of ${most} bytes gzipped, ${files.length} files`,
  );
}
process.exitCode = failed ? 1 : 0;
