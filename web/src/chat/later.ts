/** A part that is loaded when it is first wanted. No element. */
export class Later {
  here = false;
  failed = false;
  private loading: Promise<unknown> | undefined;

  /** `told` is called when it is here, when it failed, and when it is tried again. */
  constructor(
    private readonly load: () => Promise<unknown>,
    private readonly told: (part: Later) => void,
  ) {}

  /** Load it beforehand: nobody waits for it yet, and nobody is told. */
  readonly soon = (): void => {
    this.load().catch(() => {});
  };

  /** Rejects where it cannot be loaded; the next call tries again. */
  get(): Promise<unknown> {
    this.loading ??= this.load().then(
      () => this.tell(true),
      (error) => {
        this.loading = undefined;
        this.tell(false);
        throw error;
      },
    );
    return this.loading;
  }

  /** What is drawn wants it again and again: after a failure that is no reason to try again. */
  want(): void {
    if (!this.here && !this.failed) this.get().catch(() => {});
  }

  /** Once more, after a failure. */
  readonly again = (): void => {
    if (!this.failed) return;
    this.failed = false;
    this.told(this);
    this.want();
  };

  private tell(here: boolean): void {
    this.here = here;
    this.failed = !here;
    this.told(this);
  }
}
