/** The terminal of this process. */
import { escapeControls } from "../base/plain_text.ts";
import { PumpedSink, type SinkData } from "./sink.ts";
import type { InputStream, OutputStream, Size, Terminal } from "./terminal.ts";
import { onAbort, orAborted } from "../base/abort.ts";

/** Standard input, output and error of the process. Nothing is opened or queried until it is used. */
export function processTerminal(): Terminal {
  const stdin = new ProcessInput();
  const out = new PumpedSink(Deno.stdout, "standard output");
  const err = new PumpedSink(Deno.stderr, "standard error");
  return {
    stdin,
    stdout: outputOf(out, { stream: Deno.stdout, other: { sink: err, stream: Deno.stderr } }),
    stderr: outputOf(err, { stream: Deno.stderr, other: { sink: out, stream: Deno.stdout } }),
    get progress() {
      return Deno.env.get("KODAMA_PROGRESS") === "none" ? "none" : "auto";
    },
    keyboard: () => stdin.isTerminal ? stdin : processKeyboard(),
    atEnd,
    size,
    sizes: (signal, known) => ({ [Symbol.asyncIterator]: () => sizes(signal, known) }),
  };
}

/** Ways in which a process ends without unwinding: `Deno.exit`, and uncaught errors. */
const ends = ["unload", "error", "unhandledrejection"];

function atEnd(finalOutput: () => string): Disposable {
  const onEnd = () => {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(finalOutput()));
    } catch {
      // The terminal is closed.
    }
  };
  for (const end of ends) addEventListener(end, onEnd);
  return {
    [Symbol.dispose]: () => {
      for (const end of ends) removeEventListener(end, onEnd);
    },
  };
}

type ProcessStream = Pick<typeof Deno.stdout, "isTerminal">;

/** A stream of the process. If both are terminals, output to a stream comes after earlier output to the other. */
function outputOf(
  sink: PumpedSink,
  { stream, other }: {
    stream: ProcessStream;
    other: { sink: PumpedSink; stream: ProcessStream };
  },
): OutputStream {
  let isTerminal: boolean | undefined;
  let sharesTerminal: boolean | undefined;
  const write = (...data: SinkData[]) => {
    isTerminal ??= stream.isTerminal();
    if (!isTerminal) return sink.write(...data);
    sharesTerminal ??= other.stream.isTerminal();
    const tamed = data.map(terminalData);
    return sharesTerminal ? sink.writeAfter(other.sink, ...tamed) : sink.write(...tamed);
  };
  return {
    get isTerminal() {
      return stream.isTerminal();
    },
    get broken() {
      return sink.broken;
    },
    write,
    draw: write,
    flush: () => sink.flush(),
  };
}

/**
 * Prepares output for a terminal: in text, JSON and YAML included, no character that a painter missed
 * changes the text direction. Bytes are a program's own output, which an interactive command needs unchanged.
 */
export function terminalData(data: SinkData): SinkData {
  return typeof data === "string" ? escapeControls(data) : data;
}

function size(): Size | undefined {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : undefined;
  } catch {
    // None of the streams is a terminal.
    return undefined;
  }
}

async function* sizes(signal: AbortSignal, known: Size | undefined): AsyncGenerator<Size> {
  const reportsChanges = Deno.build.os !== "windows";
  let wake = () => {};
  const onChange = () => wake();
  // Before the size is read: a change in between would be lost.
  if (reportsChanges) Deno.addSignalListener("SIGWINCH", onChange);
  signal.addEventListener("abort", onChange, { once: true });
  try {
    let last = known;
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => wake = resolve);
      const now = size() ?? last ?? { columns: 80, rows: 24 };
      if (now.columns !== last?.columns || now.rows !== last.rows) {
        last = now;
        yield now;
      } else if (reportsChanges) await changed;
      else return;
    }
  } finally {
    if (reportsChanges) Deno.removeSignalListener("SIGWINCH", onChange);
    signal.removeEventListener("abort", onChange);
  }
}

/** Bytes read from standard input at once. */
const inputChunkBytes = 64 * 1024;

/** Reads of a stream, for one reader after another. */
export class KeptReads {
  #pending: Promise<Uint8Array | undefined> | undefined;

  constructor(private readonly read: (buffer: Uint8Array) => Promise<number | null>) {}

  /** A read of a terminal can't be cancelled: bytes that it gets after the signal are for the next reader. */
  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const aborted = Promise.withResolvers<undefined>();
    using _aborted = onAbort(signal, () => aborted.resolve(undefined));
    while (!signal.aborted) {
      const pending = this.#pending ??= this.#next();
      const chunk = await Promise.race([pending, aborted.promise]);
      if (signal.aborted) return;
      // Another reader has it.
      if (this.#pending !== pending) continue;
      this.#pending = undefined;
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    const buffer = new Uint8Array(inputChunkBytes);
    const length = await this.read(buffer);
    return length === null ? undefined : buffer.subarray(0, length);
  }
}

class ProcessInput implements InputStream {
  readonly #reads = new KeptReads((buffer) => Deno.stdin.read(buffer));

  get isTerminal(): boolean {
    return Deno.stdin.isTerminal();
  }

  chunks(signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#reads.chunks(signal);
  }

  raw(): Disposable {
    Deno.stdin.setRaw(true);
    rawUses++;
    // On `Deno.exit` and on an uncaught error Deno itself restores the terminal; signals are the caller's.
    return {
      [Symbol.dispose]: () => {
        rawUses--;
        unlessClosed(() => Deno.stdin.setRaw(false));
      },
    };
  }
}

/** How many uses of raw mode aren't disposed of. */
let rawUses = 0;

/** Returns whether something reads single keys, as a full-screen program does: then no line can be asked for. */
export function isTerminalRaw(): boolean {
  return rawUses > 0;
}

/* The terminal that a process was started from, if standard input is something else: a pipe, a file. */

/** Opened for reading only: all output goes to standard error. */
const path = "/dev/tty";

/** Bytes read at once: keys are few. */
const chunkBytes = 4096;

/** Returns the process's controlling terminal; undefined if it has none, as under cron. */
function processKeyboard(): InputStream | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    // Only a check: the reader opens it.
    using _file = Deno.openSync(path, { read: true });
  } catch {
    return undefined;
  }
  return new TerminalFile();
}

/** Restores a terminal, or ignores a closed terminal, which fails with an input/output error (EIO). */
function unlessClosed(giveBack: () => void): void {
  try {
    giveBack();
  } catch {
    // The terminal isn't visible any more, and further cleanup still has to run.
  }
}

class TerminalFile implements InputStream {
  readonly isTerminal = true;
  #file: Deno.FsFile | undefined;

  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = this.#opened();
    try {
      while (!signal.aborted) {
        const buffer = new Uint8Array(chunkBytes);
        const length = await orAborted(file.read(buffer), signal);
        if (length === null) return;
        yield buffer.subarray(0, length);
      }
    } catch (error) {
      // An abandoned read waits for a key for ever, and ends with the process.
      if (!signal.aborted) throw error;
    }
  }

  raw(): Disposable {
    const file = this.#opened();
    file.setRaw(true);
    rawUses++;
    return {
      [Symbol.dispose]: () => {
        rawUses--;
        unlessClosed(() => file.setRaw(false));
        file.close();
        this.#file = undefined;
      },
    };
  }

  #opened(): Deno.FsFile {
    this.#file ??= Deno.openSync(path, { read: true });
    return this.#file;
  }
}
