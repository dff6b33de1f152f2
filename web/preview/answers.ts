/** Canned answers. */
import type { Citation, Passage } from "../src/protocol";

const source = (number: number, title: string, heading: string, quote: string) => ({
  document_id: `guide/${title.toLowerCase().replaceAll(" ", "-")}.md`,
  passage_id: `p${number}`,
  title,
  url: `https://docs.example.com/guide/${title.toLowerCase().replaceAll(" ", "-")}#${heading.toLowerCase()}:~:text=${encodeURIComponent(quote.slice(0, 20))}`,
  quote,
  heading_path: [title, heading],
});

const SOURCES = [
  source(
    1,
    "Looking after lamps",
    "Wicks",
    "Trim the wick before each evening. A trimmed wick burns evenly, gives more light, and leaves the glass clear.",
  ),
  source(2, "Settings", "wick_length", "`wick_length` is given in millimetres. Unset, a lamp takes 4."),
  source(
    3,
    "Choosing oil",
    "Cold rooms",
    "Below ten degrees thin oil is better: it climbs the wick more easily.",
  ),
];

export interface Canned {
  text: string;
  citations: Citation[];
}

/** Text in which `{{1|words}}` is cited to the source of that number. */
export function answerIn(marked: string): Canned {
  const citations: Citation[] = [];
  let text = "";
  for (const [, before, number, words] of marked.matchAll(/([\s\S]*?)(?:\{\{(\d)\|([\s\S]*?)\}\}|$)/g)) {
    text += before ?? "";
    if (!words) continue;
    const start = [...text].length;
    text += words;
    citations.push({
      start,
      end: [...text].length,
      text: words,
      sources: [SOURCES[Number(number) - 1] as (typeof SOURCES)[0]],
    });
  }
  return { text, citations };
}

const MAIN = `{{1|Trim the wick **before each evening**.}} A trimmed wick burns evenly, gives more light and {{1|leaves the glass clear}}.

## Setting its length

The length is a setting of the lamp, {{2|\`wick_length\`, in millimetres; unset, a lamp takes 4}}:

\`\`\`toml
[lamp.reading]
wick_length = 4      # millimetres
oil = "thin"
\`\`\`

1. Let the lamp cool.
2. {{1|Cut straight across, not at an angle}}.
3. In cold rooms choose thin oil: {{3|it climbs the wick more easily}}.

| Room | Oil | Wick |
|---|---|---|
| Library | {{3|thin}} | 4 mm |
| Hall | thick | 6 mm |

See [the guide to lamps](https://docs.example.com/guide) for the whole story.`;

export const ANSWER = answerIn(MAIN);
export const LONG = answerIn(Array.from({ length: 14 }, () => MAIN).join("\n\n"));
export const RTL = answerIn(
  "{{1|قص الفتيل **كل مساء** قبل الإشعال.}} الفتيل المقصوص يحترق بالتساوي.\n\n- اترك المصباح يبرد.\n- {{2|الطول الافتراضي 4 مم}}.",
);

export const PASSAGES: Passage[] = SOURCES.map((own, index) => ({
  id: own.passage_id,
  document_id: own.document_id,
  title: own.title,
  url: own.url,
  anchor: "",
  heading_path: own.heading_path,
  text: own.quote,
  score: 1 - index / 10,
}));
