/** Lines that arrive in bursts, of which only those on the screen are drawn. Pure. */

/** At most `limit` lines, the newest: older ones are dropped in steps of a tenth. */
export class LineStore<Line> {
  #lines: Line[] = [];
  /** The lines that the filter shows; undefined if it shows all. */
  #shown: Line[] | undefined;
  #filter: ((line: Line) => boolean) | undefined;
  #dropped = 0;

  constructor(readonly limit: number) {}

  /** Lines that are no longer stored. */
  get dropped(): number {
    return this.#dropped;
  }

  /** All stored lines. */
  get count(): number {
    return this.#lines.length;
  }

  /** Those that the filter shows, the oldest first. */
  get shown(): readonly Line[] {
    return this.#shown ?? this.#lines;
  }

  /** Adds lines. Returns how many of the shown ones were dropped. */
  add(lines: readonly Line[]): number {
    for (const line of lines) this.#lines.push(line);
    if (this.#shown !== undefined && this.#filter !== undefined) {
      for (const line of lines) if (this.#filter(line)) this.#shown.push(line);
    }
    if (this.#lines.length <= this.limit) return 0;
    const excess = this.#lines.length - Math.floor(this.limit * 0.9);
    const before = this.shown.length;
    this.#lines = this.#lines.slice(excess);
    this.#dropped += excess;
    this.filter(this.#filter);
    return before - this.shown.length;
  }

  /** Shows only the lines of a filter; all if it is undefined. */
  filter(filter: ((line: Line) => boolean) | undefined): void {
    this.#filter = filter;
    this.#shown = filter && this.#lines.filter(filter);
  }
}

/** The part of a list that is drawn. */
export interface LineWindow {
  /** The index of the first drawn line, and that after the last. */
  start: number;
  end: number;
}

/** Lines above and below the screen that are drawn too: scrolling doesn't show gaps. */
const overscan = 20;

/** Returns the lines to draw for a position of the scroll bar. Sizes in pixels. */
export function windowOf(
  count: number,
  { top, height, rowHeight }: { top: number; height: number; rowHeight: number },
): LineWindow {
  const first = Math.floor(top / rowHeight) - overscan;
  const last = Math.ceil((top + height) / rowHeight) + overscan;
  const start = Math.max(0, Math.min(first, count - 1));
  return { start, end: Math.max(start, Math.min(count, last)) };
}
