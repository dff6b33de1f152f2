/** What is stored, over HTTP: conversations, messages, feedback, the visitor's own data. */
import type { Conversation, Feedback, Message, Page, Rating } from "../protocol";
import type { Http } from "./http";

const id = encodeURIComponent;

export class History {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  conversations(
    options: { q?: string | undefined; cursor?: string | undefined; limit?: number } = {},
  ): Promise<Page<Conversation>> {
    return this.#http.json("GET", "v1/conversations", { query: options });
  }

  conversation(conversationId: string): Promise<Conversation> {
    return this.#http.json("GET", `v1/conversations/${id(conversationId)}`);
  }

  /** The latest messages, oldest first; `next_cursor`, given as `before`, leads to earlier ones. */
  messages(
    conversationId: string,
    options: { before?: string | undefined; limit?: number } = {},
  ): Promise<Page<Message>> {
    return this.#http.json("GET", `v1/conversations/${id(conversationId)}/messages`, { query: options });
  }

  message(conversationId: string, messageId: string): Promise<Message> {
    return this.#http.json("GET", `v1/conversations/${id(conversationId)}/messages/${id(messageId)}`);
  }

  rename(conversationId: string, title: string): Promise<Conversation> {
    return this.#http.json("PATCH", `v1/conversations/${id(conversationId)}`, { json: { title } });
  }

  /** Delete a conversation with its messages. */
  remove(conversationId: string): Promise<void> {
    return this.#http.json("DELETE", `v1/conversations/${id(conversationId)}`);
  }

  export(conversationId: string, format: "json" | "markdown"): Promise<Blob> {
    return this.#http.blob(`v1/conversations/${id(conversationId)}/export`, { query: { format } });
  }

  rate(messageId: string, rating: Rating, comment?: string): Promise<Feedback> {
    const json = comment ? { rating, comment } : { rating };
    return this.#http.json("PUT", `v1/messages/${id(messageId)}/feedback`, { json });
  }

  /** A download of everything that is held on this visitor. */
  exportMe(): Promise<Blob> {
    return this.#http.blob("v1/me/export");
  }

  eraseMe(): Promise<void> {
    return this.#http.json("DELETE", "v1/me");
  }
}
