/** A conversation as it is read: questions, each with the answers that were given to it. Pure. */
import type { Run, RunFailure, RunState } from "../client";
import type { Citation, Feedback, Message } from "../protocol";

export interface Answer {
  /** Stays the same from the first word to the stored message. */
  key: string;
  messageId: string | undefined;
  status: RunState;
  text: string;
  citations: readonly Citation[];
  queries: readonly string[];
  /** How many passages were found, once that is known. */
  found: number | undefined;
  position: number | undefined;
  finishReason: string | undefined;
  degraded: readonly string[];
  error: RunFailure | undefined;
  feedback: Feedback | undefined;
}

export interface Turn {
  key: string;
  questionId: string | undefined;
  question: string;
  /** The words on a page that were asked about. */
  about: string | undefined;
  /** Oldest first; never empty but for a question whose answer is on its way. */
  answers: readonly Answer[];
}

/** A run that this page asked for or follows. */
export interface Live {
  key: string;
  run: Run;
  /** Of a new question; undefined where the question is a stored one. */
  question?: string | undefined;
  about?: string | undefined;
  /** Of the question that a run answers, as far as it is known before the run itself says so. */
  questionId?: string | undefined;
  answer: Answer;
}

const GOING: readonly RunState[] = ["sending", "queued", "running", "gap"];

export function isGoing({ status }: Pick<Answer, "status">): boolean {
  return GOING.includes(status);
}

/** What there is of `run` now. */
export function answerOf(key: string, run: Run, feedback?: Feedback): Answer {
  return {
    key,
    messageId: run.messageId,
    status: run.status,
    text: run.text,
    citations: run.citations,
    queries: run.queries,
    found: run.passages.length || undefined,
    position: run.position,
    finishReason: run.finishReason,
    degraded: run.degraded,
    error: run.error,
    feedback,
  };
}

export function storedAnswer(message: Message): Answer {
  return {
    key: message.id,
    messageId: message.id,
    status: message.status ?? "completed",
    text: message.content,
    citations: message.citations,
    queries: [],
    found: undefined,
    position: undefined,
    finishReason: message.finish_reason ?? undefined,
    degraded: message.degraded,
    error: undefined,
    feedback: message.feedback ?? undefined,
  };
}

/** A stored message and what is shown of it; the same object as long as the message is the same. */
export type Stored = Message & { answer: Answer };

/**
 * Puts stored messages (oldest first) and live runs together. A run stands for its own stored message. An answer
 * whose question is not here is left out: it comes with its question, on an earlier page.
 */
export function turnsOf(stored: readonly Stored[], live: readonly Live[]): Turn[] {
  const turns = new Map<string, Turn & { answers: Answer[] }>();
  const asked = new Map(live.filter(isQuestion).map((own) => [questionOf(own), own]));
  for (const message of stored) {
    if (message.role === "user" && !asked.has(message.id)) turns.set(message.id, turnOf(message));
    else if (message.role === "user") begin(turns, asked.get(message.id) as Live);
    else if (!live.some(({ run }) => run.messageId === message.id)) {
      turns.get(message.question_id ?? "")?.answers.push(message.answer);
    }
  }
  for (const own of live) {
    if (isQuestion(own)) begin(turns, own);
    turns.get(questionOf(own))?.answers.push(own.answer);
  }
  return [...turns.values()];
}

function isQuestion({ question }: Live): boolean {
  return question !== undefined;
}

/** The id of the question that a run answers, or what stands for it until it has one. */
function questionOf({ run, questionId, key }: Live): string {
  return run.questionId ?? questionId ?? key;
}

function turnOf({ id, content }: Message): Turn & { answers: Answer[] } {
  return { key: id, questionId: id, question: content, about: undefined, answers: [] };
}

function begin(turns: Map<string, Turn & { answers: Answer[] }>, own: Live): void {
  const { key, question, about, run } = own;
  const id = questionOf(own);
  if (turns.has(id)) return;
  turns.set(id, {
    key,
    questionId: run.questionId ?? own.questionId,
    question: question ?? "",
    about,
    answers: [],
  });
}
