/**
 * What a question can be asked without: answers and their sources, the list of conversations, dialogs. Loaded as one,
 * so that no mark has to wait for its card, and because one file packs better than four.
 */
import { Reading } from "../reading/reading";
import { texts } from "../texts";
import { whenIdle } from "../ui/idle";
import "./answer";
import "./conversations";
import "./dialogs";
import "./source-card";

/** Something of everything: what is read once before is read five times as fast when the first words come. */
const SAMPLE = "**a** `b` [c](https://d.e)\n\n- f\n\n| g |\n|---|\n| h |\n\n```\ni\n```";

whenIdle(() => {
  const reading = new Reading(document.createElement("div"), texts.answer);
  reading.update({ text: SAMPLE, citations: [], whole: true, marksOf: () => [] });
});
