/** The conversations of this visitor, page by page, found by words. No element. */
import type { Conversation } from "../protocol";
import type { ChatClient } from "./ports";

const PAGE = 30;

/** Event "change". */
export class List extends EventTarget {
  items: Conversation[] = [];
  next: string | undefined;
  loading = false;
  failed = false;
  query = "";
  /** Only the last request counts: one that was asked for other words comes too late. */
  private asked = 0;

  constructor(private readonly client: ChatClient) {
    super();
  }

  search(query: string): Promise<void> {
    this.query = query.trim();
    return this.refresh();
  }

  /** Read the first page again. */
  refresh(): Promise<void> {
    return this.read();
  }

  more(): Promise<void> {
    return this.next && !this.loading ? this.read(this.next) : Promise.resolve();
  }

  async rename(id: string, title: string): Promise<void> {
    const renamed = await this.client.rename(id, title);
    this.items = this.items.map((own) => (own.id === id ? renamed : own));
    this.tell();
  }

  async remove(id: string): Promise<void> {
    await this.client.remove(id);
    this.items = this.items.filter((own) => own.id !== id);
    this.tell();
  }

  /** Another visitor, or all was erased. */
  clear(): void {
    this.asked += 1;
    this.items = [];
    this.next = undefined;
    this.query = "";
    this.loading = false;
    this.tell();
  }

  private async read(cursor?: string): Promise<void> {
    this.asked += 1;
    const { asked, query } = this;
    this.loading = true;
    this.tell();
    try {
      const page = await this.client.conversations({
        limit: PAGE,
        ...(query && { q: query }),
        ...(cursor && { cursor }),
      });
      if (asked !== this.asked) return;
      this.items = cursor ? [...this.items, ...page.items.filter(({ id }) => !this.has(id))] : page.items;
      this.next = page.next_cursor ?? undefined;
      this.failed = false;
    } catch {
      if (asked === this.asked) this.failed = true;
    }
    if (asked !== this.asked) return;
    this.loading = false;
    this.tell();
  }

  private has(id: string): boolean {
    return this.items.some((own) => own.id === id);
  }

  private tell(): void {
    this.dispatchEvent(new Event("change"));
  }
}
