/** The stored message of a run whose frames were missed, read as soon as the run has ended. */
import type { Message } from "../protocol";
import { backoff } from "./backoff";
import type { Environment } from "./env";
import type { History } from "./history";
import { asProblem } from "./problem";
import type { Run, RunFailure } from "./run";

/** A run takes minutes at most; after so many looks at it something else is wrong. */
const LOOKS = 60;
const FIRST_PAUSE = 2;

export class Stored {
  readonly #env: Environment;
  readonly #history: History;

  constructor(env: Environment, history: History) {
    this.#env = env;
    this.#history = history;
  }

  /** Return the answer of `run` once it has ended, or why there is none; `isOver` says that nobody waits for it. */
  async read(run: Run, isOver: () => boolean): Promise<Message | RunFailure> {
    let last: RunFailure = { code: "run_not_found", message: "This answer is not kept.", retryable: false };
    for (let look = 0; look < LOOKS && !isOver(); look += 1) {
      try {
        const message = await this.#find(run);
        if (!message) return last;
        if (message.status !== "running") return message;
      } catch (error) {
        const { code, message, retryable } = asProblem(error);
        if (!retryable) return last;
        last = { code, message, retryable };
      }
      await this.#pause(look);
    }
    return last;
  }

  async #find({ conversationId, messageId, id }: Run): Promise<Message | undefined> {
    if (!conversationId) return undefined;
    if (messageId) return this.#history.message(conversationId, messageId);
    const { items } = await this.#history.messages(conversationId, { limit: 50 });
    return items.find((message) => message.role === "assistant" && message.run_id === id);
  }

  #pause(look: number): Promise<void> {
    const { clock, random } = this.#env;
    return new Promise((resolve) => {
      clock.setTimeout(resolve, backoff(FIRST_PAUSE + look, random()));
    });
  }
}
