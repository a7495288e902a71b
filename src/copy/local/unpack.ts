/** A folder out of a pod's archive, unpacked under a temporary name and then moved to its path. */
import { KodamaError } from "../../base/errors.ts";
import { escapedName, nameText, type TreeEntry, WholeBody } from "../entry.ts";
import { placed } from "../tar_writer.ts";
import type { UnpackFolder } from "../to_local.ts";
import { copyError, folderOf } from "./partial.ts";
import { ifPresent } from "../../files/errors.ts";

/** More are an attack on memory, or on the disk. */
const maxEntries = 5_000_000;
const notedNames = 5;
/** For fewer files, a thread isn't worth its start. */
const filesBeforeMaker = 300;

/** Starts a folder; removes a folder that an earlier attempt has written there. */
export async function unpackFolder(path: string, key: string): Promise<UnpackFolder> {
  try {
    const there = await Deno.stat(path).catch(() => undefined);
    if (there !== undefined && !there.isDirectory) {
      throw new KodamaError("conflict", `${path} already exists, and is not a folder`);
    }
    const beside = there === undefined ? folderOf(path) : path;
    await Deno.mkdir(beside, { recursive: true });
    const temporary = `${beside === "/" ? "" : beside}/.kodama-${key}.new`;
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    await Deno.mkdir(temporary, { mode: 0o777 });
    const { mode } = await Deno.lstat(temporary);
    await Deno.chmod(temporary, 0o700);
    const places = { path, temporary, merges: there !== undefined };
    return new Unpacking(places, 0o777 & ~(mode ?? 0));
  } catch (error) {
    throw copyError(`cannot write ${path}`, error);
  }
}

type Folder = Extract<TreeEntry, { kind: "folder" }>;
type File = Extract<TreeEntry, { kind: "file" }>;
type SymbolicLink = Extract<TreeEntry, { kind: "symbolicLink" }>;

/**
 * Nothing can be written through a link of the archive: links are created last, and everything created before is a
 * folder or file of this unpacking.
 */
class Unpacking implements UnpackFolder {
  readonly #made = new Map<string, TreeEntry["kind"]>([["", "folder"]]);
  readonly #folders: Folder[] = [];
  readonly #links: SymbolicLink[] = [];
  #renamed: string[] = [];
  #renamedCount = 0;
  #smallFiles = 0;
  #maker: FileMaker | undefined;
  #placed = false;

  /** @param mask the mode bits that the system removes from new files. */
  constructor(
    private readonly paths: { path: string; temporary: string; merges: boolean },
    private readonly mask: number,
  ) {}

