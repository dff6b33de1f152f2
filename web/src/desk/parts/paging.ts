/** A list that is had page by page, and shown as one. */
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import { deskTexts } from "../../texts/desk";
import { Loading } from "./loading";

interface Listed {
  items: unknown[];
  next_cursor: string | null;
}

/** Where to go on: nothing for the first page, to be spread into what is asked. */
export type From = { cursor?: string };

export class Paging<P extends Listed> extends Loading<P, [from: From]> {
  constructor(host: ReactiveControllerHost, call: (signal: AbortSignal, from: From) => Promise<P>) {
    super(host, call);
  }

  /** Begin anew. */
  first(): Promise<boolean> {
    return this.run({});
  }

  /** Have the next page behind what is there. */
  next(): Promise<boolean> {
    return this.run(this.value?.next_cursor ? { cursor: this.value.next_cursor } : {});
  }

  get more(): boolean {
    return (this.value?.next_cursor ?? null) !== null;
  }

  /** When the list is to be seen as it is now. */
  get shown(): Promise<boolean> {
    return this.host.updateComplete;
  }

  protected override kept(page: P, [{ cursor }]: [From]): P {
    return cursor && this.value ? { ...page, items: [...this.value.items, ...page.items] } : page;
  }
}

/** The button that has more of a list, and lets the focus go on at the first new item of `items`. */
export function moreButton(
  paging: Paging<Listed>,
  items: () => ArrayLike<HTMLElement>,
): TemplateResult | typeof nothing {
  if (!paging.more) return nothing;
  const further = async () => {
    const before = items().length;
    if (await paging.next()) {
      await paging.shown;
      items()[before]?.focus();
    }
  };
  return html`<button type="button" ?disabled=${paging.busy} @click=${further}>${deskTexts.more}</button>`;
}
