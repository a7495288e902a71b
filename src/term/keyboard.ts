/** The terminal that a process was started from, where standard input is something else: a pipe, a file. */
import { orAborted } from "../base/abort.ts";
import type { InputStream } from "./terminal.ts";

/** Reading is all that it needs: what is shown goes to standard error. */
const path = "/dev/tty";

/** Bytes asked for at once: keys are few. */
const chunkBytes = 4096;

/** The keyboard behind the process; undefined where it has none, as under cron. */
export function processKeyboard(): InputStream | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    // It is only looked at: whoever reads opens it.
    using _file = Deno.openSync(path, { read: true });
  } catch {
    return undefined;
  }
  return new TerminalFile();
}

/** Gives a terminal back, or leaves it: one that was closed answers with an error of input and output (EIO). */
export function unlessClosed(giveBack: () => void): void {
  try {
    giveBack();
  } catch {
    // Nobody sees it any more, and whatever else is to be done still is.
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
      // A read that was given up waits for a key for ever, and ends with the process.
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
