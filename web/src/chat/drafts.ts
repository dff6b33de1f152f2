/** What was written and not sent yet, one for each conversation, as long as the tab is open. */
export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class Drafts {
  private readonly memory = new Map<string, string>();

  constructor(private readonly store: () => Store = () => sessionStorage) {}

  read(conversationId = ""): string {
    return (
      this.reach((store) => store.getItem(keyOf(conversationId))) ?? this.memory.get(conversationId) ?? ""
    );
  }

  write(text: string, conversationId = ""): void {
    this.memory.set(conversationId, text);
    this.reach((store) => {
      if (text) store.setItem(keyOf(conversationId), text);
      else store.removeItem(keyOf(conversationId));
    });
  }

  /** Storage may be forbidden or full: then memory has to do. */
  private reach<Result>(use: (store: Store) => Result): Result | undefined {
    try {
      return use(this.store());
    } catch {
      return undefined;
    }
  }
}

function keyOf(conversationId: string): string {
  return `carrel.draft.${conversationId}`;
}
