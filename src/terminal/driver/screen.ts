/** The output of a driven event stream: two streams, and on a terminal a status line that never mixes with them. */
import type { Clock } from "../../base/clock.ts";
import type { Piece, Terminal } from "../terminal.ts";
import { type KeyHint, StatusFrames } from "./status_line.ts";

interface ScreenOptions {
  terminal: Terminal;
  clock: Clock;
  /** A program in a pod has the terminal for a while: standard output is its output. */
  interactive: boolean;
}

/** The streams, the status line and the mode of a terminal. */
export class Screen implements Disposable {
  readonly #modes = new TerminalModes();
  readonly #atEnd: Disposable | undefined;
  #raw: Disposable | undefined;
  /** Set from {@link start} on. */
  #status: { text: (elapsedMs: number, rows: number) => string; startedMs: number } | undefined;
  /** Set if the status line may be shown: output is then written through it. */
  #frames: StatusFrames | undefined;
  /** The stream that was written last. */
  #stream: Piece["stream"] | undefined;

  constructor(private readonly options: ScreenOptions) {
    const { terminal, interactive } = options;
    this.#atEnd = interactive ? terminal.atEnd(() => this.#modes.restoration()) : undefined;
  }

  /** From here on a status line may be shown. */
  start(text: (elapsedMs: number, rows: number) => string): void {
    this.#status = { text, startedMs: this.options.clock.elapsedMs() };
    this.#frames = this.#framesOf(this.#status);
  }

  #framesOf(
    status: { text: (elapsedMs: number, rows: number) => string; startedMs: number },
  ): StatusFrames {
    const { terminal, clock } = this.options;
    return new StatusFrames({ ...status, terminal, clock, put: (pieces) => this.#put(pieces) });
  }

  /**
   * Writes pieces in their order. Once a stream is broken nothing more is written: {@link end} reports the error, when
   * the work has ended.
   */
  async write(pieces: readonly Piece[]): Promise<void> {
    const { progress } = this.options.terminal;
    const shown = progress === "none" ? pieces.filter((piece) => !piece.isProgress) : pieces;
    if (shown.length === 0) return;
    await this.#unlessBroken(() => this.#frames?.add(shown) ?? this.#put(shown));
  }

  async #unlessBroken(write: () => Promise<unknown>): Promise<void> {
    if (this.#isBroken()) return;
    try {
      await write();
    } catch (error) {
      if (!this.#isBroken()) throw error;
    }
  }

  async #put(pieces: readonly Piece[]): Promise<void> {
    for (const { stream, data } of pieces) {
      await this.#turnTo(stream);
      await this.options.terminal[stream].write(...this.#apart(stream, data));
    }
  }

  /** On the same terminal both streams are a single text: output to the other stream comes before this. */
  async #turnTo(stream: Piece["stream"]): Promise<void> {
    const before = this.#stream;
    this.#stream = stream;
    if (before !== undefined && before !== stream) await this.options.terminal[before].flush();
  }

  /**
   * A message about a program that had the terminal is on a line of its own, with the terminal's modes restored: the
   * program may have ended in the middle of a line, or of drawing.
   */
  #apart(stream: Piece["stream"], data: Piece["data"]): Piece["data"] {
    const { interactive, terminal: { stdout } } = this.options;
    if (!interactive) return data;
    if (stream === "stdout") {
      for (const one of data) if (typeof one !== "string") this.#modes.follow(one);
      return data;
    }
    const apart = this.#modes.midLine && stdout.isTerminal ? this.#lineFeed : "";
    const before = this.#restoration() + apart;
    this.#modes.clear();
    return before === "" ? data : [before, ...data];
  }

  /** In raw mode a line feed doesn't return to the start of the line. */
  get #lineFeed(): string {
    return this.#raw === undefined ? "\n" : "\r\n";
  }

  /** Puts the terminal in raw mode until {@link cooked}, if it is a terminal. */
  raw(): void {
    const { stdin } = this.options.terminal;
    if (stdin.isTerminal) this.#raw ??= stdin.raw();
  }

  /** Ends raw mode after all output, and resets the modes that a program has left. */
  async cooked(): Promise<void> {
    const { stdout, stderr } = this.options.terminal;
    await this.#unlessBroken(() => Promise.all([stdout.flush(), stderr.flush()]));
    this.#endRaw();
    await this.#unlessBroken(() => this.#restoreModes());
  }

  async #restoreModes(): Promise<void> {
    const restoration = this.#restoration();
    this.#modes.reset();
    if (restoration === "") return;
    await this.#turnTo("stderr");
    await this.options.terminal.stderr.write(restoration);
  }

  #restoration(): string {
    const { stdout, stderr } = this.options.terminal;
    return stdout.isTerminal || stderr.isTerminal ? this.#modes.restoration() : "";
  }

  #endRaw(): void {
    this.#raw?.[Symbol.dispose]();
    this.#raw = undefined;
  }

  /** Does something that writes by itself, as asking a question: after all output, and without the status line. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    await this.#endFrames();
    await this.#flush();
    try {
      return await work();
    } finally {
      if (this.#status !== undefined) this.#frames = this.#framesOf(this.#status);
    }
  }

  /**
   * Prints something between the lines of output, at once. Continuous output scrolls it away: the hint is shown in the
   * status line for a while, or, if there is none, with the text.
   */
  note(text: string, hint?: KeyHint): void {
    const inLine = this.#frames?.notice(hint) ?? false;
    const lines = ["", ...text.split("\n"), ...hint === undefined || inLine ? [] : [hint.text], ""];
    this.#writeNow(lines.join(this.#lineFeed)).catch(() => {
      // A broken standard error is noticed when the next event is written.
    });
  }

  async #writeNow(text: string): Promise<void> {
    await this.write([{ stream: "stderr", data: [text] }]);
    await this.#frames?.flush();
    await this.options.terminal.stderr.flush();
  }

  /** Removes the status line, ends raw mode, and waits until all is written. Rejects if it couldn't be. */
  async end({ ignoreBroken }: { ignoreBroken: boolean } = { ignoreBroken: false }): Promise<void> {
    this.#status = undefined;
    await this.#endFrames();
    await this.cooked();
    if (ignoreBroken) await this.#unlessBroken(() => this.#flush());
    else await this.#flush();
  }

  async #endFrames(): Promise<void> {
    const frames = this.#frames;
    this.#frames = undefined;
    if (frames !== undefined) await this.#unlessBroken(() => frames.end());
  }

  async #flush(): Promise<void> {
    const { stdout, stderr } = this.options.terminal;
    await Promise.all([stdout.flush(), stderr.flush()]);
  }

  [Symbol.dispose](): void {
    this.#frames?.[Symbol.dispose]();
    this.#frames = undefined;
    this.#endRaw();
    this.#unlessBroken(() => this.#restoreModes()).catch(() => {
      // The work failed otherwise, and that is reported.
    });
    this.#atEnd?.[Symbol.dispose]();
  }

  #isBroken(): boolean {
    const { stdout, stderr } = this.options.terminal;
    return stdout.broken.aborted || stderr.broken.aborted;
  }
}

