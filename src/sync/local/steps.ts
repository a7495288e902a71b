/** Carries out steps on this machine's folder. */
import { removeFolder } from "../../files/own_files.ts";
import { reservedPrefix } from "../remote/loop.ts";
import type { SideRules } from "../core/skipped_paths.ts";
import {
  type Entry,
  executable,
  type FileEntry,
  parentOf,
  sameEntry,
  upwards,
} from "../core/model.ts";
import type { Expectation, SyncAction } from "../core/plan.ts";
import {
  type ActionFailure,
  type ChangeResult,
  type Content,
  requestedBy,
  type RequestedFile,
  type StepResult,
} from "../core/tree.ts";
import { ifPresentSync, isAbsent } from "../../files/errors.ts";
import type { Bin } from "./bin.ts";
import type { LocalDigests } from "./digests.ts";
import { KodamaError } from "../../base/errors.ts";

/** The folder in which steps are carried out. */
interface LocalTarget {
  root: string;
  key: string;
  rules: SideRules;
  digests: LocalDigests;
  /** Where removed and replaced files go. */
  bin: Bin | undefined;
}

/** The steps to carry out. */
interface LocalWork {
  steps: readonly SyncAction[];
  contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>;
  signal: AbortSignal;
}

/** A content under a name that no scan lists. */
interface Staged {
  file: string;
  digest: string;
}

/** Up to this many files are flushed to the disk one by one before they are renamed. */
const durableFiles = 100;

/** Carries out the steps in their order, and yields the result of each. */
export async function* performLocal(
  target: LocalTarget,
  { steps, contents, signal }: LocalWork,
): AsyncGenerator<StepResult> {
  const folder = `${target.root}/${reservedPrefix}${target.key}`;
  const staged = new Map<number, Staged | ActionFailure>();
  const requested = steps.flatMap((action, step) => requestedBy(action, step));
  try {
    if (requested.length > 0 || steps.some(({ kind }) => kind === "put")) {
      await Deno.mkdir(folder, { recursive: true });
      // Without room for it, there is none for the files either, of which each is reported.
      await Deno.writeTextFile(`${folder}/.gitignore`, "*\n").catch(() => {});
    }
    if (requested.length > 0) {
      const isFew = requested.length <= durableFiles;
      for await (const { at, body } of contents(requested)) {
        signal.throwIfAborted();
        const step = requested[at]?.step;
        if (step === undefined) continue;
        const file = `${folder}/${step}`;
        staged.set(step, await stage(body, { file, isDurable: isFew, digests: target.digests }));
      }
    }
    for (const [at, action] of steps.entries()) {
      yield { at, result: new LocalStep(target, action, folder).run(staged.get(at)) };
    }
  } finally {
    target.bin?.next();
    await removeFolder(folder);
  }
}

async function stage(
  body: AsyncIterable<Uint8Array>,
  { file, isDurable, digests }: { file: string; isDurable: boolean; digests: LocalDigests },
): Promise<Staged | ActionFailure> {
  const sum = digests.newSum();
  let open: Deno.FsFile | undefined;
  try {
    open = Deno.openSync(file, { write: true, create: true, truncate: true, mode: 0o600 });
  } catch (error) {
    return localFailure(error);
  }
  let failure: ActionFailure | undefined;
  try {
    for await (const bytes of body) {
      sum.update(bytes);
      try {
        if (failure === undefined) {
          for (let at = 0; at < bytes.length;) at += open.writeSync(bytes.subarray(at));
        }
      } catch (error) {
        failure = localFailure(error);
      }
    }
    if (isDurable && failure === undefined) await open.syncData();
  } finally {
    open.close();
  }
  if (failure === undefined) return { file, digest: sum.result() };
  // The partial file would take the disk space of files that are small enough.
  ifPresentSync(() => Deno.removeSync(file));
  return failure;
}

class LocalStep {
  readonly #full: string;

  constructor(
    private readonly target: LocalTarget,
    private readonly action: SyncAction,
    private readonly folder: string,
  ) {
    this.#full = `${target.root}/${action.path}`;
  }

