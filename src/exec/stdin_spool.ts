/** Standard input for many targets: each reads all of it, from the start, at its own pace. */
import { orAborted } from "../base/abort.ts";
import type { InputSource } from "./run_options.ts";

/** A private temporary file, supplied by the host. */
export interface SpoolFile extends AsyncDisposable {
  /** Adds to the end. */
  append(bytes: Uint8Array): Promise<void>;
  /** Returns at most `length` bytes from `offset`; fewer only at the file's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

const readBytes = 64 * 1024;

/** The bytes of standard input, for one reader. Disposing of it releases the source. */
export class StandardInput implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #first: Promise<IteratorResult<Uint8Array>> | undefined;
  #isEmpty = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Reads the first piece: whether there is one is known, in most cases, before the pods are found. */
  begin(): void {
    this.#first = this.#source.next();
    // Its reader gets the error.
    this.#first.then(({ done }) => this.#isEmpty = done === true, () => {});
  }

  /** Whether it is known to have ended without a byte. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        const first = this.#first;
        this.#first = undefined;
        return first ?? this.#source.next();
      },
      return: async () => {
        await this[Symbol.asyncDispose]();
        return { done: true, value: undefined };
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return letGo(this.#source);
  }
}

/** Standard input of a run. Disposing of it releases its source and its file. */
export type StdinSource = InputSource & AsyncDisposable;

/** For one target: read on demand, and not stored. */
export function directInput(source: StandardInput): StdinSource {
  const iterator = source[Symbol.asyncIterator]();
  return {
    open: () => ({
      async read(signal) {
        const result = await orAborted(iterator.next(), signal);
        return result.done === true ? undefined : result.value;
      },
    }),
    get isEmpty() {
      return source.isEmpty;
    },
    [Symbol.asyncDispose]: () => letGo(iterator),
  };
}

/**
 * For many targets. The fastest reader reads the source; the others, and those that start later, read the stored part:
 * in memory, beyond a limit in a file.
 */
export function sharedInput(
  source: StandardInput,
  spool: () => Promise<SpoolFile>,
  memoryLimitBytes: number = 4 * 1024 * 1024,
): StdinSource {
  const log = new InputLog(source, spool, memoryLimitBytes);
  return {
    open: () => {
      let offset = 0;
      return {
        async read(signal) {
          const bytes = await log.read(offset, signal);
          offset += bytes?.length ?? 0;
          return bytes;
        },
      };
    },
    get isEmpty() {
      return source.isEmpty;
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

/** A source may be in the middle of a read that never ends (a terminal): it is notified, and not awaited. */
function letGo(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  iterator.return?.().catch(() => {});
  return Promise.resolve();
}

class InputLog implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #memory: { offset: number; bytes: Uint8Array }[] = [];
  #memoryBytes = 0;
  #totalBytes = 0;
  #file: Promise<SpoolFile> | undefined;
  #drawing: Promise<void> | undefined;
  #ended = false;

  constructor(
    source: AsyncIterable<Uint8Array>,
    readonly spool: () => Promise<SpoolFile>,
    readonly memoryLimitBytes: number,
  ) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Returns bytes from an offset, at least one; undefined at the end. */
  async read(offset: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (offset >= this.#totalBytes) {
      if (this.#ended) return undefined;
      this.#drawing ??= this.#draw().finally(() => this.#drawing = undefined);
      await orAborted(this.#drawing, signal);
    }
    if (offset < this.#memoryBytes) return this.#fromMemory(offset);
    const file = await this.#file;
    return await file?.read(offset - this.#memoryBytes, readBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await letGo(this.#source);
    await (await this.#file)?.[Symbol.asyncDispose]();
  }

  async #draw(): Promise<void> {
    const result = await this.#source.next();
    if (result.done === true) {
      this.#ended = true;
      return;
    }
    const bytes = result.value;
    if (this.#file === undefined && this.#memoryBytes + bytes.length <= this.memoryLimitBytes) {
      this.#memory.push({ offset: this.#memoryBytes, bytes });
      this.#memoryBytes += bytes.length;
    } else {
      this.#file ??= this.spool();
      await (await this.#file).append(bytes);
    }
    this.#totalBytes += bytes.length;
  }

  /** Binary search: a reader that follows a thousand small pieces must not scan them all. */
  #fromMemory(offset: number): Uint8Array | undefined {
    let [low, high] = [0, this.#memory.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#memory[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const piece = this.#memory[low];
    return piece?.bytes.subarray(offset - piece.offset);
  }
}
