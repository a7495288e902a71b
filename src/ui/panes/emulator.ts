/** A terminal in memory: bytes of a program in, lines of the screen out, by xterm's own code. */
import type { Terminal as XtermTerminal } from "@xterm/headless";
import type { InputModes } from "../../terminal/key_bytes.ts";
import type { Line, Span } from "../../terminal/grid.ts";
import type { Size } from "../../terminal/terminal.ts";
import { printable } from "../../terminal/printable.ts";

/** Lines that were scrolled off the screen. */
const historyLines = 2000;

/** A terminal. Disposing of it ends its timers. */
export class Emulator implements Disposable {
  private constructor(private readonly terminal: XtermTerminal) {}

  /** Loads xterm, and returns a terminal. `answer` gets its answers to queries of the program. */
  static async create(size: Size, answer: (text: string) => void): Promise<Emulator> {
    const { default: { Terminal } } = await import("@xterm/headless");
    const { columns: cols, rows } = atLeastOne(size);
    const terminal = new Terminal({ cols, rows, allowProposedApi: true, scrollback: historyLines });
    terminal.onData(answer);
    return new Emulator(terminal);
  }

  /** Resolves when the bytes are on the screen. */
  async write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.terminal.write(bytes, resolve);
    await promise;
  }

  resize(size: Size): void {
    const { columns, rows } = atLeastOne(size);
    this.terminal.resize(columns, rows);
  }

  /** Shows earlier lines; a negative number is upwards. */
  scroll(lines: number): void {
    this.terminal.scrollLines(lines);
  }

  /** Shows the program's latest output. */
  scrollToEnd(): void {
    this.terminal.scrollToBottom();
  }

  get modes(): InputModes {
    const { applicationCursorKeysMode, bracketedPasteMode } = this.terminal.modes;
    return { applicationCursorKeys: applicationCursorKeysMode, bracketedPaste: bracketedPasteMode };
  }

  /** Returns the screen, with the cursor as a span of its own if it is to be shown. */
  lines({ columns, rows }: Size, showsCursor: boolean): Line[] {
    const { active } = this.terminal.buffer;
    const cursorRow = active.baseY + active.cursorY - active.viewportY;
    return Array.from({ length: Math.min(rows, this.terminal.rows) }, (_, row) => {
      const cursor = showsCursor && row === cursorRow ? active.cursorX : undefined;
      return this.#line(active.viewportY + row, columns, cursor);
    });
  }

  #line(row: number, columns: number, cursor: number | undefined): Line {
    const line = this.terminal.buffer.active.getLine(row);
    if (line === undefined) return [];
    const spans: Span[] = [];
    for (let column = 0; column < Math.min(columns, line.length); column++) {
      const cell = line.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      if (column + cell.getWidth() > columns) break;
      const text = cell.isInvisible() ? " " : printable(cell.getChars()) || " ";
      const isCursor = column === cursor;
      const sgr = sgrOf(cell);
      const last = spans.at(-1);
      if (!isCursor && last?.tone === "plain" && (last.sgr ?? "") === sgr) last.text += text;
      else if (isCursor) spans.push({ text, tone: "caret" });
      else spans.push({ text, tone: "plain", ...(sgr === "" ? {} : { sgr }) });
    }
    const end = spans.at(-1);
    if (end?.tone === "plain" && end.sgr === undefined) end.text = end.text.trimEnd();
    return spans.filter(({ text }) => text !== "");
  }

  [Symbol.dispose](): void {
    this.terminal.dispose();
  }
}

/** xterm refuses a screen without columns or rows. */
function atLeastOne({ columns, rows }: Size): Size {
  return { columns: Math.max(2, columns), rows: Math.max(1, rows) };
}

type Cell = NonNullable<
  ReturnType<NonNullable<ReturnType<XtermTerminal["buffer"]["active"]["getLine"]>>["getCell"]>
>;

/** Returns the parameters of SGR that a cell needs; an empty text for none. */
function sgrOf(cell: Cell): string {
  if (cell.isAttributeDefault()) return "";
  const weights = [
    [cell.isBold(), 1],
    [cell.isDim(), 2],
    [cell.isItalic(), 3],
    [cell.isUnderline(), 4],
    [cell.isInverse(), 7],
    [cell.isStrikethrough(), 9],
  ].flatMap(([isSet, code]) => isSet === 0 ? [] : [code]);
  const color = (of: 38 | 48, isRgb: boolean, isPalette: boolean, value: number): number[] => {
    if (isRgb) return [of, 2, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
    return isPalette ? [of, 5, value] : [];
  };
  return [
    ...weights,
    ...color(38, cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor()),
    ...color(48, cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor()),
  ].join(";");
}
