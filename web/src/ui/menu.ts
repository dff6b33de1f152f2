/** A button with a menu: arrow keys, first letters by the browser's own focus order, Escape and a click beside close it. */
import { css, html, LitElement, nothing } from "lit";
import { controls } from "./controls";
import { type IconName, icon } from "./icons";
import { besides } from "./place";
import { theme } from "./theme";

export interface MenuItem {
  id: string;
  text: string;
  bad?: boolean;
}

/** Event "choose", whose `detail` is the item's id. */
export class CarrelMenu extends LitElement {
  static override properties = {
    label: {},
    icon: {},
    items: { attribute: false },
    named: { type: Boolean },
    open: { state: true },
  };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        background: none;
        display: inline-flex;
      }

      :host(.wide) button.opener {
        inline-size: 100%;
        justify-content: flex-start;
      }

      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        min-inline-size: 11rem;
        padding: 0.25rem;
        border: 1px solid var(--line);
        border-radius: 0.625rem;
        background: var(--sheet);
        color: var(--ink);
        box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 18%);
      }

      [role="menuitem"] {
        display: flex;
        inline-size: 100%;
        justify-content: flex-start;
        text-align: start;
      }

      .bad {
        color: var(--bad);
      }
    `,
  ];
  declare label: string;
  declare icon: IconName;
  declare items: readonly MenuItem[];
  /** Whether the label stands beside the icon. */
  declare named: boolean;
  declare open: boolean;

  constructor() {
    super();
    this.label = "";
    this.icon = "more";
    this.items = [];
    this.named = false;
    this.open = false;
  }

  protected override render() {
    return html`<button class="opener quiet" type="button" aria-haspopup="menu" aria-expanded=${this.open}
        aria-label=${this.named ? nothing : this.label} title=${this.named ? nothing : this.label} @click=${this.toggle}>
        ${icon(this.icon)}${this.named ? html`<span>${this.label}</span>` : nothing}
      </button>
      <div popover role="menu" aria-label=${this.label} @toggle=${this.toggled} @keydown=${this.pressed}>
        ${this.items.map(
          ({
            id,
            text,
            bad,
          }) => html`<button type="button" role="menuitem" tabindex="-1" class=${bad ? "bad" : ""}
            @click=${() => this.choose(id)}>${text}</button>`,
        )}
      </div>`;
  }

  private get list(): HTMLElement {
    return this.renderRoot.querySelector("[popover]") as HTMLElement;
  }

  private get opener(): HTMLElement {
    return this.renderRoot.querySelector(".opener") as HTMLElement;
  }

  private toggle() {
    this.list.togglePopover?.();
  }

  private toggled(event: Event) {
    this.open = (event as ToggleEvent).newState === "open";
    if (!this.open) return;
    const { left, top } = besides(this.opener.getBoundingClientRect(), this.list, window);
    this.list.style.left = `${left}px`;
    this.list.style.top = `${top}px`;
    this.list.querySelector("button")?.focus();
  }

  private pressed(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 }[event.key];
    if (event.key === "Tab") this.list.hidePopover?.();
    if (step === undefined) return;
    event.preventDefault();
    const items = [...this.list.querySelectorAll("button")];
    const at = items.indexOf(event.target as HTMLButtonElement);
    const next = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : at + step;
    items.at(next % items.length)?.focus();
  }

  private choose(id: string) {
    this.list.hidePopover?.();
    this.opener.focus();
    this.dispatchEvent(new CustomEvent("choose", { detail: id }));
  }
}

customElements.define("carrel-menu", CarrelMenu);
