/** A file that is copied onto this machine, under a temporary name until it is whole. */
import { KodamaError } from "../base/errors.ts";
import type { PartialFile } from "../copy/to_local.ts";
import { copyError } from "./copy_error.ts";
import { isAbsent } from "./files.ts";

const pieceBytes = 256 * 1024;

/** The folder that a path stands in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Opens what an earlier attempt has left, or makes it anew; only its owner may read it until it has its name. */
export async function partialFile(path: string, key: string): Promise<PartialFile> {
  const folder = folderOf(path);
  const temporary = `${folder === "/" ? "" : folder}/.kodama-${key}.part`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await removeOther(temporary);
    const options = { read: true, write: true, create: true, mode: 0o600 };
    const file = await Deno.open(temporary, options);
    return new Partial(path, temporary, file, (await file.stat()).size);
  } catch (error) {
    throw copyError(`cannot write ${path}`, error);
  }
}

/** A link of that name would lead elsewhere. */
async function removeOther(path: string): Promise<void> {
  try {
    if (!(await Deno.lstat(path)).isFile) await Deno.remove(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

class Partial implements PartialFile {
  #at = 0;

  constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly file: Deno.FsFile,
    readonly have: number,
  ) {}

  async *beginning(): AsyncGenerator<Uint8Array, void> {
    await this.#seek(0);
    const buffer = new Uint8Array(pieceBytes);
    for (let left = this.have; left > 0;) {
      const count = await this.file.read(buffer.subarray(0, Math.min(left, buffer.length)));
      if (count === null) return;
      left -= count;
      this.#at += count;
      yield buffer.subarray(0, count);
    }
  }

  async cutTo(length: number): Promise<void> {
    await this.#told(() => this.file.truncate(length));
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#told(async () => {
      await this.#seek(offset);
      for (let at = 0; at < bytes.length;) {
        const count = await this.file.write(bytes.subarray(at));
        at += count;
        this.#at += count;
      }
    });
  }

  async place(size: number, kept: Parameters<PartialFile["place"]>[1]): Promise<void> {
    await this.#told(async () => {
      await this.file.truncate(size);
      await Deno.chmod(this.temporary, (kept.mode ?? 0o644) & 0o777);
      if (kept.mtime !== undefined) await this.file.utime(kept.mtime, kept.mtime);
      const there = await Deno.lstat(this.path).catch(() => undefined);
      if (there?.isDirectory) throw new KodamaError("conflict", `${this.path} is a folder`);
      await Deno.rename(this.temporary, this.path);
    });
  }

  /** An empty one is nothing to go on from. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { size } = await this.file.stat();
    this.file.close();
    if (size === 0) await Deno.remove(this.temporary).catch(() => {});
  }

  async #seek(offset: number): Promise<void> {
    if (this.#at !== offset) await this.file.seek(offset, Deno.SeekMode.Start);
    this.#at = offset;
  }

  async #told(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw copyError(`cannot write ${this.path}`, error);
    }
  }
}
