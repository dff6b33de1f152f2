/** The chat element: everything between a question and an answer that one reads. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { CarrelClient, ProblemError } from "../client";
import type { PageContext } from "../protocol";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { type IconName, icon } from "../ui/icons";
import { theme } from "../ui/theme";
import { addressOf, conversationIn } from "./address";
import { chatStyle } from "./chat-style";
import "./composer";
import type { CarrelComposer } from "./composer";
import { Connection } from "./connection";
import "./conversations";
import type { CarrelConversations } from "./conversations";
import "./dialogs";
import type { CarrelDialogs } from "./dialogs";
import { Drafts } from "./drafts";
import type { Rated } from "./feedback";
import { actionOf } from "./keyboard";
import { List } from "./list";
import type { SourceShown } from "./marks";
import { Owned } from "./owned";
import type { ChatClient } from "./ports";
import { Scroll } from "./scroll";
import "./source-card";
import type { CarrelSourceCard } from "./source-card";
import { spokenEnd } from "./spoken";
import { Talk } from "./talk";
import { type Answer, isGoing, type Turn } from "./transcript";
import { type TurnActs, turnView } from "./turn";

/** Below, the list of conversations is behind a button. Pixels. */
const NARROW = 800;

/** Event "carrel-close": the close button of the compact form was pressed. */
export class CarrelChat extends LitElement {
  static override properties = {
    client: { attribute: false },
    src: {},
    compact: { type: Boolean },
    context: { attribute: false },
    narrow: { state: true },
    listed: { state: true },
    draft: { state: true },
    said: { state: true },
  };
  static override styles = [theme, controls, chatStyle];
  /** Made of `src`, else of the page's own address, when none is given. */
  declare client: ChatClient | undefined;
  declare src: string | undefined;
  /** The form of the widget: one column, no address of its own, a close button. */
  declare compact: boolean;
  /** The page, or words on it, that the next question is about. */
  declare context: PageContext | undefined;
  declare protected narrow: boolean;
  /** Whether the list of conversations is open where it is behind a button. */
  declare protected listed: boolean;
  declare protected draft: string;
  /** What a screen reader is told. */
  declare protected said: string;
  private talk!: Talk;
  private list!: List;
  private owned!: Owned;
  private heard: ChatClient | undefined;
  /** Whether the client was made here, and is closed with the element. */
  private made = false;
  private frame = 0;
  private sizes: ResizeObserver | undefined;
  /** Which answer is seen of questions that have several; the latest where nothing was chosen. */
  private readonly chosen = new Map<string, string>();
  private readonly drafts = new Drafts();
  private readonly connection = new Connection(this, () => this.cameBack());
  private readonly scrolling = new Scroll(
    this,
    () => this.renderRoot?.querySelector<HTMLElement>(".scroll") ?? null,
  );

  constructor() {
    super();
    this.compact = false;
    this.narrow = false;
    this.listed = false;
    this.draft = "";
    this.said = "";
    this.addEventListener("keydown", this.keyed);
  }

  /** Put the cursor where questions are written. */
  focusQuestion(): void {
    this.updateComplete.then(() => this.child<CarrelComposer>("carrel-composer").focus());
  }

