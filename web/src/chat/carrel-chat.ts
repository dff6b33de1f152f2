/** The chat element: everything between a question and an answer that one reads. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { CarrelClient } from "../client";
import type { PageContext } from "../protocol";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { whenIdle } from "../ui/idle";
import { rows } from "../ui/rows";
import { theme } from "../ui/theme";
import { AnswerActs } from "./answer-acts";
import { chatStyle } from "./chat-style";
import "./composer";
import type { CarrelComposer } from "./composer";
import { Connection } from "./connection";
import type { CarrelConversations } from "./conversations";
import type { CarrelDialogs } from "./dialogs";
import { Keys } from "./keys";
import { Later } from "./later";
import { lineStyle } from "./line-style";
import { List } from "./list";
import type { SourceShown } from "./marks";
import { Opening } from "./opening";
import { Owned } from "./owned";
import type { ChatClient } from "./ports";
import { Scroll } from "./scroll";
import type { CarrelSourceCard } from "./source-card";
import { spokenEnd } from "./spoken";
import { Talk } from "./talk";
import { type Answer, isGoing } from "./transcript";
import { turnView } from "./turn";
import { barView, latestView, loadingView, noticeView, olderView, unreadView, welcomeView } from "./views";

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
    said: { state: true },
  };
  static override styles = [theme, controls, lineStyle, chatStyle];
  /** Made of `src`, else of the page's own address, when none is given. */
  declare client: ChatClient | undefined;
  declare src: string | undefined;
  /** The form of the widget: one column, no address of its own, a close button. */
  declare compact: boolean;
  /** The page, or words on it, that the next question is about. */
  declare context: PageContext | undefined;
  /** Whether there is one column. */
  declare narrow: boolean;
  /** Whether the list of conversations is open where it is behind a button. */
  declare protected listed: boolean;
  /** What a screen reader is told. */
  declare protected said: string;
  /** The conversation that is open. */
  talk!: Talk;
  private list!: List;
  private owned!: Owned;
  private heard: ChatClient | undefined;
  /** Whether the client was made here, and is closed with the element. */
  private made = false;
  private frame = 0;
  private sizes: ResizeObserver | undefined;
  private readonly answers = new AnswerActs(this);
  private readonly opening = new Opening(this);
  /** Loaded when the page has nothing else to do, or when it is wanted. */
  private readonly afterwards = new Later(
    () => import("./afterwards"),
    ({ failed }) => {
      if (failed) this.say(texts.errors.unloaded);
      this.requestUpdate();
    },
  );
  private readonly connection = new Connection(this, {
    back: () => this.cameBack(),
    refused: (line) => line && this.say(line),
  });
  private readonly scrolling = new Scroll(
    this,
    () => this.renderRoot?.querySelector<HTMLElement>(".scroll") ?? null,
  );

  constructor() {
    super();
    this.compact = false;
    this.narrow = false;
    this.listed = false;
    this.said = "";
    new Keys(this);
  }

  /** Put the cursor where questions are written. */
  focusQuestion(): void {
    this.updateComplete.then(() => this.child<CarrelComposer>("carrel-composer").focus());
  }

  override connectedCallback() {
    super.connectedCallback();
    this.sizes = globalThis.ResizeObserver && new ResizeObserver(() => this.measure());
    this.sizes?.observe(this);
    if (!this.heard) return;
    this.connection.follow(this.heard);
    if (this.made) this.heard.connect();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.sizes?.disconnect();
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
    const ahead = !this.scrolling.atEnd && this.talk.turns.length > 0;
    const { line } = this.connection;
    return html`<div class="frame ${this.narrow ? "narrow" : "wide"}" role=${this.compact ? "region" : "main"} aria-label=${texts.chat.conversation}>
      <h1 class="unseen">${texts.chat.title}</h1>
      ${this.narrow && !this.listed ? nothing : this.conversations()}
      ${behind ? html`<button class="scrim" type="button" tabindex="-1" aria-label=${texts.chat.hideConversations} @click=${this.unlist}></button>` : nothing}
      <div class="main" ?inert=${behind}>
        ${barView(this.narrow, this.compact, this)}
        <div class="scroll" tabindex="0" role="region" aria-label=${texts.chat.messages} @scroll=${this.scrolling.moved}>${this.content()}</div>
        <div class="foot">${ahead ? latestView(this.goToEnd) : nothing}
          ${line ? noticeView(line, () => this.heard?.connect()) : nothing} ${this.composer()}</div>
      </div>
    </div>
    <div class="unseen" role="status" aria-live="polite">${this.said}</div>
    <carrel-source-card></carrel-source-card>
    <carrel-dialogs></carrel-dialogs>`;
  }

  private async dialogs(): Promise<CarrelDialogs> {
    await this.afterwards.get();
    return this.child<CarrelDialogs>("carrel-dialogs");
  }

  private conversations() {
    this.afterwards.want();
    return html`<div class="aside">
      <carrel-conversations .list=${this.list} .here=${this.talk.conversationId} @open=${this.opened} @rename=${this.owned.renamed}
        @act=${this.owned.acted} @me=${this.owned.forMe}></carrel-conversations>
    </div>`;
  }

  private content() {
    const { talk } = this;
    const { turns } = talk;
    if (talk.problem && !turns.length) return unreadView(talk.problem, () => talk.refresh());
    if (!turns.length) return talk.loading ? loadingView() : welcomeView();
    const busy = talk.going !== undefined;
    this.afterwards.want();
    return html`<div class="column">
      ${talk.hasOlder ? olderView(talk.loading, this.older) : nothing}
      ${rows(
        turns,
        ({ key }) => key,
        (turn) =>
          turnView(
            turn,
            { shown: this.answers.shownOf(turn), busy, answering: this.afterwards },
            this.answers,
          ),
      )}
    </div>`;
  }

  private composer() {
    const limit = this.heard?.limits?.max_message_chars;
    return html`<carrel-composer .value=${this.opening.draft} .limit=${limit ?? 8000} .going=${this.talk.going !== undefined}
      .further=${this.talk.turns.length > 0} .context=${this.context} @ask=${this.asked} @stop=${() => this.talk.stop()}
      @draft=${this.drafted} @uncontext=${this.uncontext} @focusin=${this.afterwards.soon}></carrel-composer>`;
  }

  private begin(client: ChatClient) {
    this.heard = client;
    this.talk = new Talk(client);
    this.list = new List(client);
    this.owned = new Owned(this.talk, this.list, {
      confirm: async (question) => (await this.dialogs()).confirm(question),
      say: this.say,
      anew: this.anew,
    });
    this.talk.addEventListener("change", this.soon);
    this.talk.addEventListener("conversation", this.moved);
    this.talk.addEventListener("end", this.ended);
    client.addEventListener("limits", this.soon);
    this.connection.follow(client);
    client.connect();
    this.opening.begin(this.talk, this.list);
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
    this.child<CarrelSourceCard>("carrel-source-card")?.close?.();
    this.soon();
  };

  private readonly opened = (event: CustomEvent<string | undefined>) => {
    this.listed = false;
    if (!event.detail || event.detail !== this.talk.conversationId) this.opening.open(event.detail);
    if (!event.detail || this.narrow) this.focusQuestion();
  };

  leaveConversation(): void {
    this.answers.forget();
    this.scrolling.toEnd();
  }

  private cameBack() {
    this.say(texts.connection.back);
    this.afterwards.again();
    this.talk?.refresh();
  }

  private readonly drafted = (event: CustomEvent<string>) => this.opening.write(event.detail);

  private readonly uncontext = () => {
    this.context = undefined;
    this.focusQuestion();
  };

  private readonly goToEnd = () => {
    this.scrolling.toEnd();
    this.requestUpdate();
  };

  private readonly older = () => this.scrolling.keep(() => this.talk.older());

  readonly anew = () => {
    this.listed = false;
    this.opening.open();
    this.focusQuestion();
  };

  readonly enlist = async () => {
    this.listed = true;
    this.list.refresh();
    await this.updateComplete;
    await this.afterwards.get().catch(() => {});
    this.child<CarrelConversations>("carrel-conversations")?.focus();
  };

  private readonly unlist = () => {
    this.listed = false;
    this.focusQuestion();
  };

  readonly help = () => {
    this.dialogs().then(
      (dialogs) => dialogs.keys(),
      () => {},
    );
  };

  readonly leave = () => {
    this.dispatchEvent(new CustomEvent("carrel-close", { bubbles: true, composed: true }));
  };

  /** The same words once more are said once more. */
  readonly say = (words: string) => {
    this.said = words === this.said ? `${words}\u00a0` : words;
  };

  closeSomething(): boolean {
    const card = this.child<CarrelSourceCard>("carrel-source-card");
    if (card.open) card.close(true);
    else if (this.listed) this.unlist();
    else if (this.compact) this.leave();
    else return false;
    return true;
  }

  protected override firstUpdated() {
    whenIdle(() => this.isConnected && this.afterwards.soon());
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
