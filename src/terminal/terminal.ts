/** The three standard streams, and their terminal if there is a terminal. */
import type { Sink, SinkData } from "./sink.ts";

/** Columns and rows. */
export interface Size {
  columns: number;
  rows: number;
}

/** Standard input. */
export interface InputStream {
  readonly isTerminal: boolean;
  /** Chunks as they come; ends with the stream or the signal. Can be read once. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Raw mode without echo until it is disposed of, which never throws: a closed terminal has nothing
   * to restore. Throws if it isn't a terminal.
   */
  raw(): Disposable;
}

/** Standard output or standard error. */
export interface OutputStream extends Sink {
  readonly isTerminal: boolean;
  /** As `write`, for data that a later drawing erases: a status line isn't output. */
  draw(...data: SinkData[]): Promise<void>;
}

/** An item to write to a stream. */
export interface Piece {
  stream: "stdout" | "stderr";
  /** Only time makes it appear: it isn't written if the terminal's `progress` is `none`. */
  isProgress?: true;
  /** In order. */
  data: readonly SinkData[];
}

/** The terminal of a front end. */
export interface Terminal {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** `none`: no status line, and elsewhere no line now and then: `KODAMA_PROGRESS`. */
  readonly progress: "auto" | "none";
  /**
   * The keyboard: standard input, or if that is something else, the terminal that the process was started from.
   * Undefined if there is none. Opened when it is read, for one reader at a time.
   */
  keyboard(): InputStream | undefined;
  /**
   * Writes to standard error, at once, if the process ends before this is disposed of, by an uncaught error
   * too: the sequences that restore the terminal. Signals are the caller's.
   */
  atEnd(finalOutput: () => string): Disposable;
  /** Undefined without a terminal. */
  size(): Size | undefined;
  /**
   * Returns the current size (80x24 if it is unknown), unless that is `known`, and then each new size until the signal,
   * for each reader. If the system doesn't report changes, there are none.
   */
  sizes(signal: AbortSignal, known?: Size): AsyncIterable<Size>;
}
