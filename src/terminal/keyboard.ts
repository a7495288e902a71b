/** The terminal that a process was started from, if standard input is something else: a pipe, a file. */
import { orAborted } from "../base/abort.ts";
import type { InputStream } from "./terminal.ts";

/** Opened for reading only: all output goes to standard error. */
const path = "/dev/tty";

/** Bytes read at once: keys are few. */
const chunkBytes = 4096;

/** Returns the process's controlling terminal; undefined if it has none, as under cron. */
export function processKeyboard(): InputStream | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    // Only a check: the reader opens it.
    using _file = Deno.openSync(path, { read: true });
  } catch {
    return undefined;
  }
  return new TerminalFile();
}

/** Restores a terminal, or ignores a closed one, which fails with an input/output error (EIO). */
export function unlessClosed(giveBack: () => void): void {
  try {
    giveBack();
  } catch {
    // It isn't visible any more, and further cleanup still has to run.
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
    return {
      [Symbol.dispose]: () => {
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
