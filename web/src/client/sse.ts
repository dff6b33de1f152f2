/** Server-sent events read over fetch, which can say who is asking and in which order (WHATWG HTML, 9.2). */

export interface ServerSentEvent {
  type: string;
  data: string;
  /** The id this event stated, or the one that held before it. */
  id: string;
}

/** Turns text, cut anywhere, into events. Pure. */
export class EventDecoder {
  #rest = "";
  #data: string[] = [];
  #type = "";
  #id = "";

  /** Return the events that `text` completes. */
  feed(text: string): ServerSentEvent[] {
    const all = this.#rest + text;
    // A lone CR at the end may be half of a CRLF: it waits for what comes.
    const whole = all.endsWith("\r") ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + all.slice(whole.length);
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerSentEvent[] {
    if (line === "") return this.#dispatch();
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return [];
  }

  #dispatch(): ServerSentEvent[] {
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    const told = this.#data.length > 0;
    this.#data = [];
    this.#type = "";
    return told ? [event] : [];
  }
}

/**
 * Yield the events of a stream as they come; `onLife` is called for every piece, comments too.
 * Leaving the loop cancels the stream. Raises what reading raises when the connection is lost.
 */
export async function* readEvents(
  response: Response,
  onLife: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void, void> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const utf8 = new TextDecoder();
  const decoder = new EventDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onLife();
      yield* decoder.feed(utf8.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