  override connectedCallback() {
    super.connectedCallback();
    this.sizes = globalThis.ResizeObserver && new ResizeObserver(() => this.measure());
    this.sizes?.observe(this);
    document.addEventListener("visibilitychange", this.seen);
    addEventListener("hashchange", this.addressed);
    if (!this.heard) return;
    this.connection.follow(this.heard);
    if (this.made) this.heard.connect();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.sizes?.disconnect();
    document.removeEventListener("visibilitychange", this.seen);
    removeEventListener("hashchange", this.addressed);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.made) this.heard?.close();
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("compact")) this.measure();
    if (!this.client) {
      this.client = new CarrelClient({ baseUrl: new URL(this.src ?? ".", document.baseURI) });
      this.made = true;
    }
    if (this.heard !== this.client) this.begin(this.client);
  }

  protected override render() {
    const behind = this.narrow && this.listed;
    return html`<div class="frame ${this.narrow ? "narrow" : "wide"}">
      ${this.narrow && !this.listed ? nothing : this.conversations()}
      ${behind ? html`<button class="scrim" type="button" tabindex="-1" aria-label=${texts.chat.hideConversations} @click=${this.unlist}></button>` : nothing}
      <main ?inert=${behind} aria-label=${texts.chat.conversation}>
        ${this.bar()}
        <div class="scroll" tabindex="0" role="region" aria-label=${texts.chat.conversation} @scroll=${this.scrolling.moved}>${this.content()}</div>
        <div class="foot">${this.latest()} ${this.notice()} ${this.composer()}</div>
      </main>
    </div>
    <div class="unseen" role="status" aria-live="polite">${this.said}</div>
    <carrel-source-card></carrel-source-card>
    <carrel-dialogs></carrel-dialogs>`;
  }

  private conversations() {
    return html`<aside aria-label=${texts.conversations.heading}>
      <carrel-conversations .list=${this.list} .here=${this.talk.conversationId} @open=${this.opened} @rename=${this.owned.renamed}
        @act=${this.owned.acted} @me=${this.owned.forMe}></carrel-conversations>
    </aside>`;
  }

  private bar() {
    const { chat } = texts;
    const button = (name: IconName, label: string, act: () => void) =>
      html`<button class="quiet" type="button" aria-label=${label} title=${label} @click=${act}>${icon(name)}</button>`;
    return html`<header class="bar">
      ${this.narrow ? button("menu", chat.showConversations, this.enlist) : nothing}
      <h1>${chat.title}</h1>
      ${this.narrow ? button("plus", chat.newConversation, this.anew) : nothing}
      ${button("keyboard", chat.keyboard, this.help)}
      ${this.compact ? button("close", chat.close, this.leave) : nothing}
    </header>`;
  }

  private content() {
    const { talk } = this;
    const { turns } = talk;
    if (talk.problem && !turns.length) return this.unread(talk.problem);
    if (!turns.length && talk.loading) return html`<p class="middle">${texts.chat.loading}</p>`;
    if (!turns.length)
      return html`<div class="welcome"><div><h2>${texts.chat.welcome}</h2><p>${texts.chat.welcomeMore}</p></div></div>`;
    const busy = talk.going !== undefined;
    return html`<div class="column">
      ${talk.hasOlder ? html`<div class="middle"><button class="outlined" type="button" ?disabled=${talk.loading} @click=${this.older}>${texts.chat.older}</button></div>` : nothing}
      ${repeat(
        turns,
        ({ key }) => key,
        (turn) => turnView(turn, this.shownOf(turn), busy, this.acts),
      )}
    </div>`;
  }

  private unread(problem: unknown) {
    const gone = problem instanceof ProblemError && problem.status === 404;
    const again = html`<button class="outlined" type="button" @click=${() => this.talk.refresh()}>${texts.chat.tryAgain}</button>`;
    return html`<div class="middle" role="alert"><p>${gone ? texts.chat.gone : texts.chat.unread}</p>${gone ? nothing : again}</div>`;
  }

  private latest() {
    if (this.scrolling.atEnd || !this.talk.turns.length) return nothing;
    const act = () => {
      this.scrolling.toEnd();
      this.requestUpdate();
    };
    return html`<div class="latest"><button class="outlined" type="button" @click=${act}>${icon("latest", 16)}${texts.chat.latest}</button></div>`;
  }

  private notice() {
    const { line } = this.connection;
    if (!line) return nothing;
    return html`<div class="notice">${icon("note")}<span>${line}</span>
      <button class="outlined" type="button" @click=${() => this.heard?.connect()}>${texts.connection.now}</button></div>`;
  }

  private composer() {
    const limit = this.heard?.limits?.max_message_chars;
    return html`<carrel-composer .value=${this.draft} .limit=${limit ?? 8000} .going=${this.talk.going !== undefined}
      .further=${this.talk.turns.length > 0} .context=${this.context} @ask=${this.asked} @stop=${() => this.talk.stop()}
      @draft=${this.drafted} @uncontext=${this.uncontext}></carrel-composer>`;
  }

  private begin(client: ChatClient) {
    this.heard = client;
    this.talk = new Talk(client);
    this.list = new List(client);
    this.owned = new Owned(this.talk, this.list, {
      confirm: (question) => this.child<CarrelDialogs>("carrel-dialogs").confirm(question),
      say: this.say,
      anew: this.anew,
    });
    this.talk.addEventListener("change", this.soon);
    this.talk.addEventListener("conversation", this.moved);
    this.talk.addEventListener("end", this.ended);
    client.addEventListener("session", this.another);
    client.addEventListener("limits", this.soon);
    this.connection.follow(client);
    client.connect();
    this.draft = this.drafts.read();
    const asked = this.compact ? undefined : conversationIn(location.hash);
    if (asked) this.talk.open(asked);
    if (!this.narrow) this.list.refresh();
  }

  private readonly acts: TurnActs = {
    regenerate: (turn) => {
      this.chosen.delete(turn.key);
      this.talk.regenerate(turn);
    },
    retry: (turn, answer) => {
      this.chosen.delete(turn.key);
      this.talk.retry(turn, answer);
    },
    page: (turn, to) => {
      const answer = turn.answers[to];
      if (answer) this.chosen.set(turn.key, answer.key);
      this.requestUpdate();
    },
    rate: (answer, rated) => this.rate(answer, rated),
  };

  private shownOf({ key, answers }: Turn): number {
    const chosen = answers.findIndex((answer) => answer.key === this.chosen.get(key));
    return chosen < 0 ? answers.length - 1 : chosen;
  }

  private async rate(answer: Answer, { rating, comment }: Rated) {
    try {
      await this.talk.rate(answer, rating, comment);
      this.say(texts.feedback.thanks);
    } catch {
      this.say(texts.feedback.failed);
    }
  }

  private readonly asked = (event: CustomEvent<string>) => {
    const { context } = this;
    this.context = undefined;
    this.scrolling.toEnd();
    this.talk.ask(event.detail, context);
  };

  /** At most once a frame, however many words come. */
  private readonly soon = () => {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.requestUpdate();
    });
  };

  private readonly ended = (event: Event) => {
    const answer = (event as CustomEvent<Answer>).detail;
    if (!isGoing(answer)) this.say(spokenEnd(answer));
    if (!this.narrow || this.listed) this.list.refresh();
  };

  private readonly moved = () => {
    this.child<CarrelSourceCard>("carrel-source-card")?.close();
    this.keepAddress();
    this.soon();
  };

  private keepAddress() {
    if (this.compact) return;
    const { conversationId } = this.talk;
    const here = conversationIn(location.hash);
    if (here === conversationId) return;
    const address = addressOf(conversationId, location);
    // A conversation that only now has its id stays the same entry of the browser's history.
    if (here === undefined && this.talk.turns.length) history.replaceState(history.state, "", address);
    else history.pushState(null, "", address);
  }

  private readonly addressed = () => {
    const id = conversationIn(location.hash);
    if (!this.compact && this.talk && id !== this.talk.conversationId) this.open(id);
  };

  private readonly opened = (event: CustomEvent<string | undefined>) => {
    this.listed = false;
    if (!event.detail || event.detail !== this.talk.conversationId) this.open(event.detail);
    if (!event.detail || this.narrow) this.focusQuestion();
  };

  private open(id?: string) {
    this.chosen.clear();
    this.scrolling.toEnd();
    this.draft = this.drafts.read(id);
    this.talk.open(id);
  }

  private readonly another = () => {
    this.list.clear();
    this.open();
  };

  private readonly seen = () => {
    if (document.visibilityState !== "visible" || !this.talk) return;
    this.talk.refresh();
    if (!this.narrow) this.list.refresh();
  };

  private cameBack() {
    this.say(texts.connection.back);
    this.talk?.refresh();
  }

  private readonly drafted = (event: CustomEvent<string>) => {
    this.draft = event.detail;
    this.drafts.write(event.detail, this.talk.conversationId);
  };

  private readonly uncontext = () => {
    this.context = undefined;
    this.focusQuestion();
  };

  private readonly older = () => this.scrolling.keep(() => this.talk.older());

  private readonly anew = () => {
    this.listed = false;
    this.open();
    this.focusQuestion();
  };

  private readonly enlist = async () => {
    this.listed = true;
    this.list.refresh();
    await this.updateComplete;
    this.child<CarrelConversations>("carrel-conversations").focus();
  };

  private readonly unlist = () => {
    this.listed = false;
    this.focusQuestion();
  };

  private readonly help = () => {
    this.child<CarrelDialogs>("carrel-dialogs").keys();
  };

  private readonly leave = () => {
    this.dispatchEvent(new CustomEvent("carrel-close", { bubbles: true, composed: true }));
  };

  /** The same words once more are said once more. */
  private readonly say = (words: string) => {
    this.said = words === this.said ? `${words}\u00a0` : words;
  };

  private readonly keyed = (event: KeyboardEvent) => {
    const action = actionOf(event, event.composedPath());
    if (!action) return;
    if (action === "close") {
      if (!this.closeSomething()) return;
    } else if (action === "help") this.help();
    else if (action === "question") this.focusQuestion();
    else if (action === "new") this.anew();
    else this.step(action === "next" ? 1 : -1);
    event.preventDefault();
    event.stopPropagation();
  };

  private closeSomething(): boolean {
    const card = this.child<CarrelSourceCard>("carrel-source-card");
    if (card.open) card.close(true);
    else if (this.listed) this.unlist();
    else if (this.compact) this.leave();
    else return false;
    return true;
  }

  private step(by: number) {
    const turns = [...this.renderRoot.querySelectorAll<HTMLElement>(".turn")];
    const at = turns.findIndex((turn) => turn.matches(":focus-within"));
    const next = at < 0 ? (by > 0 ? 0 : turns.length - 1) : Math.max(0, Math.min(at + by, turns.length - 1));
    turns[next]?.focus();
  }

  protected override firstUpdated() {
    const card = this.child<CarrelSourceCard>("carrel-source-card");
    this.renderRoot.addEventListener("carrel-source", (event) =>
      card.ask((event as CustomEvent<SourceShown>).detail),
    );
    this.renderRoot.addEventListener("carrel-source-leave", () => card.leave());
    this.renderRoot.addEventListener("announce", (event) => this.say((event as CustomEvent<string>).detail));
    if (!this.compact && matchMedia?.("(hover: hover)").matches) this.focusQuestion();
  }

  private measure() {
    const narrow = this.compact || (this.clientWidth > 0 && this.clientWidth < NARROW);
    if (narrow === this.narrow) return;
    this.narrow = narrow;
    this.listed = false;
    if (!narrow) this.list?.refresh();
  }

  private child<Part extends HTMLElement>(name: string): Part {
    return this.renderRoot?.querySelector(name) as Part;
  }
}

customElements.define("carrel-chat", CarrelChat);
