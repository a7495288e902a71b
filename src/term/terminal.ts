/** The three standard streams, and the terminal behind them where there is one. */
import type { Sink } from "./sink.ts";

/** Columns and rows. */
export interface Size {
  columns: number;
  rows: number;
}

/** Standard input. */
export interface InputStream {
  readonly isTerminal: boolean;
  /** Chunks as they come; ends with the stream or the signal. It can be read once. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Keys one by one and unechoed until it is disposed of, which never throws: a terminal that was closed has nothing
   * to be given back. Throws where it isn't a terminal.
   */
  raw(): Disposable;
}

/** Standard output or standard error. */
export interface OutputStream extends Sink {
  readonly isTerminal: boolean;
}

/** What a face shows itself on. */
export interface Terminal {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /**
   * Where a person types: standard input, or where that is something else, the terminal that the process was started
   * from. Undefined where there is none. Opened when it is read, for one reader at a time.
   */
  keyboard(): InputStream | undefined;
  /**
   * Writes to standard error, at once, where the process ends before this is disposed of, by an error that nobody
   * caught too: what gives a terminal back as it was. Signals are the caller's.
   */
  atEnd(lastWords: () => string): Disposable;
  /** Undefined without a terminal. */
  size(): Size | undefined;
  /** Each new size until the signal. Silent where the machine doesn't tell. */
  resizes(signal: AbortSignal): AsyncIterable<Size>;
}
