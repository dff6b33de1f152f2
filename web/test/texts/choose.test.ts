import { expect, test } from "vitest";
import { choose } from "../../src/texts/choose";

const languages = { en: "English", de: "German" };

test("a language is had by its first part, in any case", () => {
  expect(["de", "de-AT", "DE-ch"].map((language) => choose(languages, language))).toEqual(
    Array(3).fill("German"),
  );
});

test("what is not there is English", () => {
  expect(["fr", "", "constructor"].map((language) => choose(languages, language))).toEqual(
    Array(3).fill("English"),
  );
});
