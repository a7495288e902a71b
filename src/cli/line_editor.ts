/** One line that is edited on the terminal, with readline's keys. */
import { editKeys, type EditLine, editLine, edits, insert } from "../terminal/edit_line.ts";
import { KeyDecoder } from "../terminal/keys.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { displayWidth } from "../terminal/width.ts";

/** The line is painted on standard error; the terminal is in raw mode until the end. */
export class LineEditor implements Disposable {
  readonly #terminal: Terminal;
  readonly #prompt: string;
  readonly #raw: Disposable;
  readonly #keys = new KeyDecoder();
  #line: EditLine;

  constructor(terminal: Terminal, { prompt, line }: { prompt: string; line: string }) {
    this.#terminal = terminal;
    this.#prompt = prompt;
    this.#line = editLine(line);
    this.#raw = terminal.stdin.raw();
  }

  /** Returns the end: with the line after Enter, without it after Ctrl-C. Undefined before. */
  async type(chunk: Uint8Array): Promise<{ line?: string } | undefined> {
    for (const input of this.#keys.feed(chunk)) {
      if (input.kind === "text" || input.kind === "paste") {
        this.#line = insert(input.text)(this.#line);
      } else if (input.kind === "key") {
        if (input.key === "enter") return await this.#end({ line: this.#line.text });
        if (input.key === "ctrl-c") return await this.#end({});
        const arrow = { left: "ctrl-b", right: "ctrl-f" }[input.key] ?? input.key;
        const name = editKeys[arrow];
        if (name !== undefined) this.#line = edits[name](this.#line);
      }
    }
    await this.paint();
    return undefined;
  }

  /** Writes the line over itself: of a long one, the part around the caret. */
  async paint(): Promise<void> {
    const { text, caret } = this.#line;
    const columns = (this.#terminal.size()?.columns ?? 80) - displayWidth(this.#prompt) - 1;
    let from = 0;
    while (displayWidth(text.slice(from, caret)) > columns) from++;
    let to = text.length;
    while (displayWidth(text.slice(from, to)) > columns) to--;
    const right = displayWidth(text.slice(caret, to));
    const back = right === 0 ? "" : `\x1b[${right}D`;
    await this.#write(`\r\x1b[K${this.#prompt}${text.slice(from, to)}${back}`);
  }

  async #end(end: { line?: string }): Promise<{ line?: string }> {
    await this.#write("\n");
    return end;
  }

  async #write(text: string): Promise<void> {
    await this.#terminal.stderr.write(text);
    await this.#terminal.stderr.flush();
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}
