import { describe, expect, it } from "vitest";
import { asMarkdown, asPlain } from "../../src/reading/copy";
import { numberSources } from "../../src/reading/sources";
import { cite, shown } from "../support/answers";

describe("an answer for the clipboard", () => {
  const text = "Trim **the wick** 🪔 daily. Then light it.\n\n```\nwick = 4\n```\n\n1. one\n2. two";
  const citations = [
    cite(text, "Trim **the wick** 🪔 daily.", "p1"),
    cite(text, "wick = 4", "p2"),
    cite(text, "two", "p1"),
  ];

  it("is Markdown with numbers behind what is cited, but not in code, and the sources below", () => {
    expect(asMarkdown(text, citations, "Sources:")).toBe(
      "Trim **the wick** 🪔 daily.[1] Then light it.\n\n```\nwick = 4\n```[2]\n\n1. one\n2. two[1]\n\nSources:\n\n" +
        "1. [Lamps › Wick](<https://docs.example.com/lamps#wick>)\n2. [Lamps › Wick](<https://docs.example.com/lamps#wick>)\n",
    );
  });

  it("is plain text with the same numbers", () => {
    const root = shown(text, citations);
    expect(asPlain(root, numberSources(citations).sources, "Sources:")).toBe(
      "Trim the wick 🪔 daily.[1] Then light it.\n\nwick = 4\n[2]\n\n1. one\n2. two[1]\n\nSources:\n" +
        "[1] Lamps › Wick: https://docs.example.com/lamps#wick\n[2] Lamps › Wick: https://docs.example.com/lamps#wick\n",
    );
  });

  it("has no list of sources where there are none", () => {
    expect(asMarkdown("So.", [], "Sources:")).toBe("So.\n");
    expect(asPlain(shown("So."), [], "Sources:")).toBe("So.\n");
  });
});
