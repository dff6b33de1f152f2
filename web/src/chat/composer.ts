/** Where questions are written. */
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import type { PageContext } from "../protocol";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { icon, iconButton } from "../ui/icons";
import { theme } from "../ui/theme";

/** Below so many characters left, the reader is told how many. */
const NEAR = 200;
const LIMIT = 8000;

/** Events: "ask" (`detail`: the question), "stop", "draft" (`detail`: what is written), "uncontext". */
export class CarrelComposer extends LitElement {
  static override properties = {
    value: {},
    limit: { type: Number },
    going: { type: Boolean },
    further: { type: Boolean },
    context: { attribute: false },
  };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        display: block;
        background: none;
      }

      form {
        display: grid;
        grid-template-columns: 1fr auto;
        align-items: end;
        gap: 0.25rem;
        padding: 0.375rem;
        border: 1px solid color-mix(in srgb, var(--ink) 42%, var(--ground));
        border-radius: 1rem;
        background: var(--sheet);
        box-shadow: 0 0.125rem 0.75rem rgb(0 0 0 / 5%);
      }

      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }

      textarea {
        grid-column: 1;
        inline-size: 100%;
        min-block-size: 2.5rem;
        max-block-size: min(12rem, 40dvh);
        padding: 0.4375rem 0.625rem;
        border: 0;
        background: none;
        resize: none;
        line-height: 1.625rem;
        field-sizing: content;
      }

      textarea:focus-visible {
        outline: none;
      }

      .send {
        inline-size: 2.5rem;
        block-size: 2.5rem;
        border-radius: 0.75rem;
        padding: 0;
      }

      .stop svg {
        fill: currentcolor;
      }

      .context {
        grid-column: 1 / -1;
        display: flex;
        align-items: center;
        gap: 0.375rem;
        padding-inline-start: 0.625rem;
        border-radius: 0.625rem;
        background: color-mix(in srgb, var(--accent) 9%, transparent);
        font-size: 0.875rem;
      }

      .context span {
        flex: 1;
        min-inline-size: 0;
        overflow: hidden;
        white-space: nowrap;
        text-overflow: ellipsis;
      }

      .context b {
        font-weight: 600;
      }

      .count {
        margin: 0.25rem 0.75rem 0;
        font-size: 0.8125rem;
        text-align: end;
        color: var(--faint);
      }

      .count.over {
        color: var(--bad);
      }

      @media (forced-colors: active) {
        form:focus-within {
          outline: 2px solid Highlight;
        }
      }
    `,
  ];
  declare value: string;
  /** How many characters (code points) a question may have. */
  declare limit: number;
  /** Whether an answer is on its way. */
  declare going: boolean;
  /** Whether something was asked before. */
  declare further: boolean;
  /** The page or the words on it that are asked about. */
  declare context: PageContext | undefined;

  constructor() {
    super();
    this.value = "";
    this.limit = LIMIT;
    this.going = false;
    this.further = false;
  }

  override focus() {
    this.field?.focus();
  }

  private get field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector("textarea");
  }

  private get left(): number {
    return this.limit - [...this.value.trim()].length;
  }

  private get ready(): boolean {
    return !this.going && this.left >= 0 && this.value.trim() !== "";
  }

  protected override render() {
    const { composer } = texts;
    return html`<form @submit=${this.submitted}>
        ${this.chip()}
        <textarea id="question" rows="1" dir="auto" aria-label=${composer.label} enterkeyhint="send" .value=${this.value}
          placeholder=${this.further ? composer.further : composer.placeholder} aria-describedby="count"
          @input=${this.written} @keydown=${this.keyed}></textarea>
        ${
          this.going
            ? html`<button class="send stop filled" type="button" aria-label=${composer.stop} title=${composer.stop} @click=${this.stop}>${icon("stop")}</button>`
            : html`<button class="send filled" aria-label=${composer.send} title=${composer.send} ?disabled=${!this.ready}>${icon("send")}</button>`
        }
      </form>
      ${this.count()}`;
  }

  protected override updated(changed: PropertyValues<this>) {
    const { field } = this;
    if (!field || !changed.has("value") || globalThis.CSS?.supports?.("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  private chip() {
    const { context } = this;
    const words = context?.selected_text ?? context?.page_title ?? context?.page_url;
    if (!words) return nothing;
    const { aboutSelection, aboutPage, removeContext } = texts.composer;
    return html`<div class="context">
      <span><b>${context?.selected_text ? aboutSelection : aboutPage}</b> <bdi>${words}</bdi></span>
      ${iconButton("close", removeContext, () => this.tell("uncontext"), { size: 16 })}
    </div>`;
  }

  private count() {
    const { left } = this;
    const { composer } = texts;
    const said = left > NEAR ? "" : left < 0 ? composer.over(-left) : composer.left(left);
    return html`<p id="count" class="count ${left < 0 ? "over" : ""}" ?hidden=${!said}>${said}</p>`;
  }

  private written = (event: Event) => {
    this.value = (event.target as HTMLTextAreaElement).value;
    this.tell("draft", this.value);
  };

  private keyed = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word; Safari says so by the key code only.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.send();
  };

  private submitted = (event: Event) => {
    event.preventDefault();
    this.send();
  };

  private send() {
    if (!this.ready) return;
    this.tell("ask", this.value.trim());
    this.value = "";
    this.tell("draft", "");
  }

  private stop = () => {
    this.tell("stop");
    this.field?.focus();
  };

  private tell(type: string, detail?: unknown) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

customElements.define("carrel-composer", CarrelComposer);
