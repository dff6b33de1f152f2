/**
 * The owner's key: in memory, or in the tab's sessionStorage where the owner says so. Never in localStorage, in an
 * address or in a log.
 */
const NAME = "carrel-admin-key";

export type TabStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class KeySession {
  #key = "";

  /** `storage` is the tab's; storage that throws or is not there means memory alone. */
  constructor(private readonly storage: () => TabStorage | undefined = () => globalThis.sessionStorage) {
    this.#key = this.#try((kept) => kept.getItem(NAME)) ?? "";
  }

  get key(): string {
    return this.#key;
  }

  keep(key: string, forTab: boolean): void {
    this.#key = key;
    this.#try((kept) => (forTab ? kept.setItem(NAME, key) : kept.removeItem(NAME)));
  }

  forget(): void {
    this.#key = "";
    this.#try((kept) => kept.removeItem(NAME));
  }

  #try<T>(work: (storage: TabStorage) => T): T | undefined {
    try {
      const storage = this.storage();
      return storage && work(storage);
    } catch {
      return undefined; // blocked by the browser: the key then lives as long as the page
    }
  }
}

/** What can stand in a header: a key that cannot is no key, and fetch would throw on it. */
export function isSendable(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}
