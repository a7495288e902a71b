/** The files of this machine, as the actions use them. */
import type { HostFiles, NewFile } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import { openDraft } from "../files/incomplete_file.ts";
import { fileError, ifPresent, isAbsent } from "../files/errors.ts";
import { underLock } from "../daemon/file_lock.ts";
import { replaceFile } from "../files/own_files.ts";
import { joinBytes } from "../base/byte_buffer.ts";
import type { SpoolFile } from "../exec/stdin_spool.ts";

/**
 * Files of this machine. Temporary files of kodama's own are made in `privateDir()`, the only folder it may write to.
 */
export function localFiles(privateDir: () => string): HostFiles {
  return {
    readText,
    readBytes,
    listFiles,
    replaceText,
    changeText: (path, maxBytes, change) => changeText(privateDir(), { path, maxBytes, change }),
    create,
    draft: openDraft,
    inspect,
    controlledByOthers,
    remove,
    spool: () => makeSpool(privateDir()),
  };
}

async function readText(
  path: string,
  maxBytes: number,
  { within }: { within: string | undefined } = { within: undefined },
): Promise<string | undefined> {
  try {
    const bytes = await readAll(path, maxBytes, within);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      throw new KodamaError("config", `${path} is not UTF-8 text`, { cause: error });
    }
    return undefinedIfAbsent(path, error);
  }
}

async function readBytes(
  path: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readAll(path, maxBytes);
  } catch (error) {
    return undefinedIfAbsent(path, error);
  }
}

async function readAll(
  path: string,
  maxBytes: number,
  within?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(within === undefined ? path : await realPathIn(within, path));
  const bytes = await readAtMost(file, maxBytes + 1);
  if (bytes.length <= maxBytes) return bytes;
  throw new KodamaError("config", `${path} is larger than ${maxBytes} bytes`);
}

function undefinedIfAbsent(path: string, error: unknown): undefined {
  if (!isAbsent(error)) throw fileError(`cannot read ${path}`, error);
}

/**
 * Returns the path without symbolic links, which any of its folders may be.
 *
 * @throws KodamaError `config` if it isn't in the folder.
 */
async function realPathIn(folder: string, path: string): Promise<string> {
  const [real, realFolder] = await Promise.all([Deno.realPath(path), Deno.realPath(folder)]);
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  const inside = realFolder.endsWith(separator) ? realFolder : `${realFolder}${separator}`;
  if (real.startsWith(inside)) return real;
  throw new KodamaError("config", `refusing to read ${path}: a link leads to ${real}`, {
    hint: `links may not lead out of ${folder}: replace it by a copy of the file, or remove it`,
  });
}

/** A file that grows while it is read ends at the limit too, so its size isn't checked beforehand. */
async function readAtMost(
  file: Deno.FsFile,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  while (total < maxBytes) {
    const buffer = new Uint8Array(Math.min(64 * 1024, maxBytes - total));
    const length = await file.read(buffer);
    if (length === null) break;
    pieces.push(buffer.subarray(0, length));
    total += length;
  }
  return joinBytes(pieces);
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileError(`cannot read the folder ${folder}`, error);
  }
}

async function replaceText(path: string, text: string): Promise<void> {
  try {
    // Dotfiles are often links, and stay links.
    const target = await ifPresent(() => Deno.realPath(path)) ?? path;
    const folder = target.slice(0, target.lastIndexOf("/")) || "/";
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceFile(target, text, await modeOf(target));
  } catch (error) {
    throw fileError(`cannot write ${path}`, error);
  }
}

async function changeText(
  privateDir: string,
  { path, maxBytes, change }: {
    path: string;
    maxBytes: number;
    change: (text: string | undefined) => string | Promise<string>;
  },
): Promise<{ changed: boolean }> {
  try {
    await Deno.mkdir(privateDir, { recursive: true, mode: 0o700 });
    return await underLock(`${privateDir}/.lock`, async () => {
      const before = await readText(path, maxBytes);
      const after = await change(before);
      if (after === (before ?? "")) return { changed: false };
      await replaceText(path, after);
      return { changed: true };
    });
  } catch (error) {
    throw fileError(`cannot write ${path}`, error);
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  const { mode = null } = await ifPresent(() => Deno.stat(path)) ?? {};
  return mode === null ? undefined : mode & 0o777;
}

async function create(
  path: string,
  options: { private: boolean; replace: boolean },
): Promise<NewFile> {
  const modes = options.private ? { folder: 0o700, file: 0o600 } : { folder: 0o777, file: 0o666 };
  try {
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    await Deno.mkdir(folder, { recursive: true, mode: modes.folder });
    if (options.replace) await remove(path);
    const file = await Deno.open(path, { write: true, createNew: true, mode: modes.file });
    return {
      async write(bytes) {
        try {
          for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        } catch (error) {
          throw fileError(`cannot write ${path}`, error);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
    };
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new KodamaError("conflict", `${path} already exists`, { cause: error });
    }
    throw fileError(`cannot write ${path}`, error);
  }
}

async function inspect(
  path: string,
): Promise<{ bytes: number; modifiedAt: Date; mode?: number } | undefined> {
  try {
    const { size, mtime, mode } = await Deno.lstat(path);
    return {
      bytes: size,
      modifiedAt: mtime ?? new Date(0),
      ...(mode === null ? {} : { mode: mode & 0o777 }),
    };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(`cannot inspect ${path}`, error);
  }
}

async function controlledByOthers(path: string): Promise<"owner" | "mode" | undefined> {
  const user = Deno.build.os === "windows" ? null : Deno.uid();
  if (user === null) return undefined;
  try {
    const real = await Deno.realPath(path);
    const folders = [path, real].map((file) => file.slice(0, file.lastIndexOf("/")) || "/");
    const found = await Promise.all([real, ...folders].map((one) => Deno.stat(one)));
    if (found.some(({ uid }) => uid !== user && uid !== 0)) return "owner";
    return found.some(({ mode }) => ((mode ?? 0) & 0o002) !== 0) ? "mode" : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(`cannot inspect ${path}`, error);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isAbsent(error)) throw fileError(`cannot remove ${path}`, error);
  }
}

async function makeSpool(privateDir: string): Promise<SpoolFile> {
  await Deno.mkdir(privateDir, { recursive: true, mode: 0o700 });
  // Created with mode 0600, and only its owner can read the folder.
  const path = await Deno.makeTempFile({ dir: privateDir, prefix: ".input-" });
  const file = await Deno.open(path, { read: true, write: true });
  // Without a name it disappears with the process, however that exits. Windows can't do that.
  const named = await Deno.remove(path).then(() => false, () => true);
  let end = 0;
  // A common position for all: reads and appends take turns.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  return {
    append: (bytes) =>
      inTurn(() => appendAt(file, end, bytes).then(() => void (end += bytes.length))),
    read: (offset, length) => inTurn(() => readAt(file, offset, Math.min(length, end - offset))),
    [Symbol.asyncDispose]: async () => {
      await turn;
      file.close();
      if (named) await Deno.remove(path);
    },
  };
}

async function appendAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): Promise<void> {
  await file.seek(offset, Deno.SeekMode.Start);
  let at = 0;
  while (at < bytes.length) at += await file.write(bytes.subarray(at));
}

async function readAt(file: Deno.FsFile, offset: number, length: number): Promise<Uint8Array> {
  await file.seek(offset, Deno.SeekMode.Start);
  return await readAtMost(file, Math.max(0, length));
}