/*
 * The modes that a program has switched on in a terminal, read from its own output: so that the terminal can be
 * restored if the program can't do it itself, because its connection was lost.
 *
 * Private modes of xterm: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

/** Modes that a shell's prompt expects to be off. They are off unless a program switches them on. */
const offAtFirst = new Set([
  ...["1", "47", "1047", "1049"],
  ...["9", "1000", "1002", "1003", "1004", "1005", "1006", "1015", "1016"],
  ...["2004", "2026"],
]);

/** The cursor, on unless a program hides it. */
const cursor = "25";

/** Maximum length of a relevant sequence. */
const longestSequence = 64;

/** `CSI ? modes h|l`, at the start of a text. */
// deno-lint-ignore no-control-regex -- this matches control sequences
const modeSequence = /^\x1b\[\?([\d;]{1,40})([hl])/;
/** Possibly the start of a sequence. */
// deno-lint-ignore no-control-regex -- as above
const openSequence = /^\x1b(?:$|\[(?:$|\?[\d;]*$))/;

/** Follows the output of programs. */
export class TerminalModes {
  readonly #on = new Set<string>();
  #cursorHidden = false;
  /** The end of the last chunk, if it may be an incomplete sequence. */
  #open = "";
  #midLine = false;

  /** Takes the next bytes; sequences are ASCII, so all other bytes don't matter. */
  follow(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#midLine = bytes.at(-1) !== 0x0a;
    const text = this.#open + latin1(bytes);
    this.#open = "";
    for (let at = text.indexOf("\x1b"); at >= 0; at = text.indexOf("\x1b", at + 1)) {
      const tail = text.slice(at, at + longestSequence);
      const [, modes, letter] = modeSequence.exec(tail) ?? [];
      if (modes !== undefined) {
        const on = letter === "h";
        for (const mode of modes.split(";")) {
          if (mode === cursor) this.#cursorHidden = !on;
          else if (!offAtFirst.has(mode)) continue;
          else if (on) this.#on.add(mode);
          else this.#on.delete(mode);
        }
      } else if (openSequence.test(tail)) this.#open = tail;
    }
  }

  /** Returns whether the last line is incomplete, so that later output would be appended to it. */
  get midLine(): boolean {
    return this.#midLine;
  }

  /** Returns the sequences that reset all of it; empty if there is nothing to reset. */
  restoration(): string {
    const modes = [...this.#on].map((mode) => `\x1b[?${mode}l`);
    const shown = this.#cursorHidden ? [`\x1b[?${cursor}h`] : [];
    const changed = [...modes, ...shown];
    // A program that was drawing leaves its colours on too.
    return changed.length === 0 ? "" : `${changed.join("")}\x1b[0m`;
  }

  /** Forgets the modes and the incomplete line: another writer has reset them. */
  clear(): void {
    this.#midLine = false;
    this.reset();
  }

  /** Forgets the modes: another writer has reset them, and a line may still be incomplete. */
  reset(): void {
    this.#on.clear();
    this.#cursorHidden = false;
    this.#open = "";
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a call accepts a limited number of arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
