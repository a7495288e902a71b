/**
 * Paints grids on a terminal, writing only the rows that changed. Either the whole screen (the alternate screen, which
 * leaves no trace), or N rows from the cursor on, which move down with earlier output: the remaining screen is
 * unchanged.
 */
import { type Grid, type Line, lineWidth, type Tone } from "./grid.ts";

/** Options of a painter. */
export interface GridPainterOptions {
  /** `screen`: the alternate screen. `inline`: below the last line of output. */
  area: "screen" | "inline";
  color: boolean;
  /** Parameters of SGR for tones, instead of the painter's own; only with colours. */
  tones?: Readonly<Partial<Record<Tone, string>>>;
  /** Requests reports of clicks and wheel turns from the terminal. */
  mouse: boolean;
}

/** Autowrap off while painting: a width that terminal and program count differently breaks a single row, not all. */
const wrapOff = "\x1b[?7l";
const wrapOn = "\x1b[?7h";
const cursorOff = "\x1b[?25l";
const cursorOn = "\x1b[?25h";
/** Buttons and wheel, in the SGR form. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Mouse-Tracking */
const mouseOn = "\x1b[?1000h\x1b[?1006h";
const mouseOff = "\x1b[?1006l\x1b[?1000l";
/** Synchronized output, if the terminal supports it: no half-drawn frame is visible. */
const syncOn = "\x1b[?2026h";
const syncOff = "\x1b[?2026l";
const reset = "\x1b[0m";

/** A tone with a background has the colour of its text too: the terminal's own may be any, dark or light. */
const colored: Readonly<Record<Tone, string>> = {
  plain: "",
  dim: "\x1b[2m",
  strong: "\x1b[1m",
  good: "\x1b[32m",
  warn: "\x1b[33m",
  bad: "\x1b[31m",
  match: "\x1b[1;32m",
  current: "\x1b[1;38;5;231;48;5;238m",
  currentMatch: "\x1b[1;38;5;120;48;5;238m",
  sign: "\x1b[35m",
  changed: "\x1b[1;38;5;231;48;5;58m",
  caret: "\x1b[7m",
};

/** Weights alone, for NO_COLOR. */
const plain: Readonly<Record<Tone, string>> = {
  ...colored,
  good: "",
  warn: "",
  bad: "\x1b[1m",
  match: "\x1b[4m",
  current: "\x1b[1m",
  currentMatch: "\x1b[1;4m",
  changed: "\x1b[7m",
  sign: "\x1b[1m",
};

/** Stores the last grid on a terminal, and returns the text that changes it to the next. */
export class GridPainter {
  readonly #tones: Readonly<Record<Tone, string>>;
  /** Rows as written, and their widths. */
  #rows: { text: string; width: number }[] = [];
  /** The row at whose start the terminal's cursor is. */
  #at = 0;

  constructor(private readonly options: GridPainterOptions) {
    this.#tones = options.color ? { ...colored, ...sequences(options.tones) } : plain;
  }

  /** Returns the sequences that take over the terminal. */
  start(): string {
    const screen = this.options.area === "screen" ? "\x1b[?1049h\x1b[H\x1b[2J" : "\r";
    return screen + this.modes();
  }

  /** Returns the modes that {@link start} switches on, for when other output has switched them off. */
  modes(): string {
    return cursorOff + (this.options.mouse ? mouseOn : "");
  }

  /** Returns the sequences that restore the terminal: rows cleared, modes off. May be written at any moment. */
  end(): string {
    const { area, mouse } = this.options;
    const cleared = area === "screen" ? "" : `${this.#move(0)}\x1b[J`;
    this.#rows = [];
    this.#at = 0;
    return `${cleared}${reset}${wrapOn}${mouse ? mouseOff : ""}${cursorOn}` +
      (area === "screen" ? "\x1b[?1049l" : "");
  }

  /** Returns the change from the last grid to this grid. Empty if nothing changed. */
  paint(grid: Grid): string {
    const texts = grid.lines.map((line) => this.#encode(line));
    let out = this.#grow(texts.length);
    for (const [index, text] of texts.entries()) {
      if (this.#rows[index]?.text === text) continue;
      // Cleared before and not after: there the cursor is on the last cell of a full row, which would be erased.
      out += `${this.#move(index)}\x1b[K${text}`;
      this.#rows[index] = { text, width: lineWidth(grid.lines[index] ?? []) };
      // The row's end may be the screen's edge: the next move starts from the row's start.
      out += "\r";
    }
    return out === "" ? "" : syncOn + wrapOff + out + wrapOn + syncOff;
  }

  /**
   * Queries the screen row on which the grid starts: clicks are reported by rows of the screen. The
   * answer comes as a `position` among the keys.
   */
  askPosition(): string {
    return `${this.#move(0)}\x1b[6n`;
  }

  /**
   * The window has another width: the terminal may have wrapped the painted rows again. Everything is
   * cleared, and painted again by the next {@link paint}.
   */
  resized(columns: number): string {
    const { area } = this.options;
    if (area === "screen") {
      this.#rows = [];
      this.#at = 0;
      return "\x1b[H\x1b[2J";
    }
    // Rows above the cursor that no longer fit take several.
    const above = this.#rows.slice(0, this.#at)
      .reduce((sum, { width }) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0);
    this.#rows = [];
    this.#at = 0;
    return `\r${up(above)}\x1b[J`;
  }

  /** Reserves N rows; rows that are no longer there are cleared. */
  #grow(count: number): string {
    let out = "";
    if (this.#rows.length > count) {
      out += `${this.#move(count)}\x1b[J`;
      this.#rows.length = count;
    }
    if (this.#rows.length < count) {
      const last = Math.max(0, this.#rows.length - 1);
      // Line feeds at the bottom of the screen scroll; elsewhere they only move down.
      const feeds = count - 1 - last;
      out += this.#move(last) + "\n".repeat(feeds);
      this.#at = last + feeds;
      while (this.#rows.length < count) this.#rows.push({ text: "", width: 0 });
    }
    return out;
  }

  #move(row: number): string {
    const distance = row - this.#at;
    this.#at = row;
    return distance < 0 ? `\r${up(-distance)}` : distance > 0 ? `\r\x1b[${distance}B` : "\r";
  }

  #encode(line: Line): string {
    let out = "";
    for (const { text, tone, sgr } of line) {
      const paint = sgr !== undefined && this.options.color && /^[\d;:]+$/.test(sgr)
        ? `\x1b[${sgr}m`
        : this.#tones[tone];
      out += paint === "" ? text : `${paint}${text}${reset}`;
    }
    return out;
  }
}

function sequences(tones: GridPainterOptions["tones"] = {}): Partial<Record<Tone, string>> {
  return Object.fromEntries(Object.entries(tones).map(([tone, sgr]) => [tone, `\x1b[${sgr}m`]));
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}
