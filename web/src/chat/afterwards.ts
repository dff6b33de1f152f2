/**
 * What a question can be asked without: answers and their sources, the list of conversations, dialogs. Loaded as one,
 * so that no mark has to wait for its card, and because one file packs better than four.
 */
import { Reading } from "../reading/reading";
import { texts } from "../texts";
import "./answer";
import "./conversations";
import "./dialogs";
import "./source-card";

/** Something of everything: the first reading makes the rules ready, which takes longer than a few words do. */
const SAMPLE = "**a** `b` [c](https://d.e)\n\n- f\n\n| g |\n|---|\n| h |\n\n```\ni\n```";

new Reading(document.createElement("div"), texts.answer).update({
  text: SAMPLE,
  citations: [],
  whole: true,
  marksOf: () => [],
});
