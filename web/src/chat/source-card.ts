/** The card of one source: near its mark, or at the bottom where there is little room or no mouse. */
import { css, html, LitElement, nothing } from "lit";
import { safeUrl } from "../reading/purify";
import { pathOf, type Source } from "../reading/sources";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { icon, iconButton } from "../ui/icons";
import { besides } from "../ui/place";
import { theme } from "../ui/theme";
import type { SourceShown } from "./marks";

const OPEN_AFTER_MS = 150;
const CLOSE_AFTER_MS = 250;
const SHEET = "(hover: none), (max-width: 30rem)";

export class CarrelSourceCard extends LitElement {
  static override properties = { source: { state: true }, sheet: { state: true } };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        background: none;
      }

      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        inline-size: min(23rem, calc(100vw - 1rem));
        max-block-size: min(24rem, 70dvh);
        overflow: auto;
        padding: 0.875rem 1rem 1rem;
        border: 1px solid var(--line);
        border-radius: 0.75rem;
        background: var(--sheet);
        color: var(--ink);
        box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 20%);
        font-size: 0.9375rem;
        line-height: 1.5;
      }

      .sheet {
        inset: auto 0 0;
        inline-size: 100vw;
        max-inline-size: none;
        border-radius: 1rem 1rem 0 0;
        border-inline: 0;
        border-block-end: 0;
        padding: 1rem 1.25rem calc(1.25rem + env(safe-area-inset-bottom, 0px));
      }

      header {
        display: flex;
        align-items: flex-start;
        gap: 0.5rem;
      }

      .number {
        flex: none;
        min-inline-size: 1.375rem;
        margin-block-start: 0.125rem;
        padding-inline: 0.25rem;
        border-radius: 0.375rem;
        background: color-mix(in srgb, var(--accent) 14%, transparent);
        color: var(--accent);
        font-size: 0.8125rem;
        font-weight: 600;
        text-align: center;
      }

      .name {
        flex: 1;
        min-inline-size: 0;
      }

      h3 {
        margin: 0;
        font-size: 1rem;
        line-height: 1.4;
        overflow-wrap: anywhere;
      }

      header button {
        margin: -0.25rem -0.375rem 0 0;
      }

      .path {
        margin: 0.125rem 0 0;
        font-size: 0.8125rem;
        color: var(--faint);
      }

      blockquote {
        margin: 0.75rem 0;
        padding-inline-start: 0.75rem;
        border-inline-start: 3px solid color-mix(in srgb, var(--accent) 40%, transparent);
        white-space: pre-line;
        overflow-wrap: anywhere;
      }

      .more {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        margin: 0;
        min-block-size: 1.5rem;
      }

      .more a {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        min-block-size: 1.5rem;
        color: var(--accent);
        font-weight: 600;
        text-underline-offset: 0.2em;
        text-decoration-thickness: 1px;
      }

      .host {
        margin-inline-start: auto;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-size: 0.8125rem;
        color: var(--faint);
      }
    `,
  ];
  declare source: Source | undefined;
  declare sheet: boolean;
  private mark: HTMLElement | undefined;
  private shown = false;
  /** A card that was clicked for stays until it is closed. */
  private pinned = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The mark that is being given the focus back: that asks for nothing. */
  private returning: HTMLElement | undefined;

  constructor() {
    super();
    this.sheet = false;
  }

  get open(): boolean {
    return this.source !== undefined;
  }

  /** Show a source: at once for a click or the keyboard, soon for a mouse that stays. */
  ask(shown: SourceShown): void {
    if (shown.mark === this.returning) return;
    clearTimeout(this.timer);
    this.sheet = globalThis.matchMedia?.(SHEET).matches ?? false;
    if (shown.how !== "hover") this.show(shown);
    else if (!this.pinned && !this.sheet) this.timer = setTimeout(() => this.show(shown), OPEN_AFTER_MS);
  }

  /** The mouse or the focus went away from the mark. */
  leave(): void {
    clearTimeout(this.timer);
    if (!this.pinned) this.timer = setTimeout(() => this.close(), CLOSE_AFTER_MS);
  }

  /** `refocus`: whether the focus goes back to the mark. */
  close(refocus = false): void {
    clearTimeout(this.timer);
    const { mark } = this;
    mark?.setAttribute("aria-expanded", "false");
    if (this.shown) this.card?.hidePopover?.();
    this.shown = false;
    this.source = undefined;
    this.mark = undefined;
    this.pinned = false;
    if (!refocus) return;
    this.returning = mark;
    mark?.focus();
    this.returning = undefined;
  }

  protected override render() {
    return html`<div popover="manual" class=${this.sheet ? "sheet" : ""} role="dialog" aria-labelledby="title" tabindex="-1"
      @mouseenter=${this.stay} @mouseleave=${this.leave} @focusin=${this.stay} @keydown=${this.keyed}>
      ${this.source ? this.content(this.source) : nothing}
    </div>`;
  }

  private content(source: Source) {
    const { number, title, document_id, quote, url } = source;
    const path = pathOf(source);
    const { close } = texts.sources;
    return html`<header>
        <span class="number" aria-hidden="true">${number}</span>
        <div class="name" dir="auto"><h3 id="title">${title || document_id}</h3>${path ? html`<p class="path">${path}</p>` : nothing}</div>
        ${iconButton("close", close, () => this.close(true), { size: 16 })}
      </header>
      <blockquote dir="auto">${quote}</blockquote>
      ${this.link(safeUrl(url))}`;
  }

  private link(url: string | undefined) {
    const { open, noAddress } = texts.sources;
    if (!url) return html`<p class="more">${noAddress}</p>`;
    return html`<p class="more">
      <a href=${url} target="_blank" rel="noopener noreferrer nofollow">${open}${icon("open", 16)}</a>
      <span class="host">${new URL(url).hostname}</span>
    </p>`;
  }

  private get card(): HTMLElement | null {
    return this.renderRoot.querySelector("[popover]");
  }

  private async show({ source, mark, how }: SourceShown) {
    const again = this.mark === mark && this.pinned && how === "click";
    if (this.mark && this.mark !== mark) this.close();
    if (again) {
      this.close(true);
      return;
    }
    this.source = source;
    this.mark = mark;
    this.pinned ||= how === "click";
    mark.setAttribute("aria-expanded", "true");
    await this.updateComplete;
    const { card } = this;
    if (!card || this.mark !== mark) return;
    if (!this.shown) card.showPopover?.();
    this.shown = true;
    this.place(card, mark);
    if (how === "click") (card.querySelector("a") ?? card).focus({ preventScroll: true });
  }

  private place(card: HTMLElement, mark: HTMLElement) {
    const { left, top } = besides(mark.getBoundingClientRect(), card, window);
    card.style.left = this.sheet ? "" : `${left}px`;
    card.style.top = this.sheet ? "" : `${top}px`;
  }

  private stay = () => clearTimeout(this.timer);

  private keyed = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close(true);
  };
}

customElements.define("carrel-source-card", CarrelSourceCard);
