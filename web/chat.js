// The plain chat page: one conversation, one question at a time, one run behind it.

import { Answer } from "./answer.js";
import { recall, remember, Session, uuid, Wire } from "./wire.js";

const $ = (id) => document.getElementById(id);
const CONVERSATION = "carrel.conversation";

const LACKED = {
  rerank: "the passages were not re-ranked",
  condensing: "the earlier turns were understood by their words only",
  generation: "the answer is made of quotations",
  dense: "the search was by words only",
};

const session = new Session({ onNewVisitor: startAnew });
const wire = new Wire({ session, onFrame: receive, onState: showState });

let conversation = recall(CONVERSATION);
let run = null; // {create, id, seen, answer, questionId}

function ask(content) {
  follow(() => showQuestion(content));
  begin({ type: "message-create", client_message_id: uuid(), content }, new Answer($("messages")));
}

function begin(create, answer) {
  if (conversation && create.type === "message-create") create.conversation_id = conversation;
  run = { create, id: null, seen: 0, answer, questionId: create.message_id ?? null };
  answer.busy = true;
  wire.send(create);
  showControls();
}

function finish(text, retry) {
  const { answer } = run;
  run = null;
  answer.busy = false;
  follow(() => { if (text) answer.note(text, retry); });
  $("announce").textContent = [answer.text, text].filter(Boolean).join(" ");
  showControls();
}

function again(questionId, create) {
  return () => {
    const next = questionId
      ? { type: "run-regenerate", message_id: questionId, client_message_id: uuid() }
      : { ...create };
    begin(next, new Answer($("messages")));
  };
}

function resume() {
  if (run?.id) wire.send({ type: "run-resume", run_id: run.id, starting_after: run.seen });
  else if (run) wire.send(run.create);
}

const handlers = {
  "connection-ready": resume,
  "message-ack"(frame) {
    if (frame.client_message_id !== run?.create.client_message_id) return;
    conversation = frame.conversation_id;
    remember(CONVERSATION, conversation);
    run.id = frame.run_id;
    run.questionId = frame.message_id;
    if (frame.duplicate) resume();
  },
  "content-delta"(frame) { follow(() => run.answer.add(frame.delta.text)); },
  "citation-start"(frame) { follow(() => run.answer.cite(frame.citation)); },
  "message-end"(frame) { run.refused = frame.finish_reason === "refused"; },
  "run-end"(frame) {
    const { questionId, create } = run;
    const retry = frame.error?.retryable || frame.status === "incomplete" ? again(questionId, create) : null;
    finish(outcome(frame, run.refused), retry);
  },
  async "resume-gap"() {
    finish("Part of this answer was missed.");
    await restore().catch(() => {});
  },
  error(frame) {
    const ours = run && (frame.client_message_id === run.create.client_message_id || !run.id);
    if (!ours) return tell(frame.message);
    finish(frame.message, frame.retryable ? again(null, run.create) : null);
  },
};

function outcome(frame, refused) {
  const lacked = (frame.degraded ?? []).map((part) => LACKED[part] ?? `${part} was not available`);
  const said = {
    failed: frame.error?.message ?? "There was no answer.",
    cancelled: "Stopped.",
    incomplete: "The answer was cut short.",
    completed: refused ? "The documents do not hold an answer to this." : "",
  }[frame.status];
  return [said, lacked.length ? `Please note: ${lacked.join(", ")}.` : ""].filter(Boolean).join(" ");
}

function receive(frame) {
  if ("sequence_number" in frame) {
    if (!run?.id || frame.run_id !== run.id || frame.sequence_number <= run.seen) return;
    run.seen = frame.sequence_number;
  }
  handlers[frame.type]?.(frame);
}

function showQuestion(text) {
  $("welcome").hidden = true;
  const item = document.createElement("li");
  item.className = "question";
  item.textContent = text;
  $("messages").append(item);
}

function follow(change) {
  const box = $("scroll");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function showState(connected) {
  tell(connected ? "" : "Not connected. Trying again …", !connected);
}

function tell(text, trouble = false) {
  $("state").textContent = text;
  $("state").classList.toggle("trouble", trouble);
}

function showControls() {
  $("send").hidden = Boolean(run);
  $("stop").hidden = !run;
}

function startAnew() {
  conversation = null;
  remember(CONVERSATION, null);
  run = null;
  $("messages").replaceChildren();
  $("welcome").hidden = false;
  showControls();
}

async function restore() {
  if (!conversation) return;
  const { items } = await session.get(`v1/conversations/${encodeURIComponent(conversation)}/messages?limit=100`);
  $("messages").replaceChildren();
  items.sort((a, b) => a.created_at.localeCompare(b.created_at));
  for (const message of items) showStored(message);
  $("scroll").scrollTop = $("scroll").scrollHeight;
  showControls();
}

function showStored(message) {
  if (message.role === "user") return showQuestion(message.content);
  const answer = new Answer($("messages"));
  if (message.status === "running") {
    // Told again from its beginning.
    run = { create: {}, id: message.run_id, seen: 0, answer, questionId: message.question_id ?? null };
    return resume();
  }
  answer.text = message.content;
  answer.citations = message.citations ?? [];
  answer.render();
  answer.busy = false;
  const note = outcome(message, message.finish_reason === "refused");
  if (note) answer.note(note);
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("question").value.trim();
  if (!text || run) return;
  $("question").value = "";
  grow();
  ask(text);
});

$("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("ask").requestSubmit();
});

function grow() {
  const box = $("question");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

$("question").addEventListener("input", grow);
$("stop").addEventListener("click", () => { if (run?.id) wire.send({ type: "run-cancel", run_id: run.id }); });
$("new").addEventListener("click", () => { startAnew(); $("question").focus(); });
addEventListener("online", () => wire.open());

await restore().catch((error) => { if (error.status === 404) startAnew(); });
wire.open();
$("question").focus();