  run(content: Staged | ActionFailure | undefined): ChangeResult {
    const { action } = this;
    if (content !== undefined && "kind" in content) return content;
    try {
      const isOwn = action.kind === "put" && action.from.side === action.side &&
        action.entry.kind === "file";
      const staged = isOwn ? this.#ownCopy(action.from.path) : content;
      if (action.kind === "put" && action.entry.kind === "file") {
        if (staged?.digest !== action.entry.digest) return { kind: "changed" };
      }
      // Without a condition for its own path nothing is done unchecked.
      if (!action.requires.some(({ path }) => path === action.path)) return { kind: "changed" };
      if (!action.requires.every((expected) => this.#isAsExpected(expected))) {
        return { kind: "changed" };
      }
      return { kind: "done", entry: this.#change(staged?.file ?? "") };
    } catch (error) {
      return localFailure(error);
    }
  }

  #ownCopy(path: string): Staged | undefined {
    if (!this.#wayIsClear(path)) return undefined;
    const from = `${this.target.root}/${path}`;
    const info = inspectPath(from);
    if (info?.isFile !== true) return undefined;
    const file = `${this.folder}/own`;
    const bytes = Deno.readFileSync(from);
    const sum = this.target.digests.newSum();
    sum.update(bytes);
    Deno.writeFileSync(file, bytes, { mode: 0o600 });
    return { file, digest: sum.result() };
  }

  /** Returns whether all parents of a path are folders, and not links to some. */
  #wayIsClear(path: string): boolean {
    for (const at of upwards(parentOf(path))) {
      if (inspectPath(`${this.target.root}/${at}`)?.isDirectory !== true) return false;
    }
    return true;
  }

  #isAsExpected({ path, entry }: Expectation): boolean {
    if (!this.#wayIsClear(path)) return false;
    const info = inspectPath(`${this.target.root}/${path}`);
    if (info === undefined || entry === undefined) return info === undefined && entry === undefined;
    if (this.target.rules.ignoresCase && !this.#isSpelt(path)) return false;
    if (entry.kind === "folder") return info.isDirectory;
    const there = this.target.digests.entryAt(this.target.root, path, info);
    if (there === "unread" || there === undefined) return false;
    if (this.target.rules.executableBits || there.kind !== "file" || entry.kind !== "file") {
      return sameEntry(there, entry);
    }
    return there.digest === entry.digest;
  }

  /** Returns whether the folder has the name in this exact spelling. */
  #isSpelt(path: string): boolean {
    const name = path.slice(path.lastIndexOf("/") + 1);
    for (const one of Deno.readDirSync(`${this.target.root}/${parentOf(path)}`)) {
      if (one.name === name) return true;
    }
    return false;
  }

  #change(staged: string): Entry | undefined {
    const { action } = this;
    switch (action.kind) {
      case "put":
        if (inspectPath(this.#full)?.isDirectory === false) {
          this.target.bin?.keep(this.target.root, action.path, "copy");
        }
        if (action.entry.kind === "symlink") {
          const temporary = `${this.folder}/link`;
          Deno.symlinkSync(action.entry.target, temporary);
          Deno.renameSync(temporary, this.#full);
          return { kind: "symlink", target: action.entry.target };
        }
        return this.#place(staged, action.entry);
      case "makeFolder":
        Deno.mkdirSync(this.#full);
        return { kind: "folder" };
      case "setMode":
        return this.#mode(this.#full, action.entry);
      case "remove":
        if (this.target.bin === undefined) Deno.removeSync(this.#full);
        else this.target.bin.keep(this.target.root, action.path, "remove");
        return undefined;
      case "removeFolder":
        Deno.removeSync(this.#full);
        return undefined;
    }
  }

  #place(staged: string, entry: FileEntry): Entry {
    this.#mode(staged, entry);
    try {
      Deno.renameSync(staged, this.#full);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("os error 18")) throw error;
      // Another file system is mounted below the folder: a sibling of the path is on it.
      const beside = `${this.target.root}/${
        parentOf(this.action.path)
      }/${reservedPrefix}${this.target.key}.part`;
      Deno.copyFileSync(staged, beside);
      Deno.renameSync(beside, this.#full);
    }
    return this.target.digests.fileEntry(Deno.lstatSync(this.#full), entry.digest);
  }

  /** Permissions stay, or are copied with new files; the owner's execute bit is as required. */
  #mode(file: string, entry: FileEntry): Entry {
    if (!this.target.rules.executableBits) {
      return this.target.digests.fileEntry(Deno.lstatSync(file), entry.digest);
    }
    const there = inspectPath(this.#full);
    const bits = (there?.isFile === true ? there.mode ?? entry.mode : entry.mode) & 0o777;
    const mode = executable(entry)
      ? (bits & 0o100) !== 0 ? bits : bits | 0o100 | ((bits & 0o044) >> 2)
      : bits & ~0o111;
    Deno.chmodSync(file, mode);
    return this.target.digests.fileEntry(Deno.lstatSync(file), entry.digest);
  }
}

/** Returns a failure with the system's own message. Throws an error that isn't the system's. */
export function localFailure(error: unknown): ActionFailure {
  if (!(error instanceof Error)) throw error;
  const message = error.message.replace(/: .*? -> .*$/s, "");
  const full = /os error (?:28|122)\b/.test(message);
  if (full) return { kind: "failed", reason: "full", message };
  if (error instanceof Deno.errors.PermissionDenied) {
    return { kind: "failed", reason: "denied", message };
  }
  if (/os error (?:39|66)\b/.test(message)) return { kind: "failed", reason: "notEmpty", message };
  if (isAbsent(error)) return { kind: "failed", reason: "missing", message };
  return { kind: "failed", reason: "other", message };
}

/** Returns the file at a path, without following a link; undefined if there is nothing. */
export function inspectPath(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw cannotInspect(path, error);
  }
}

/** Returns the error of a path that can't be inspected. */
export function cannotInspect(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new KodamaError("environment", `cannot inspect ${path}: ${error.message}`, {
    cause: error,
  });
}
