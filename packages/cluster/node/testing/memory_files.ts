/** A node's files in memory. */
import { ByteBuffer } from "../../../../src/base/byte_buffer.ts";
import type { NodeFile, NodeFiles } from "../files.ts";

/** Folders need not exist. */
export class MemoryFiles implements NodeFiles {
  readonly #files = new Map<string, ByteBuffer>();

  createFolder(): Promise<void> {
    return Promise.resolve();
  }

  removeFolder(path: string): Promise<void> {
    for (const name of this.#files.keys()) {
      if (name.startsWith(`${path}/`)) this.#files.delete(name);
    }
    return Promise.resolve();
  }

  create(path: string): Promise<NodeFile> {
    const contents = new ByteBuffer();
    this.#files.set(path, contents);
    return Promise.resolve(new MemoryFile(contents));
  }

  open(path: string): Promise<NodeFile> {
    const contents = this.#files.get(path);
    if (contents === undefined) return Promise.reject(new Deno.errors.NotFound(path));
    return Promise.resolve(new MemoryFile(contents));
  }

  rename(from: string, to: string): Promise<void> {
    const contents = this.#files.get(from);
    if (contents !== undefined) this.#files.set(to, contents);
    this.#files.delete(from);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }
}

class MemoryFile implements NodeFile {
  #at = 0;

  constructor(private readonly contents: ByteBuffer) {}

  read(into: Uint8Array): Promise<number | null> {
    const bytes = this.contents.bytes.subarray(this.#at, this.#at + into.length);
    into.set(bytes);
    this.#at += bytes.length;
    return Promise.resolve(bytes.length === 0 ? null : bytes.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.contents.push(bytes);
    return Promise.resolve(bytes.length);
  }

  seek(offset: number | bigint): Promise<number> {
    return Promise.resolve(this.#at = Number(offset));
  }

  stat(): Promise<{ size: number }> {
    return Promise.resolve({ size: this.contents.length });
  }

  close(): void {}
}
