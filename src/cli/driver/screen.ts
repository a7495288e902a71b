/** The output of a run: two streams, and on a terminal a status line that never mixes with them. */
import type { Clock } from "../../base/clock.ts";
import { TerminalModes } from "../../terminal/terminal_modes.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { Frames } from "./frames.ts";
import type { Piece } from "../../present/run_painter.ts";
import type { Progress } from "../../present/run_progress.ts";

/** Options of a screen. */
export interface ScreenOptions {
  terminal: Terminal;
  clock: Clock;
  /** Show the progress of the run below its output. */
  statusLine: boolean;
  /** The terminal is sometimes in raw mode, in which a line feed doesn't return to the start of the line. */
  interactive: boolean;
}

/** The streams and the status line of one run. */
export class Screen implements Disposable {
  readonly #options: ScreenOptions;
  readonly #modes = new TerminalModes();
  /** Set if there is a status line: output is then written through it. */
  #frames: Frames | undefined;
  /** The stream that was written last. */
  #stream: Piece["stream"] | undefined;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** From here on the status line may be shown. */
  begin(progress: Progress): void {
    const { terminal, clock, statusLine } = this.#options;
    if (!statusLine) return;
    this.#frames = new Frames({ terminal, clock, progress, put: (pieces) => this.#put(pieces) });
  }

  /**
   * Writes pieces in their order. Once a stream is broken nothing more is written: {@link flush} reports
   * the error, when the run has ended its commands in the pods.
   */
  async write(pieces: readonly Piece[]): Promise<void> {
    if (pieces.length === 0) return;
    await this.#unlessBroken(() => this.#frames?.add(pieces) ?? this.#put(pieces));
  }

  async #unlessBroken(write: () => Promise<void>): Promise<void> {
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
      await this.#options.terminal[stream].write(...this.#apart(stream, data));
    }
  }

  /** On one terminal both streams are one text: output to the other stream comes before this. */
  async #turnTo(stream: Piece["stream"]): Promise<void> {
    const before = this.#stream;
    this.#stream = stream;
    if (before !== undefined && before !== stream) await this.#options.terminal[before].flush();
  }

  /**
   * A message about a command that had the terminal is on a line of its own, with the terminal's modes restored:
   * the command may have ended in the middle of a line, or of drawing.
   */
  #apart(stream: Piece["stream"], data: Piece["data"]): Piece["data"] {
    const { interactive, terminal } = this.#options;
    if (!interactive || !terminal.stdout.isTerminal) return data;
    if (stream === "stdout") {
      for (const one of data) if (typeof one !== "string") this.#modes.follow(one);
      return data;
    }
    const before = this.#modes.restoration() + (this.#modes.midLine ? "\r\n" : "");
    this.#modes.clear();
    return before === "" ? data : [before, ...data];
  }

  /**
   * Prints something between the lines of the run, at once. Continuous output scrolls it away:
   * `hint` is shown in the status line for a while, or, if there is none, with the remaining text.
   */
  note(text: string, hint?: string): void {
    const inLine = this.#frames?.notice(hint) ?? false;
    const lines = ["", ...text.split("\n"), ...hint === undefined || inLine ? [] : [hint], ""].join(
      this.#options.interactive ? "\r\n" : "\n",
    );
    this.#sayNow(lines).catch(() => {
      // A broken standard error is noticed when the next event is written.
    });
  }

  async #sayNow(text: string): Promise<void> {
    await this.write([{ stream: "stderr", data: [text] }]);
    await this.#frames?.flush();
    await this.#options.terminal.stderr.flush();
  }

  /** Removes the status line and waits until all output is written. Rejects if it couldn't be. */
  async flush(): Promise<void> {
    const frames = this.#frames;
    this.#frames = undefined;
    if (frames !== undefined) await this.#unlessBroken(() => frames.end());
    const { stdout, stderr } = this.#options.terminal;
    await Promise.all([stdout.flush(), stderr.flush()]);
  }

  [Symbol.dispose](): void {
    this.#frames?.[Symbol.dispose]();
    this.#frames = undefined;
  }

  #isBroken(): boolean {
    const { stdout, stderr } = this.#options.terminal;
    return stdout.broken.aborted || stderr.broken.aborted;
  }
}
