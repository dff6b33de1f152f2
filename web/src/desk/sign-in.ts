/** The door of the desk: asks for the owner's key, tries it, and says where it is found. */
import { css, html, LitElement, nothing } from "lit";
import { ProblemError } from "../client/http";
import { deskTexts } from "../texts/desk";
import { problemNote } from "./parts/problem";
import { deskStyles } from "./parts/styles";
import { isSendable } from "./session";

const words = deskTexts.signIn;

/** Fires `desk-signed-in` with `{key, keep}` once `check` has not refused the key. */
export class DeskSignIn extends LitElement {
  static override properties = {
    check: { attribute: false },
    refused: { type: Boolean },
    busy: { state: true },
    wrong: { state: true },
    error: { state: true },
  };
  declare check: (key: string) => Promise<unknown>;
  /** A key that was good is no longer taken. */
  declare refused: boolean;
  declare busy: boolean;
  declare wrong: string;
  declare error: unknown;

  static override styles = [
    deskStyles,
    css`
      h1 {
        font-size: 1.35rem;
        margin-block: 0.25rem 0.75rem;
      }
      form {
        display: grid;
        gap: 0.75rem;
        margin-block-end: 0.75rem;
      }
      #wrong:empty {
        display: none;
      }
    `,
  ];

  constructor() {
    super();
    this.refused = false;
    this.busy = false;
    this.wrong = "";
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("#key")?.focus();
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const key = String(form.get("key") ?? "").trim();
    this.error = undefined;
    this.wrong = key === "" ? words.missing : isSendable(key) ? "" : words.wrong;
    if (!this.wrong) await this.#try(key, form.get("keep") !== null);
    if (this.wrong) this.renderRoot.querySelector<HTMLElement>("#key")?.focus();
  }

  async #try(key: string, keep: boolean): Promise<void> {
    this.busy = true;
    const error: unknown = await this.check(key).then(
      () => undefined,
      (refusal: unknown) => refusal ?? new Error(),
    );
    this.busy = false;
    const status = error instanceof ProblemError ? error.status : error ? 0 : 200;
    if (status === 401 || status === 403) this.wrong = words.wrong;
    // Whoever is no owner is refused before anything else: a part that is away says nothing against the key.
    else if (status === 200 || status >= 500) this.#enter(key, keep);
    else this.error = error;
  }

  #enter(key: string, keep: boolean): void {
    this.dispatchEvent(new CustomEvent("desk-signed-in", { detail: { key, keep } }));
  }

  protected override render() {
    return html`<div class="sheet">
      <h1>${deskTexts.title}</h1>
      ${this.refused ? html`<p class="note warn" role="alert">${words.ended}</p>` : nothing}
      <form @submit=${this.#submit} novalidate>
        <div class="field">
          <label for="key">${words.key}</label>
          <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required
            aria-describedby="wrong help" aria-invalid=${this.wrong ? "true" : "false"} />
          <p id="wrong" class="bad" role="alert">${this.wrong}</p>
        </div>
        <label class="check"><input type="checkbox" name="keep" />${words.keep}</label>
        ${problemNote(this.error)}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? words.trying : words.enter}</button>
      </form>
      <details id="help">
        <summary>${words.where}</summary>
        <p>${words.file} <code>DATA_DIR/secrets/admin_api_key</code></p>
        <p>${words.show} <code>cat data/secrets/admin_api_key</code></p>
        <p>${words.setting} <code>ADMIN_API_KEY</code></p>
      </details>
    </div>`;
  }
}

customElements.define("desk-sign-in", DeskSignIn);