  async put(entry: TreeEntry): Promise<void> {
    const name = escapedName(entry.path);
    try {
      // An entry that is created once more, or linked, has to exist.
      if (this.#claim(name, entry) || entry.kind === "hardLink") await this.#maker?.result();
      switch (entry.kind) {
        case "folder":
          return this.#putFolder(name, entry);
        case "file":
          return await this.#putFile(`${this.paths.temporary}/${name}`, entry);
        case "symbolicLink":
          this.#links.push(entry);
          return;
        case "hardLink":
          return this.#putHardLink(name, entry.target);
      }
    } catch (error) {
      throw copyError(`cannot write ${this.paths.path}/${name}`, error);
    }
  }

  async place(): Promise<readonly string[]> {
    try {
      await this.#maker?.result();
      await this.#makeLinks();
      // Adding content to a folder changes its time: the innermost come first.
      for (const { path, mode, mtime } of this.#folders.toReversed()) {
        const full = `${this.paths.temporary}/${escapedName(path)}`;
        Deno.utimeSync(full, mtime, mtime);
        Deno.chmodSync(full, mode & 0o777);
      }
      if (this.paths.merges) await mergeInto(this.paths.temporary, this.paths.path);
      else await Deno.rename(this.paths.temporary, this.paths.path);
      this.#placed = !this.paths.merges;
    } catch (error) {
      throw copyError(`cannot write ${this.paths.path}`, error);
    }
    if (this.#renamedCount === 0) return [];
    const names = this.#renamed.join(", ");
    return [
      `names that aren't UTF-8 are kept as ${names}${this.#renamedCount > notedNames ? " …" : ""}`,
    ];
  }

  async #makeLinks(): Promise<void> {
    if (this.#links.length === 0) return;
    const { setLinkTime } = await import("./node.ts");
    for (const { path, target, mtime } of this.#links) {
      const full = `${this.paths.temporary}/${escapedName(path)}`;
      Deno.symlinkSync(escapedName(target), full);
      setLinkTime(full, mtime);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#maker?.[Symbol.asyncDispose]();
    if (!this.#placed) {
      await Deno.remove(this.paths.temporary, { recursive: true }).catch(() => {});
    }
  }

  /** Reserves a name, within folders of this unpacking; returns whether it repeats a name that may repeat. */
  #claim(name: string, entry: TreeEntry): boolean {
    if (this.#made.size > maxEntries) {
      throw new KodamaError("conflict", "the archive holds too much");
    }
    const before = this.#made.get(name);
    const again = before === entry.kind && (before === "folder" || before === "file");
    if (before !== undefined && !again) throw hostile(entry, "twice");
    this.#makeParents(folderWithin(name), entry);
    this.#made.set(name, entry.kind);
    if (name.includes("\\x") && nameText(entry.path) === undefined) {
      this.#renamedCount += 1;
      if (this.#renamed.length < notedNames) this.#renamed.push(name);
    }
    return again;
  }

  #makeParents(name: string, of: TreeEntry): void {
    const kind = this.#made.get(name);
    if (kind === "folder") return;
    if (kind !== undefined) throw hostile(of, `below ${name}, which is not a folder`);
    this.#makeParents(folderWithin(name), of);
    Deno.mkdirSync(`${this.paths.temporary}/${name}`);
    this.#made.set(name, "folder");
  }

  #putFolder(name: string, entry: Folder): void {
    this.#folders.push(entry);
    try {
      if (name !== "") Deno.mkdirSync(`${this.paths.temporary}/${name}`, { mode: 0o700 });
    } catch (error) {
      // The folder was created for something in it, or is in the archive twice.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (!Deno.lstatSync(`${this.paths.temporary}/${name}`).isDirectory) throw error;
    }
  }

  async #putFile(full: string, { mode: asked, mtime, size, sparse, body }: File): Promise<void> {
    const mode = asked & 0o777;
    const masked = (mode & this.mask) !== 0;
    if (body instanceof WholeBody && size <= smallFileBytes) {
      this.#smallFiles += 1;
      if (this.#smallFiles > filesBeforeMaker) {
        this.#maker ??= this.#newMaker();
        return await this.#maker.add({ path: full, mode, masked, mtime }, body.take());
      }
    }
    using file = openNew(full, mode);
    if (sparse === undefined) { for await (const bytes of body) writeAll(file, bytes); }
    else {
      for await (const { offset, bytes } of placed(sparse.parts, body)) {
        file.seekSync(offset, Deno.SeekMode.Start);
        writeAll(file, bytes);
      }
      file.truncateSync(size);
    }
    file.utimeSync(mtime, mtime);
    if (masked) Deno.chmodSync(full, mode);
  }

  #newMaker(): FileMaker {
    const { path, temporary } = this.paths;
    return new FileMaker((full) => `cannot write ${path}${full.slice(temporary.length)}`);
  }

  #putHardLink(name: string, target: Uint8Array): void {
    const to = escapedName(target);
    if (this.#made.get(to) !== "file") {
      throw new KodamaError("conflict", `the archive links ${name} to ${to}, which isn't in it`);
    }
    Deno.linkSync(`${this.paths.temporary}/${to}`, `${this.paths.temporary}/${name}`);
    this.#made.set(name, "file");
  }
}

