/** One line that is edited on the terminal, with readline's keys. */
import type { Clock } from "../base/clock.ts";
import {
  editKeys,
  type EditLine,
  editLine,
  edits,
  insert,
  refusedPaste,
} from "../terminal/edit_line.ts";
import { KeyReader, rawKeys } from "../terminal/key_reader.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { displayWidth } from "../terminal/width.ts";

/** The line is painted on standard error; the terminal is in raw mode until the end. */
export class LineEditor implements Disposable {
  readonly #prompt: string;
  readonly #modes = new DisposableStack();
  readonly #keys: KeyReader;
  #line: EditLine;
  #end: { line?: string } | undefined;
  /** Why the last paste wasn't inserted. */
  #refusal: string | undefined;

  constructor(
    private readonly terminal: Terminal,
    { prompt, line, clock }: { prompt: string; line: string; clock: Clock },
  ) {
    this.#prompt = prompt;
    this.#line = editLine(line);
    this.#modes.use(rawKeys(terminal, terminal.stdin));
    this.#keys = this.#modes.use(
      new KeyReader(clock, (inputs) => {
        for (const input of inputs) this.#take(input);
      }),
    );
  }

  /** Returns the end: with the line after Enter, without it after Ctrl-C. Undefined before. */
  async type(chunk: Uint8Array): Promise<{ line?: string } | undefined> {
    this.#keys.feed(chunk);
    if (this.#refusal !== undefined) await this.#write(`\r\x1b[K${this.#refusal}\r\n`);
    this.#refusal = undefined;
    if (this.#end === undefined) await this.paint();
    else await this.#write("\r\n");
    return this.#end;
  }

  #take(input: TerminalInput): void {
    if (this.#end !== undefined) return;
    if (input.kind === "key") {
      if (input.key === "enter") this.#end = { line: this.#line.text };
      if (input.key === "ctrl-c") this.#end = {};
      const arrow = { left: "ctrl-b", right: "ctrl-f" }[input.key] ?? input.key;
      const name = editKeys[arrow];
      if (name !== undefined) this.#line = edits[name](this.#line);
      return;
    }
    this.#refusal = refusedPaste(this.#line, input);
    if (this.#refusal === undefined && (input.kind === "text" || input.kind === "paste")) {
      this.#line = insert(input.text)(this.#line);
    }
  }

  /** Writes the line over itself: of a long one, the part around the caret. */
  async paint(): Promise<void> {
    const { text, caret } = this.#line;
    const columns = (this.terminal.size()?.columns ?? 80) - displayWidth(this.#prompt) - 1;
    let from = 0;
    while (displayWidth(text.slice(from, caret)) > columns) from++;
    let to = text.length;
    while (displayWidth(text.slice(from, to)) > columns) to--;
    const right = displayWidth(text.slice(caret, to));
    const back = right === 0 ? "" : `\x1b[${right}D`;
    await this.#write(`\r\x1b[K${this.#prompt}${text.slice(from, to)}${back}`);
  }

  async #write(text: string): Promise<void> {
    await this.terminal.stderr.write(text);
    await this.terminal.stderr.flush();
  }

  [Symbol.dispose](): void {
    this.#modes.dispose();
  }
}
