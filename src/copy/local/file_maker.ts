/**
 * Writes many small files in a second thread while the next ones arrive.
 *
 * The cost of a small file is mostly the system's and the runtime's time to open it, which is as much as everything
 * else. 10,000 of them out of a pod take a fifth less time this way; the thread starts within 25 ms. If both threads
 * write files, even in folders of their own, it takes longer: they block each other in the system.
 */
import { copyError } from "./copy_error.ts";

/** A file to write. It replaces one of its name. */
export interface SmallFile {
  path: string;
  mode: number;
  /** Whether the umask removes bits that the mode must have. */
  masked: boolean;
  /** In seconds since 1970. */
  mtime: number;
}

/** Files in few large values: transferring an object for each would cost as much as writing them. */
interface Batch {
  /** Separated by NULs, which paths can't contain. */
  paths: string;
  /** Of each file its mode, whether that is masked, its time, and its size. */
  numbers: Float64Array<ArrayBuffer>;
  /** The data of all files, concatenated. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** The thread's answer to each batch. */
type Made = { kind: "made" } | { kind: "failed"; path: string; message: string };

/** Larger ones aren't for {@link FileMaker}. */
export const smallFileBytes = 32 * 1024;

const batchBytes = 256 * 1024;
const batchFiles = 200;
/** More would be memory that waits for a slow disk. */
const maxUnderWay = 4;

/** Writes files in the order of their addition. Disposing of it waits for those in progress. */
export class FileMaker implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #wordsOf: (path: string) => string;
  #paths: string[] = [];
  #numbers = new Float64Array(batchFiles * 4);
  #bytes = new Uint8Array(batchBytes);
  #filled = 0;
  #underWay = 0;
  #failure: unknown;
  #progress = Promise.withResolvers<void>();

  /** @param wordsOf returns the error message of a file that can't be written, before the system's message. */
  constructor(wordsOf: (path: string) => string) {
    this.#wordsOf = wordsOf;
    const program = `data:application/javascript,${encodeURIComponent(`(${makeFiles})();`)}`;
    this.#worker = new Worker(program, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Made>) => {
      this.#underWay -= 1;
      if (data.kind === "failed") this.#fail(data.path, new Error(data.message));
      this.#wake();
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#underWay = 0;
      this.#fail("", new Error(event.message));
      this.#wake();
    };
  }

  /** Queues a file; waits if too many are in progress. Rejects if an earlier one can't be written. */
  async add({ path, mode, masked, mtime }: SmallFile, data: Uint8Array): Promise<void> {
    if (this.#filled + data.length > batchBytes || this.#paths.length === batchFiles) this.#send();
    while (this.#underWay >= maxUnderWay) await this.#progress.promise;
    this.#throwFailure();
    this.#bytes.set(data, this.#filled);
    this.#filled += data.length;
    this.#numbers.set([mode, Number(masked), mtime, data.length], this.#paths.length * 4);
    this.#paths.push(path);
  }

  /** Waits until all are written. Rejects if one can't be. */
  async result(): Promise<void> {
    if (this.#paths.length > 0) this.#send();
    while (this.#underWay > 0) await this.#progress.promise;
    this.#throwFailure();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#underWay > 0) await this.#progress.promise;
    this.#worker.terminate();
  }

  #send(): void {
    const [numbers, bytes] = [this.#numbers, this.#bytes];
    const batch: Batch = { paths: this.#paths.join("\0"), numbers, bytes };
    this.#worker.postMessage(batch, [numbers.buffer, bytes.buffer]);
    this.#underWay += 1;
    this.#paths = [];
    this.#numbers = new Float64Array(batchFiles * 4);
    this.#bytes = new Uint8Array(batchBytes);
    this.#filled = 0;
  }

  #fail(path: string, error: Error): void {
    this.#failure ??= copyError(this.#wordsOf(path), error);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #wake(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers<void>();
  }
}

/** The thread. Only its text is transferred: it may use nothing from outside of itself but Deno. */
function makeFiles(): void {
  // The types of a worker's own globals aren't those of a program's.
  const parent = globalThis as unknown as MessagePort;
  let failed = false;
  const opened = (path: string, options: Deno.OpenOptions): Deno.FsFile => {
    try {
      return Deno.openSync(path, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.removeSync(path);
      return Deno.openSync(path, options);
    }
  };
  const make = ({ path, mode, masked, mtime }: SmallFile, data: Uint8Array): void => {
    const file = opened(path, { write: true, createNew: true, mode });
    try {
      for (let at = 0; at < data.length;) at += file.writeSync(data.subarray(at));
      file.utimeSync(mtime, mtime);
    } finally {
      file.close();
    }
    if (masked) Deno.chmodSync(path, mode);
  };
  const madeOf = ({ paths, numbers, bytes }: Batch): Made => {
    let at = 0;
    for (const [index, path] of paths.split("\0").entries()) {
      const [mode = 0, masked, mtime = 0, size = 0] = numbers.subarray(index * 4, index * 4 + 4);
      try {
        make({ path, mode, masked: masked === 1, mtime }, bytes.subarray(at, at += size));
      } catch (error) {
        failed = true;
        const message = error instanceof Error ? error.message : String(error);
        return { kind: "failed", path, message };
      }
    }
    return { kind: "made" };
  };
  // What follows a failure isn't needed any more.
  parent.onmessage = ({ data }: MessageEvent<Batch>) =>
    parent.postMessage(failed ? { kind: "made" } : madeOf(data));
}
