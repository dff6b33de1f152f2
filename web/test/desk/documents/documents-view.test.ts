import { beforeAll, expect, test } from "vitest";
import "../../../src/desk/documents/documents-view";
import type { DeskApi } from "../../../src/desk/api";
import type { DeskDocuments } from "../../../src/desk/documents/documents-view";
import { Uploads } from "../../../src/desk/documents/uploads";
import {
  api,
  documentNamed,
  find,
  heard,
  index,
  mount,
  press,
  problem,
  settle,
  shown,
  submit,
  withDialogs,
  write,
} from "../support/desk";

beforeAll(withDialogs);

const uploads = () =>
  new Uploads({ key: "k", http: { baseUrl: new URL("https://c.test/") } }, async () => 201);

async function view(calls: Partial<Record<keyof DeskApi, unknown>>, path: string[] = []) {
  const fake = api({ index: async () => index(), ...calls });
  return mount<DeskDocuments>("desk-documents", { api: fake, uploads: uploads(), path });
}

const page = (...ids: string[]) => ({
  items: ids.map((id) => documentNamed(id)),
  next_cursor: null as string | null,
});

test("documents are listed, page behind page", async () => {
  const asked: unknown[] = [];
  const pages = [{ ...page("a.md"), next_cursor: "c1" }, page("b.md")];
  await view({
    documents: async (listing: unknown) => {
      asked.push(listing);
      return pages.shift();
    },
  });
  await press("Show more");
  expect(asked).toEqual([
    { q: "", limit: 50 },
    { q: "", limit: 50, cursor: "c1" },
  ]);
  expect(shown()).toMatch(/Title of a\.md.*Title of b\.md/);
  expect(shown()).not.toContain("Show more");
});

test("a search asks the server and says how many it found", async () => {
  const said = heard();
  const asked: { q: string }[] = [];
  await view({
    documents: async (listing: { q: string }) => {
      asked.push(listing);
      return page("a.md");
    },
  });
  await write('input[name="q"]', " lamps ");
  await submit('input[name="q"]');
  expect(asked.at(-1)?.q).toBe("lamps");
  expect(said.at(-1)).toBe("1 document found");
});

test("an empty index says what to do next, an empty search that nothing was found", async () => {
  await view({ documents: async () => page() });
  expect(shown()).toContain("Drop some files above");
  await write('input[name="q"]', "lamps");
  await submit('input[name="q"]');
  expect(shown()).toContain("No document has “lamps”");
});

test("a refusal is told with its request and can be tried again", async () => {
  const answers = [Promise.reject(problem(503, "upstream_unavailable")), Promise.resolve(page("a.md"))];
  await view({ documents: () => answers.shift() });
  expect(shown()).toContain("It is upstream_unavailable. A part of Carrel is away.");
  expect(shown()).toContain("r-1");
  await press("Try again");
  expect(shown()).toContain("Title of a.md");
});

test("titles and texts are text, whatever is in them", async () => {
  const title = "<img src=x onerror=alert(1)>";
  await view({ documents: async () => ({ items: [documentNamed("a.md", { title })], next_cursor: null }) });
  expect(shown()).toContain(title);
  expect(() => find("img")).toThrow();
});

const whole = {
  ...documentNamed("guide/a.md", { url: "javascript:alert(1)", metadata: { lang: "en" } }),
  chunks: Array.from({ length: 60 }, (_, ordinal) => ({
    ...{ id: `c${ordinal}`, ordinal, heading_path: ["Lamps", "Oil"], anchor: "oil", start: 0, end: 5 },
    text: `Text ${ordinal}.`,
  })),
};

test("a document is read with its chunks, and an address that is none is no link", async () => {
  await view({ documents: async () => page(), document: async () => whole }, ["guide/a.md"]);
  expect(shown()).toContain("Lamps › Oil");
  expect(shown()).toContain('{"lang":"en"}');
  expect(() => find('a[href^="javascript:"]')).toThrow();
  expect(shown()).not.toContain("Text 59.");
  await press("Show more (10 left)");
  expect(shown()).toContain("Text 59.");
});

test("back from a document the focus is where it was, or at the head of the list where that is gone", async () => {
  const element = await view({ documents: async () => page("guide/a.md"), document: async () => whole }, [
    "guide/a.md",
  ]);
  const focused = () => element.shadowRoot?.activeElement;
  element.path = [];
  await settle();
  expect(focused()?.getAttribute("href")).toBe("#/documents/guide%2Fa.md");
  element.path = ["gone.md"];
  await settle();
  element.path = [];
  await settle();
  expect(focused()?.id).toBe("all");
});

test("a document is deleted only when the owner says so again", async () => {
  const removed: string[] = [];
  const calls = {
    ...{ documents: async () => page(), document: async () => whole },
    removeDocument: async (id: string) => void removed.push(id),
  };
  await view(calls, ["guide/a.md"]);
  await press("Delete");
  await press("Cancel");
  expect(removed).toEqual([]);
  await press("Delete");
  find("desk-confirm").shadowRoot?.querySelector<HTMLElement>(".danger")?.click();
  await settle();
  expect(removed).toEqual(["guide/a.md"]);
  expect(location.hash).toBe("#/documents");
});

test("a document that cannot be deleted is told and stays", async () => {
  const calls = {
    ...{ documents: async () => page(), document: async () => whole },
    removeDocument: () => Promise.reject(problem(503, "overloaded")),
  };
  await view(calls, ["guide/a.md"]);
  await press("Delete");
  find("desk-confirm").shadowRoot?.querySelector<HTMLElement>(".danger")?.click();
  await settle();
  expect(shown()).toContain("Carrel is busy.");
  expect(shown()).toContain("Title of guide/a.md");
});
