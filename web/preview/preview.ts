/**
 * The chat element with a client that plays canned answers: `npx vite`, then /preview/. Not part of the build.
 * Queries: `?show=answer|long|refused|failed|queued|offline|stream`, `compact`, `dir=rtl`, `speed` (ms a word).
 */
import "../src/chat/carrel-chat";
import type { CarrelChat } from "../src/chat/carrel-chat";
import { type Asked, conversation, FakeClient, message } from "../test/support/fake-client";
import { ANSWER, type answerIn, LONG, PASSAGES, RTL } from "./answers";

const query = new URLSearchParams(location.search);
const show = query.get("show") ?? "welcome";
const speed = Number(query.get("speed") ?? 25);
document.dir = query.get("dir") ?? "ltr";

const client = new FakeClient();
const hours = (ago: number) => new Date(Date.now() - ago * 3_600_000).toISOString();
client.stored = [
  conversation("c1", "How often is the wick trimmed?", hours(1)),
  conversation("c2", "Choosing lamp oil for a cold room", hours(3)),
  conversation("c3", "كيف أقص الفتيل؟", hours(26)),
  conversation("c4", "What does wick_length do when it is set to nothing at all, and why?", hours(30)),
  conversation("c5", "Storing lamps over the winter", hours(24 * 4)),
  conversation("c6", "Reading lamps for the library", hours(24 * 40)),
];

const question = message("user", "How often is the wick trimmed, and how do I set its length?");
const answers: Record<string, ReturnType<typeof answerIn>> = { answer: ANSWER, long: LONG, rtl: RTL };
const kept = answers[show];
if (kept) {
  const asked = show === "rtl" ? { ...question, content: "كيف أقص الفتيل؟" } : question;
  const first = message("assistant", "An earlier answer.", { question_id: question.id });
  client.told.set("c1", [
    asked,
    first,
    message("assistant", kept.text, {
      question_id: question.id,
      citations: kept.citations,
      degraded: ["rerank"],
    }),
  ]);
  location.hash = "c=c1";
}

client.play = async (asked) => {
  const { run, tell, acknowledge } = asked;
  await pause(150);
  acknowledge("c1");
  if (show === "queued") return tell({ type: "run-queued", position: 3 });
  tell(
    { type: "run-start", model: "canned", index_version: "1" },
    { type: "search-queries", queries: [asked.question || "wick"] },
  );
  if (show === "failed") {
    const error = { code: "upstream_unavailable", message: "", retryable: true };
    return tell({ type: "run-end", status: "failed", degraded: [], cached: false, error });
  }
  await pause(500);
  tell({ type: "search-results", passages: PASSAGES });
  await pause(500);
  if (show === "refused") return refuse(asked);
  const { text, citations } = query.has("long") ? LONG : ANSWER;
  await speak(asked, text, citations);
  if (!run.ended) {
    tell(
      {
        type: "message-end",
        finish_reason: "complete",
        usage: { input_tokens: 1, output_tokens: 1, search_units: 1 },
      },
      { type: "run-end", status: "completed", degraded: ["dense"], cached: false },
    );
  }
};

function refuse({ tell }: Asked) {
  tell(
    { type: "content-delta", delta: { text: "The documents do not say what lamp oil costs." } },
    {
      type: "message-end",
      finish_reason: "refused",
      usage: { input_tokens: 1, output_tokens: 1, search_units: 1 },
    },
    { type: "run-end", status: "completed", degraded: [], cached: false },
  );
}

async function speak(
  { run, tell }: Asked,
  text: string,
  citations: ReturnType<typeof answerIn>["citations"],
) {
  let said = 0;
  for (const word of text.match(/\S+\s*/g) ?? []) {
    if (run.ended) return;
    tell({ type: "content-delta", delta: { text: word } });
    const before = said;
    said += [...word].length;
    for (const citation of citations) {
      if (before < citation.end && citation.end <= said) tell({ type: "citation-start", citation });
    }
    await pause(speed);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const chat = document.createElement("carrel-chat") as CarrelChat;
chat.client = client;
chat.compact = query.has("compact");
if (query.has("context"))
  chat.context = {
    selected_text: "Trim the wick before each evening, never after.",
    page_url: "https://e.com",
  };
document.body.append(chat);
if (show === "offline") client.become("waiting", Date.now() + 9000);
Object.assign(window, { chat, client });
