/** A folder that comes out of a pod's archive, unpacked under a temporary name and then put in its place. */
import { KodamaError } from "../base/errors.ts";
import { escapedName, shownPath, type TreeEntry } from "../copy/entry.ts";
import { parentOf } from "../copy/safe_path.ts";
import { placed } from "../copy/tar_writer.ts";
import type { UnpackFolder } from "../copy/to_local.ts";
import { folderOf } from "./copy_partial.ts";
import { mergeInto } from "./copy_merge.ts";
import { copyError } from "./copy_error.ts";

/** More are an attack on memory, or on the disk. */
const maxEntries = 5_000_000;
const notedNames = 5;

/** Begins a folder; one that an attempt has left there is removed. */
export async function unpackFolder(path: string, key: string): Promise<UnpackFolder> {
  try {
    const there = await Deno.stat(path).catch(() => undefined);
    if (there !== undefined && !there.isDirectory) {
      throw new KodamaError("conflict", `${path} is there already, and is no folder`);
    }
    const beside = there === undefined ? folderOf(path) : path;
    await Deno.mkdir(beside, { recursive: true });
    const temporary = `${beside === "/" ? "" : beside}/.kodama-${key}.new`;
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    await Deno.mkdir(temporary, { mode: 0o700 });
    return new Unpacking(path, temporary, there !== undefined);
  } catch (error) {
    throw copyError(`cannot write ${path}`, error);
  }
}

type Folder = Extract<TreeEntry, { kind: "folder" }>;
type File = Extract<TreeEntry, { kind: "file" }>;
type SymbolicLink = Extract<TreeEntry, { kind: "symbolicLink" }>;

/**
 * Nothing can be written through a link of the archive: links are made last, and what was made before them are
 * folders and files of this unpacking alone.
 */
class Unpacking implements UnpackFolder {
  readonly #made = new Map<string, TreeEntry["kind"]>([["", "folder"]]);
  readonly #folders: Folder[] = [];
  readonly #links: SymbolicLink[] = [];
  #renamed: string[] = [];
  #renamedCount = 0;
  #placed = false;

  constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly merges: boolean,
  ) {}

  async put(entry: TreeEntry): Promise<void> {
    const name = this.#nameOf(entry.path);
    try {
      this.#claim(name, entry);
      switch (entry.kind) {
        case "folder":
          return this.#putFolder(name, entry);
        case "file":
          return await this.#putFile(`${this.temporary}/${name}`, entry);
        case "symbolicLink":
          this.#links.push(entry);
          return;
        case "hardLink":
          return this.#putHardLink(name, entry.target);
      }
    } catch (error) {
      throw copyError(`cannot write ${this.path}/${name}`, error);
    }
  }

  async place(): Promise<readonly string[]> {
    try {
      for (const { path, target } of this.#links) {
        await Deno.symlink(escapedName(target), `${this.temporary}/${this.#nameOf(path)}`);
      }
      // What is in a folder changes its time: the innermost come first.
      for (const { path, mode, mtime } of this.#folders.toReversed()) {
        const full = `${this.temporary}/${this.#nameOf(path)}`;
        Deno.utimeSync(full, mtime, mtime);
        Deno.chmodSync(full, mode & 0o777);
      }
      if (this.merges) await mergeInto(this.temporary, this.path);
      else await Deno.rename(this.temporary, this.path);
      this.#placed = !this.merges;
    } catch (error) {
      throw copyError(`cannot write ${this.path}`, error);
    }
    if (this.#renamedCount === 0) return [];
    const names = this.#renamed.join(", ");
    return [
      `names that aren't UTF-8 are kept as ${names}${this.#renamedCount > notedNames ? " …" : ""}`,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#placed) await Deno.remove(this.temporary, { recursive: true }).catch(() => {});
  }

  /** Deno's names are text: a byte that is no UTF-8 becomes `\xFF`, and that is told. */
  #nameOf(path: Uint8Array): string {
    return escapedName(path);
  }

  /** Every name is made once, within folders of this unpacking. */
  #claim(name: string, entry: TreeEntry): void {
    if (this.#made.size > maxEntries) {
      throw new KodamaError("conflict", "the archive holds too much");
    }
    const before = this.#made.get(name);
    const again = before === entry.kind && (before === "folder" || before === "file");
    if (before !== undefined && !again) throw hostile(entry, "twice");
    this.#makeParents(parentOf(entry.path), entry);
    this.#made.set(name, entry.kind);
    if (shownPath(entry.path) === new TextDecoder().decode(entry.path)) return;
    this.#renamedCount += 1;
    if (this.#renamed.length < notedNames) this.#renamed.push(name);
  }

  #makeParents(path: Uint8Array, of: TreeEntry): void {
    const name = this.#nameOf(path);
    const kind = this.#made.get(name);
    if (kind === "folder") return;
    if (kind !== undefined) throw hostile(of, `below ${name}, which is no folder`);
    this.#makeParents(parentOf(path), of);
    Deno.mkdirSync(`${this.temporary}/${name}`);
    this.#made.set(name, "folder");
  }

  #putFolder(name: string, entry: Folder): void {
    this.#folders.push(entry);
    try {
      if (name !== "") Deno.mkdirSync(`${this.temporary}/${name}`, { mode: 0o700 });
    } catch (error) {
      // It was made for something in it, or is in the archive twice.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (!Deno.lstatSync(`${this.temporary}/${name}`).isDirectory) throw error;
    }
  }

  async #putFile(full: string, { mode, mtime, size, sparse, body }: File): Promise<void> {
    const options = { write: true, createNew: true, mode: mode & 0o777 };
    using file = this.#openNew(full, options);
    if (sparse === undefined) { for await (const bytes of body) writeAll(file, bytes); }
    else {
      for await (const { offset, bytes } of placed(sparse.parts, body)) {
        file.seekSync(offset, Deno.SeekMode.Start);
        writeAll(file, bytes);
      }
      file.truncateSync(size);
    }
    file.utimeSync(mtime, mtime);
    // The person's mask has taken its share of the mode.
    Deno.chmodSync(full, mode & 0o777);
  }

  /** An archive may hold a file twice: the later one counts. */
  #openNew(full: string, options: Deno.OpenOptions): Deno.FsFile {
    try {
      return Deno.openSync(full, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.removeSync(full);
      return Deno.openSync(full, options);
    }
  }

  #putHardLink(name: string, target: Uint8Array): void {
    const to = this.#nameOf(target);
    if (this.#made.get(to) !== "file") {
      throw new KodamaError("conflict", `the archive links ${name} to ${to}, which isn't in it`);
    }
    Deno.linkSync(`${this.temporary}/${to}`, `${this.temporary}/${name}`);
    this.#made.set(name, "file");
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function hostile({ path }: TreeEntry, what: string): KodamaError {
  return new KodamaError("conflict", `the archive holds ${shownPath(path)} ${what}`);
}
