/** What the chat needs of a client; `CarrelClient` has it, and so has the one that tests and the preview use. */
import type { CarrelClient } from "../client";

export type ChatClient = EventTarget &
  Pick<
    CarrelClient,
    | "state"
    | "retryAt"
    | "problem"
    | "visitorId"
    | "limits"
    | "connect"
    | "close"
    | "ask"
    | "regenerate"
    | "retry"
    | "follow"
    | "conversations"
    | "conversation"
    | "messages"
    | "rename"
    | "remove"
    | "export"
    | "rate"
    | "exportMe"
    | "eraseMe"
  >;
