/** The part of a terminal that painted grids need: a screen of cells that sequences write to. */
import { displayWidth } from "../width.ts";

/** Private modes that are initially on: wrapping and the cursor. */
const onAtFirst = ["7", "25"];

/** Handles a program's output. Throws for an unknown sequence. */
export class TinyTerminal {
  readonly modes = new Set(onAtFirst);
  #cells: string[][];
  #saved: string[][] | undefined;
  #row = 0;
  #column = 0;

  constructor(readonly columns: number, readonly rows: number) {
    this.#cells = this.#blank();
  }

  /** Returns the screen, without blanks at the ends of its lines. */
  get lines(): string[] {
    return this.#cells.map((cells) => cells.join("").trimEnd());
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  write(text: string): void {
    // deno-lint-ignore no-control-regex -- this matches control sequences
    const parts = text.matchAll(/\x1b\[(\??)([\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]/gu);
    let length = 0;
    for (const [whole, mark, numbers = "", letter] of parts) {
      length += whole.length;
      if (letter !== undefined) this.#sequence(mark + letter, numbers);
      else if (whole === "\r") this.#column = 0;
      else if (whole === "\n") this.#feed();
      else this.#put(whole);
    }
    if (length !== text.length) throw new Error(`an unknown sequence in ${JSON.stringify(text)}`);
  }

  #sequence(kind: string, numbers: string): void {
    const count = Number(numbers || "1");
    switch (kind) {
      case "A":
        return void (this.#row = Math.max(0, this.#row - count));
      case "B":
        return void (this.#row = Math.min(this.rows - 1, this.#row + count));
      case "H":
        return void (this.#row = this.#column = 0);
      case "J":
        if (numbers === "2") return void (this.#cells = this.#blank());
        this.#clear(this.#row);
        return this.#cells.forEach((_, row) => {
          if (row > this.#row) this.#cells[row] = [];
        });
      case "K":
        return this.#clear(this.#row);
      case "m":
      case "n":
        return;
      case "?h":
      case "?l":
        return this.#mode(numbers, kind === "?h");
      default:
        throw new Error(`an unknown sequence: ${kind}`);
    }
  }

  #mode(mode: string, on: boolean): void {
    if (mode === "1049") {
      if (on) this.#saved = this.#cells;
      this.#cells = on ? this.#blank() : this.#saved ?? this.#cells;
    }
    if (on) this.modes.add(mode);
    else this.modes.delete(mode);
  }

  #put(character: string): void {
    const width = displayWidth(character);
    const cells = this.#cells[this.#row] as string[];
    // A mark combines with the character before it.
    if (width === 0) return void (cells[this.#column - 1] += character);
    if (this.#column + width > this.columns) {
      if (this.modes.has("7")) throw new Error("a row is wider than the screen, and wraps");
      this.#column = this.columns - width;
    }
    while (cells.length < this.#column) cells.push(" ");
    cells[this.#column] = character;
    if (width === 2) cells[this.#column + 1] = "";
    this.#column += width;
  }

  #feed(): void {
    if (this.#row < this.rows - 1) return void this.#row++;
    this.#cells.push([]);
    this.#cells.shift();
  }

  /** From the cursor on. After a full row it is on the last cell, which is erased too. */
  #clear(row: number): void {
    const from = Math.min(this.#column, this.columns - 1);
    (this.#cells[row] as string[]).length = Math.min(from, (this.#cells[row] as string[]).length);
  }

  #blank(): string[][] {
    return Array.from({ length: this.rows }, () => []);
  }
}
