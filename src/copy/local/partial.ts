/** A file copied onto this machine, under a temporary name until it is complete. */
import { KodamaError } from "../../base/errors.ts";
import type { PartialFile } from "../to_local.ts";
import { fileError, ifPresent } from "../../files/errors.ts";
import { CopyFailure } from "../pod_script.ts";
import { TarError } from "../tar_header.ts";

const pieceBytes = 256 * 1024;

/** Returns the folder of a path. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Opens the partial file of an earlier attempt, or creates it; only its owner may read it until it has its name. */
export async function partialFile(path: string, key: string): Promise<PartialFile> {
  const folder = folderOf(path);
  const temporary = `${folder === "/" ? "" : folder}/.kodama-${key}.part`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    // A link of that name would lead elsewhere.
    await ifPresent(async () => {
      if (!(await Deno.lstat(temporary)).isFile) await Deno.remove(temporary);
    });
    const options = { read: true, write: true, create: true, mode: 0o600 };
    const file = await Deno.open(temporary, options);
    return new Partial(path, temporary, file, (await file.stat()).size);
  } catch (error) {
    throw copyError(`cannot write ${path}`, error);
  }
}

class Partial implements PartialFile {
  /** Buffers data while the previous buffer is written. */
  #buffer = new Uint8Array(pieceBytes);
  #spare = new Uint8Array(pieceBytes);
  #filled = 0;
  /** The buffer's offset in the file. */
  #start = 0;
  /** The file position after the current write. */
  #at = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly file: Deno.FsFile,
    readonly have: number,
  ) {}

  async *readPrefix(): AsyncGenerator<Uint8Array, void> {
    await this.file.seek(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(pieceBytes);
    for (let left = this.have; left > 0;) {
      const count = await this.file.read(buffer.subarray(0, Math.min(left, buffer.length)));
      if (count === null) return;
      left -= count;
      this.#at = this.have - left;
      yield buffer.subarray(0, count);
    }
  }

  async cutTo(length: number): Promise<void> {
    await this.#explained(async () => {
      await this.#flush();
      await this.file.truncate(length);
    });
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#explained(async () => {
      if (offset !== this.#start + this.#filled) {
        await this.#hand();
        this.#start = offset;
      }
      for (let rest = bytes; rest.length > 0;) {
        const taken = rest.subarray(0, pieceBytes - this.#filled);
        this.#buffer.set(taken, this.#filled);
        this.#filled += taken.length;
        rest = rest.subarray(taken.length);
        if (this.#filled === pieceBytes) await this.#hand();
      }
    });
  }

  /** Writes the buffer, as soon as the previous buffer is written. */
  async #hand(): Promise<void> {
    await this.#writing;
    const [bytes, start] = [this.#buffer.subarray(0, this.#filled), this.#start];
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#start += this.#filled;
    this.#filled = 0;
    this.#writing = this.#writeAll(bytes, start);
    // Reported at the next await.
    this.#writing.catch(() => {});
  }

  async #writeAll(bytes: Uint8Array, start: number): Promise<void> {
    if (this.#at !== start) await this.file.seek(start, Deno.SeekMode.Start);
    this.#at = start + bytes.length;
    for (let at = 0; at < bytes.length;) at += await this.file.write(bytes.subarray(at));
  }

  async #flush(): Promise<void> {
    await this.#hand();
    await this.#writing;
  }

  async place(size: number, attributes: Parameters<PartialFile["place"]>[1]): Promise<void> {
    await this.#explained(async () => {
      await this.#flush();
      await this.file.truncate(size);
      await Deno.chmod(this.temporary, (attributes.mode ?? 0o644) & 0o777);
      if (attributes.mtime !== undefined) {
        await this.file.utime(attributes.mtime, attributes.mtime);
      }
      const there = await Deno.lstat(this.path).catch(() => undefined);
      if (there?.isDirectory) throw new KodamaError("conflict", `${this.path} is a folder`);
      await Deno.rename(this.temporary, this.path);
    });
  }

  async discard(): Promise<void> {
    await Deno.remove(this.temporary).catch(() => {});
  }

  /** There is nothing to resume from in an empty file. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Received data is saved as far as possible: the writer was given the error.
    await this.#flush().catch(() => {});
    const { size } = await this.file.stat();
    this.file.close();
    if (size === 0) await Deno.remove(this.temporary).catch(() => {});
  }

  async #explained(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw copyError(`cannot write ${this.path}`, error);
    }
  }
}

/** Returns the error of a file operation; an error of a pod or its archive is returned unchanged. */
export function copyError(what: string, error: unknown): unknown {
  return error instanceof CopyFailure || error instanceof TarError ? error : fileError(what, error);
}
