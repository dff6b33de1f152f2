import { expect, test } from "vitest";
import { fromDrop, fromField } from "../../../src/desk/documents/dropped";

/** A folder as browsers give one: its entries in batches, and none at the end. */
function folder(fullPath: string, ...batches: object[][]) {
  const createReader = () => {
    const left = [...batches, []];
    return { readEntries: (take: (entries: object[]) => void) => take(left.shift() ?? []) };
  };
  return { isFile: false, fullPath, createReader };
}

function entry(fullPath: string) {
  const file = new File(["x"], fullPath.split("/").at(-1) ?? "");
  return { isFile: true, fullPath, file: (take: (file: File) => void) => take(file) };
}

function drop(entries: unknown[], files: File[] = []): DataTransfer {
  return { items: entries.map((one) => ({ webkitGetAsEntry: () => one })), files } as unknown as DataTransfer;
}

test("folders are walked to their ends, through all batches", async () => {
  const inner = folder("/book/src", [entry("/book/src/b.md")]);
  const dropped = drop([folder("/book", [entry("/book/a.md")], [inner]), entry("/c.md")]);
  const paths = (await fromDrop(dropped)).map(({ path }) => path);
  expect(paths).toEqual(["book/a.md", "book/src/b.md", "c.md"]);
});

test("what is dropped without entries is taken as files", async () => {
  expect(await fromDrop(drop([null], [new File(["x"], "a.md")]))).toMatchObject([{ path: "a.md" }]);
});

test("a field's folder gives paths, its files names", () => {
  const inside = Object.defineProperty(new File(["x"], "b.md"), "webkitRelativePath", { value: "book/b.md" });
  const field = { files: [new File(["x"], "a.md"), inside] } as unknown as HTMLInputElement;
  expect(fromField(field).map(({ path }) => path)).toEqual(["a.md", "book/b.md"]);
});
