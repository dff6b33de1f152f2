/** What happens when a reader points at a mark, at a cited span or at a source in the list. */
import type { Source } from "../reading/sources";

export interface SourceShown {
  source: Source;
  /** The number's button. */
  mark: HTMLElement;
  how: "hover" | "focus" | "click";
}

/** Lights up cited spans of `host`, and tells which source is asked for: "carrel-source", "carrel-source-leave". */
export class Marks {
  constructor(
    private readonly host: HTMLElement,
    private readonly sourceOf: (citation: number, number: number) => Source | undefined,
  ) {}

  readonly over = (event: Event) => {
    const mark = markOf(event);
    const span = (event.target as Element).closest<HTMLElement>(".cited");
    if (mark) this.ask(mark, "hover");
    // Of spans in each other the one that began last is meant.
    else if (span) this.light([span.dataset.citations?.split(" ").at(-1) ?? ""]);
  };

  readonly focused = (event: Event) => {
    const mark = markOf(event);
    if (mark?.matches(":focus-visible")) this.ask(mark, "focus");
  };

  readonly clicked = (event: Event) => {
    const mark = markOf(event);
    if (mark) this.ask(mark, "click");
  };

  readonly overSource = (event: Event) => {
    const number = (event.target as Element).closest<HTMLElement>("[data-number]")?.dataset.number;
    const marks = [...this.root.querySelectorAll<HTMLElement>(`sup.mark button[data-number="${number}"]`)];
    this.light(marks.map((mark) => mark.dataset.citation ?? ""));
  };

  readonly out = (event: Event) => {
    this.light([]);
    if (markOf(event)) this.tell("carrel-source-leave");
  };

  private get root(): ParentNode {
    return this.host.shadowRoot as ParentNode;
  }

  private ask(mark: HTMLElement, how: SourceShown["how"]): void {
    const { citation, number } = mark.dataset;
    const source = this.sourceOf(Number(citation), Number(number));
    this.light([citation ?? ""]);
    if (source) this.tell("carrel-source", { source, mark, how });
  }

  private light(citations: readonly string[]): void {
    for (const span of this.root.querySelectorAll<HTMLElement>(".cited")) {
      const own = span.dataset.citations?.split(" ") ?? [];
      span.classList.toggle(
        "lit",
        citations.some((citation) => own.includes(citation)),
      );
    }
  }

  private tell(type: string, detail?: SourceShown): void {
    this.host.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

function markOf(event: Event): HTMLElement | null {
  return (event.target as Element).closest<HTMLElement>("sup.mark button");
}
