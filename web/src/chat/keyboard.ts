/** What a key means outside of text fields. Pure. */
export type Action = "help" | "question" | "new" | "next" | "previous" | "close";

const KEYS: Readonly<Record<string, Action>> = {
  "?": "help",
  "/": "question",
  n: "new",
  j: "next",
  k: "previous",
  Escape: "close",
};

type Pressed = Pick<
  KeyboardEvent,
  "key" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "defaultPrevented"
>;

/** `path` is where the event comes from, innermost first. In text fields only Escape means something. */
export function actionOf(event: Pressed, path: readonly EventTarget[]): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented)
    return undefined;
  const action = KEYS[event.key];
  return action === "close" || !isWriting(path[0]) ? action : undefined;
}

function isWriting(target: EventTarget | undefined): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable], dialog *")
  );
}
