/** Files that become visible under their name when they are complete: an earlier file stays whole until then. */
import type { DraftFile } from "../base/draft_file.ts";
import { KodamaError } from "../base/errors.ts";
import { fileError, isAbsent } from "./errors.ts";

/** The longest name that leaves room for an ending, in characters. */
const maxStem = 200;

/**
 * Opens a draft of a file, and creates the folders. While it is written, it is `NAME.incomplete-` and a random text
 * in the same folder, which also remains if the process is killed.
 *
 * @param options.private only the owner can use the file and its new folders (0600, 0700).
 * @param options.replace an earlier file is replaced at the end, a symbolic link itself; otherwise it is a conflict.
 * @throws KodamaError `conflict` if the path exists and may not be replaced, or isn't a file.
 */
export async function openDraft(
  path: string,
  options: { private: boolean; replace: boolean },
): Promise<DraftFile> {
  const modes = options.private ? { folder: 0o700, file: 0o600 } : { folder: 0o777, file: 0o666 };
  try {
    const at = path.lastIndexOf("/");
    await Deno.mkdir(path.slice(0, at) || "/", { recursive: true, mode: modes.folder });
    await requireReplaceable(path, options.replace);
    const incomplete = `${path.slice(0, at + 1 + maxStem)}.incomplete`;
    const temporary = `${incomplete}-${crypto.randomUUID().slice(0, 8)}`;
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: modes.file });
    return new LocalDraft({ path, incomplete, temporary, replace: options.replace }, file);
  } catch (error) {
    throw fileError(`cannot write ${path}`, error);
  }
}

interface DraftPaths {
  path: string;
  incomplete: string;
  temporary: string;
  replace: boolean;
}

class LocalDraft implements DraftFile {
  #isOpen = true;
  #isEmpty = true;

  constructor(private readonly paths: DraftPaths, private readonly file: Deno.FsFile) {}

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.file.write(bytes.subarray(at));
        this.#isEmpty = false;
      }
    } catch (error) {
      throw fileError(`cannot write ${this.paths.path}`, error);
    }
  }

  async complete(): Promise<void> {
    const { path, temporary, replace } = this.paths;
    try {
      await requireReplaceable(path, replace);
      // An earlier file's name must not refer to bytes that a power cut could still lose.
      if (replace && await exists(path)) await this.file.syncData();
      if (replace) await Deno.rename(temporary, path);
      else await renameNew(temporary, path);
    } catch (error) {
      await this.keep();
      throw fileError(`cannot write ${path}`, error);
    }
    this.#isOpen = false;
    this.file.close();
  }

  async keep(): Promise<string | undefined> {
    if (!this.#isOpen) return undefined;
    this.#isOpen = false;
    this.file.close();
    const { incomplete, temporary } = this.paths;
    if (this.#isEmpty) {
      await Deno.remove(temporary).catch(() => {});
      return undefined;
    }
    // Only the last of several failures stays, so that failures don't fill a disk.
    return await Deno.rename(temporary, incomplete).then(() => incomplete, () => temporary);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keep();
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

async function requireReplaceable(path: string, replace: boolean): Promise<void> {
  try {
    const { isFile, isSymlink } = await Deno.lstat(path);
    if (!replace) throw new KodamaError("conflict", `${path} already exists`);
    if (!isFile && !isSymlink) throw new KodamaError("conflict", `${path} is not a file`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** A link fails if the name has been taken in the meantime; some file systems have no links. */
async function renameNew(temporary: string, path: string): Promise<void> {
  try {
    await Deno.link(temporary, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new KodamaError("conflict", `${path} already exists`, { cause: error });
    }
    return await Deno.rename(temporary, path);
  }
  await Deno.remove(temporary);
}
