/** What the server takes at most; until it has told, and where it does not, its defaults (docs/settings.md). */
import type { ReactiveControllerHost } from "lit";
import type { DeskApi } from "../api";
import type { IndexReport } from "../wire";
import { Loading } from "./loading";

export class Limits {
  readonly #index: Loading<IndexReport>;

  constructor(host: ReactiveControllerHost & { api: Pick<DeskApi, "index"> }) {
    this.#index = new Loading(host, (signal) => host.api.index(signal));
  }

  load(): Promise<boolean> {
    return this.#index.run();
  }

  get documentBytes(): number {
    return this.#index.value?.max_document_bytes ?? 10 * 1024 * 1024;
  }

  get archiveBytes(): number {
    return this.#index.value?.max_archive_bytes ?? 100 * 1024 * 1024;
  }
}
