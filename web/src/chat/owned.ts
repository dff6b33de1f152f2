/** What visitors do with what is theirs: rename, delete, export, erase. */
import type { Conversation } from "../protocol";
import { texts } from "../texts";
import { download } from "../ui/download";
import type { List } from "./list";
import type { Talk } from "./talk";

export interface Surroundings {
  confirm(question: { title: string; text: string; act: string }): Promise<boolean>;
  say(words: string): void;
  /** Begin a new conversation. */
  anew(): void;
}

export class Owned {
  constructor(
    private readonly talk: Talk,
    private readonly list: List,
    private readonly around: Surroundings,
  ) {}

  readonly renamed = ({ detail }: CustomEvent<{ id: string; title: string }>) =>
    this.tried(() => this.list.rename(detail.id, detail.title));

  readonly acted = ({
    detail: { what, conversation },
  }: CustomEvent<{ what: string; conversation: Conversation }>) =>
    this.tried(() => (what === "remove" ? this.remove(conversation) : this.export(conversation, what)));

  readonly forMe = ({ detail: what }: CustomEvent<string>) =>
    this.tried(() => (what === "erase" ? this.erase() : this.exportMe()));

  private async remove({ id, title }: Conversation): Promise<void> {
    const { removeTitle, removeText, remove, removed, untitled } = texts.conversations;
    if (
      !(await this.around.confirm({ title: removeTitle, text: removeText(title || untitled), act: remove }))
    )
      return;
    await this.list.remove(id);
    this.around.say(removed);
    if (id === this.talk.conversationId) this.around.anew();
  }

  private async export({ id, title }: Conversation, format: string): Promise<void> {
    const markdown = format === "markdown";
    const file = await this.talk.client.export(id, markdown ? "markdown" : "json");
    download(file, `${fileName(title)}.${markdown ? "md" : "json"}`);
  }

  private async exportMe(): Promise<void> {
    download(await this.talk.client.exportMe(), "carrel.json");
  }

  private async erase(): Promise<void> {
    const { eraseTitle, eraseText, erase, erased } = texts.me;
    if (!(await this.around.confirm({ title: eraseTitle, text: eraseText, act: erase }))) return;
    await this.talk.client.eraseMe();
    this.list.clear();
    this.around.anew();
    this.around.say(erased);
  }

  private async tried(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch {
      this.around.say(texts.conversations.notDone);
    }
  }
}

/** A title as a file's name: without what file systems refuse. */
export function fileName(title: string): string {
  const name = title
    .replace(/[\p{Cc}\\/:*?"<>|]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 80);
  return name.replace(/^\.+/, "").trim() || texts.conversations.untitled;
}