/** Returns the folder of a name, within the unpacked folder: empty at the top. */
function folderWithin(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** An archive may contain a file twice: the later entry counts. */
function openNew(full: string, mode: number): Deno.FsFile {
  const options = { write: true, createNew: true, mode };
  try {
    return Deno.openSync(full, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    Deno.removeSync(full);
    return Deno.openSync(full, options);
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function hostile({ path }: TreeEntry, what: string): KodamaError {
  return new KodamaError("conflict", `the archive holds ${escapedName(path)} ${what}`);
}

/* Merges an unpacked folder into an existing folder. */

/**
 * Moves everything into the folder, each file whole. An entry of another kind in the way is an error before anything is
 * moved; links of the folder are replaced, and never followed.
 */
async function mergeInto(from: string, to: string): Promise<void> {
  const moves: { from: string; to: string }[] = [];
  await plan(from, to, moves);
  for (const move of moves) await Deno.rename(move.from, move.to);
}

async function plan(
  from: string,
  to: string,
  moves: { from: string; to: string }[],
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const there = await ifPresent(() => Deno.lstat(target));
    if (there?.isDirectory === true && isDirectory) await plan(source, target, moves);
    else if (there?.isDirectory === true || there !== undefined && isDirectory) {
      const expected = isDirectory ? "is not a folder" : "is a folder, and would have to be a file";
      throw new KodamaError("conflict", `${target} already exists, and ${expected}`);
    } else moves.push({ from: source, to: target });
  }
}

/*
 * Writes many small files in a second thread while the next files arrive.
 *
 * The cost of a small file is mostly the system's and the runtime's time to open it, which is as much as everything
 * else. 10,000 of them out of a pod take a fifth less time this way; the thread starts within 25 ms. If both threads
 * write files, even in folders of their own, it takes longer: they block each other in the system.
 */

/** A file to write. It replaces a file of its name. */
interface SmallFile {
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
  /** The mode of each file, whether that is masked, its time, and its size. */
  numbers: Float64Array<ArrayBuffer>;
  /** The data of all files, concatenated. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** The thread's answer to each batch. */
type Made = { kind: "made" } | { kind: "failed"; path: string; message: string };

/** Larger files aren't for {@link FileMaker}. */
const smallFileBytes = 32 * 1024;

const batchBytes = 256 * 1024;
const batchFiles = 200;
/** More would be memory that waits for a slow disk. */
const maxUnderWay = 4;

/** Writes files in the order of their addition. Disposing of it waits for those in progress. */
class FileMaker implements AsyncDisposable {
  readonly #worker: Worker;
  #paths: string[] = [];
  #numbers = new Float64Array(batchFiles * 4);
  #bytes = new Uint8Array(batchBytes);
  #filled = 0;
  #underWay = 0;
  #failure: unknown;
  #progress = Promise.withResolvers<void>();

  /** @param wordsOf returns the error message of a file that can't be written, before the system's message. */
  constructor(private readonly wordsOf: (path: string) => string) {
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

  /** Queues a file; waits if too many are in progress. Rejects if an earlier file can't be written. */
  async add({ path, mode, masked, mtime }: SmallFile, data: Uint8Array): Promise<void> {
    if (this.#filled + data.length > batchBytes || this.#paths.length === batchFiles) this.#send();
    while (this.#underWay >= maxUnderWay) await this.#progress.promise;
    this.#throwFailure();
    this.#bytes.set(data, this.#filled);
    this.#filled += data.length;
    this.#numbers.set([mode, Number(masked), mtime, data.length], this.#paths.length * 4);
    this.#paths.push(path);
  }

  /** Waits until all are written. Rejects if a file can't be. */
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
    this.#failure ??= copyError(this.wordsOf(path), error);
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
  // Files after a failure aren't needed any more.
  parent.onmessage = ({ data }: MessageEvent<Batch>) =>
    parent.postMessage(failed ? { kind: "made" } : madeOf(data));
}
