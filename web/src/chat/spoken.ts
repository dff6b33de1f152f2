/** What a screen reader is told when an answer has ended: its beginning once, not each word. Pure. */
import { texts } from "../texts";
import { outcomeOf } from "./notices";
import type { Answer } from "./transcript";

const BEGINNING = 200;

export function spokenEnd(answer: Answer): string {
  const outcome = outcomeOf(answer);
  if (answer.finishReason === "refused") return `${texts.answer.refused}. ${beginningOf(answer.text)}`;
  if (outcome?.bad) return outcome.text;
  const ready = texts.answer.ready(beginningOf(answer.text));
  return outcome ? `${outcome.text} ${ready}` : ready;
}

/** The first sentences, without Markdown's marks, as far as whole words go. */
export function beginningOf(text: string): string {
  const plain = text
    .replace(/```[\s\S]*?(```|$)/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+]|\d+[.)])[ \t]+/gm, "")
    .replace(/[*`~|]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  if (plain.length <= BEGINNING) return plain;
  const cut = plain.slice(0, BEGINNING);
  return `${cut.slice(0, cut.lastIndexOf(" ") + 1 || BEGINNING).trim()} …`;
}
