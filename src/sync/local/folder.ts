/** This machine's end of a synchronisation: a folder here, scanned and changed. */
import { quietGitArgs } from "../../base/git_arguments.ts";
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Endpoint, Inspection } from "../core/endpoint.ts";
import type { Digests } from "../remote/digests.ts";
import { reservedPrefix } from "../remote/loop.ts";
import { linuxRules, type SideRules } from "../core/skipped_paths.ts";
import type { IgnoreScope, IgnoreSource, Ignoring } from "../core/ignore_rules.ts";
import { type Entry, type Snapshot, unsafePath } from "../core/model.ts";
import type { SyncAction } from "../core/plan.ts";
import type { Content, RequestedFile, StepResult } from "../core/tree.ts";
import { ifPresentSync, isAbsent } from "../../files/errors.ts";
import type { Bin } from "./bin.ts";
import { LocalDigests } from "./digests.ts";
import { cannotInspect, inspectPath, performLocal } from "./steps.ts";

/** A walk yields after this many entries. */
const turnEntries = 400;
const maxEntries = 1_000_000;

/** A folder of this machine. */
export class LocalFolder implements Endpoint {
  readonly #digests = new LocalDigests();

  /**
   * @param root absolute path.
   * @param key of the synchronisation: the prefix of its own files in the folder.
   * @param bin where files go that the pod's changes remove or replace.
   */
  constructor(
    private readonly root: string,
    private readonly key: string,
    private readonly rules: SideRules,
    private readonly bin?: Bin,
  ) {}

  /** Sets how contents are compared from now on: as the other end does. */
  use(digests: Digests): void {
    this.#digests.use(digests);
  }

  async scan(ignoring: Ignoring, signal: AbortSignal): Promise<Snapshot> {
    const root = this.#identity();
    const walk = new Walk(this.root, this.#digests, ignoring, signal);
    await walk.enter("", ignoring.top);
    this.#digests.keepOnly(walk.entries);
    return { root, entries: walk.entries, unread: walk.unread };
  }

  async inspect(
    paths: readonly string[],
    ignoring: Ignoring,
    signal: AbortSignal,
  ): Promise<Inspection> {
    const entries = new Map<string, Entry | undefined>();
    const whole: string[] = [];
    let needsScan = false;
    for (const path of paths) {
      if (unsafePath(path) || path.includes("\n") || this.#isReserved(path)) continue;
      const info = inspectPath(`${this.root}/${path}`);
      const kind = info?.isDirectory === true ? "folder" : "other";
      if (ignoring.ignores(path, kind)) continue;
      if (info?.isDirectory !== true) {
        this.#digests.forget(path);
        const entry = info && this.#digests.entryAt(this.root, path, info);
        if (entry === "unread") needsScan = true;
        else entries.set(path, entry);
        continue;
      }
      const walk = new Walk(this.root, this.#digests, ignoring, signal);
      const at = path.lastIndexOf("/");
      await walk.enter(path, scopeFor(path, ignoring));
      if (
        walk.unread.size > 0 ||
        at >= 0 && inspectPath(`${this.root}/${path.slice(0, at)}`) === undefined
      ) {
        needsScan = true;
      }
      whole.push(path);
      entries.set(path, { kind: "folder" });
      for (const [below, entry] of walk.entries) entries.set(below, entry);
    }
    return { entries, whole, needsScan };
  }

  read(requested: readonly RequestedFile[]): AsyncIterable<Content> {
    return readContents(this.root, requested);
  }

  perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
    signal: AbortSignal,
  ): AsyncIterable<StepResult> {
    const { root, key, rules, bin } = this;
    const place = { ...{ root, key, rules, bin }, digests: this.#digests };
    return performLocal(place, { steps, contents, signal });
  }

  #isReserved(path: string): boolean {
    return path.split("/").some((name) => name.startsWith(reservedPrefix));
  }

  /** Throws KodamaError if there is no such folder: an unmounted folder isn't empty. */
  #identity(): string {
    try {
      const { isDirectory, dev, ino } = Deno.statSync(this.root);
      if (isDirectory) return `${dev}:${ino ?? ""}`;
    } catch (error) {
      if (!isAbsent(error)) throw cannotInspect(this.root, error);
    }
    throw new KodamaError("notFound", `the folder ${this.root} of this machine is gone`, {
      hint: hint`bring it back, or end the sync: ${action("sync.stop")}`,
    });
  }
}

/** Returns the rules of a folder, none of whose parents is ignored. */
function scopeFor(path: string, ignoring: Ignoring): IgnoreScope {
  let scope = ignoring.top;
  const names = path.split("/");
  for (const [at, name] of names.entries()) {
    scope = scope.enter(name, ignoring.sources(names.slice(0, at + 1).join("/")));
  }
  return scope;
}

/** A walk through a folder and all of its content. */
class Walk {
  readonly entries = new Map<string, Entry>();
  readonly unread = new Set<string>();
  #count = 0;

  constructor(
    private readonly root: string,
    private readonly digests: LocalDigests,
    private readonly ignoring: Ignoring,
    private readonly signal: AbortSignal,
  ) {}

  async enter(folder: string, scope: IgnoreScope): Promise<void> {
    const found = this.#namesIn(folder);
    for (const { name, isDirectory } of found) {
      if (++this.#count % turnEntries === 0) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        this.signal.throwIfAborted();
      }
      const path = folder === "" ? name : `${folder}/${name}`;
      if (name.startsWith(reservedPrefix)) continue;
      if (scope.ignores(name, isDirectory ? "folder" : "other")) this.#holdsOthers(folder);
      else if (this.entries.size >= maxEntries) this.unread.add("");
      else if (unsafePath(path) || path.includes("\n")) this.#leave(path, folder);
      else if (isDirectory) {
        this.entries.set(path, { kind: "folder" });
        await this.enter(path, scope.enter(name, this.ignoring.sources(path)));
      } else this.#take(path, folder);
    }
  }

  #namesIn(folder: string): Deno.DirEntry[] {
    try {
      return [...Deno.readDirSync(`${this.root}/${folder}`)];
    } catch (error) {
      // Removed since its name was read: the next scan takes that into account.
      if (!isAbsent(error) || folder === "") this.unread.add(folder);
      return [];
    }
  }

  #take(path: string, folder: string): void {
    const info = inspectPath(`${this.root}/${path}`);
    if (info === undefined) return;
    const entry = this.digests.entryAt(this.root, path, info);
    if (entry === "unread") this.unread.add(path);
    else if (entry === undefined) this.#holdsOthers(folder);
    else this.entries.set(path, entry);
  }

  /** Skips a name that can't be written down for the other side; its siblings are unaffected. */
  #leave(path: string, folder: string): void {
    this.unread.add(path);
    this.#holdsOthers(folder);
  }

  #holdsOthers(folder: string): void {
    if (folder !== "") this.entries.set(folder, { kind: "folder", holdsOthers: true });
  }
}

/* Contents of this machine's files, for the other end. */

/** Read at once: a thousand small files are read in the time of ten. */
const smallBytes = 1024 * 1024;
const pieceBytes = 256 * 1024;

/** Yields the contents in the given order; omits those that can't be read any more. */
async function* readContents(
  root: string,
  requested: readonly RequestedFile[],
): AsyncGenerator<Content> {
  for (const [at, { path, entry }] of requested.entries()) {
    const file = `${root}/${path}`;
    if (entry.size <= smallBytes) {
      const bytes = readWhole(file);
      if (bytes !== undefined) yield { at, size: bytes.length, body: once(bytes) };
      continue;
    }
    const open = await Deno.open(file).catch(() => undefined);
    if (open === undefined) continue;
    try {
      const { size, isFile } = await open.stat();
      if (isFile) yield { at, size, body: pieces(open, size) };
    } finally {
      open.close();
    }
  }
}

function readWhole(file: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(file);
  } catch {
    return undefined;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}

/** Yields exactly `size` bytes: a file that shrinks continues in zeros, which its digest rejects. */
async function* pieces(open: Deno.FsFile, size: number): AsyncGenerator<Uint8Array> {
  for (let remaining = size; remaining > 0;) {
    const buffer = new Uint8Array(Math.min(remaining, pieceBytes));
    const count = await open.read(buffer) ?? 0;
    const bytes = count === 0 ? buffer : buffer.subarray(0, count);
    remaining -= bytes.length;
    yield bytes;
  }
}

/** Tested in the folder itself: a disk's features depend on the disk, not on the system. */
export async function rulesOfFolder(root: string, key: string): Promise<SideRules> {
  if (Deno.build.os === "windows") {
    return {
      ...linuxRules,
      ignoresCase: true,
      windowsNames: true,
      executableBits: false,
      symlinks: false,
    };
  }
  const folder = `${root}/${reservedPrefix}${key}`;
  await Deno.mkdir(folder, { recursive: true });
  try {
    await Deno.writeTextFile(`${folder}/case\u00e9`, "");
    const isThere = (name: string) => Deno.lstat(`${folder}/${name}`).then(() => true, () => false);
    return {
      ...linuxRules,
      ignoresCase: await isThere("CASE\u00c9"),
      ignoresComposition: await isThere("casee\u0301"),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/* The ignore files of a folder of this machine. */

/**
 * The parts of a repository that may be synced: its history, and the state of its working tree. The others decide which
 * programs git runs: `config` and `hooks`, `commondir` and `modules` that lead to others of these, `info/attributes`,
 * lines of `rebase-merge`.
 */
const syncedGitParts = [
  ...["HEAD", "ORIG_HEAD", "FETCH_HEAD", "index", "packed-refs", "shallow"],
  ...["objects", "refs", "logs"],
];

/**
 * Returns the rules for every `.git` of a folder: it is ignored, or all but some parts of it. A file of that name leads
 * to a repository in another place. `git~1` is a folder's other name on Windows.
 */
function repositoryRules(git: boolean): string {
  const all = [".git", "git~1"];
  const parts = ["!.git/", "**/.git/*", ...syncedGitParts.map((name) => `!**/.git/${name}`)];
  return [...all, ...(git ? parts : [])].map((line) => `${line}\n`).join("");
}

/**
 * Returns a reader of the sources of a folder, "" for the top.
 *
 * @param options `git`: repositories are synced too; `globalIgnore`: git's ignore file of the user, if there is such a
 * file.
 */
export function ignoreSources(
  root: string,
  { git, useGitignore, excludePatterns, globalIgnore }: {
    git: boolean;
    useGitignore: boolean;
    excludePatterns: readonly string[];
    globalIgnore?: string | undefined;
  },
): (folder: string) => readonly IgnoreSource[] {
  return (folder) => {
    const sources: IgnoreSource[] = [];
    if (folder === "") sources.push({ rank: "fixed", name: ".git", text: repositoryRules(git) });
    if (folder === "" && excludePatterns.length > 0) {
      sources.push({
        rank: "settings",
        name: "sync.excludePatterns",
        text: `${excludePatterns.join("\n")}\n`,
      });
    }
    const add = (rank: IgnoreSource["rank"], name: string, text = textOf(name)) => {
      if (text !== undefined) sources.push({ rank, name, text });
    };
    const base = `${root}/${folder === "" ? "" : `${folder}/`}`;
    add("kodamaignore", `${base}.kodamaignore`);
    if (!useGitignore) return sources;
    add("gitignore", `${base}.gitignore`);
    if (folder !== "") return sources;
    add("exclude", `${root}/.git/info/exclude`);
    // The file is the user's own, and often a link to their dotfiles.
    if (globalIgnore !== undefined) add("global", globalIgnore, linkedTextOf(globalIgnore));
    return sources;
  };
}

/**
 * Returns the files of a folder that git tracks though its rules match them: such a file isn't ignored. None without git,
 * and outside of a working tree.
 */
export async function trackedFiles(
  root: string,
  env: (name: string) => string | undefined,
): Promise<string[]> {
  const variables = ["HOME", "XDG_CONFIG_HOME", "PATH"].flatMap((name) => {
    const value = env(name);
    return value === undefined ? [] : [[name, value]];
  });
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", root, ...quietGitArgs, "ls-files", "-z", "-c", "-i", "--exclude-standard"],
      env: Object.fromEntries(variables),
      clearEnv: true,
      stderr: "null",
    }).output();
    if (!success) return [];
    const paths = new TextDecoder().decode(stdout).split("\0");
    // Names that aren't UTF-8 aren't synced.
    return paths.filter((path) => path !== "" && !path.includes("\ufffd"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Returns the path of git's ignore file of the user, which needn't exist; undefined without a home folder.
 *
 * @param env the user's environment.
 */
export async function globalIgnoreFile(
  env: (name: string) => string | undefined,
): Promise<string | undefined> {
  const home = env("HOME") ?? env("USERPROFILE");
  try {
    const args = ["config", "--global", "--type=path", "--get", "core.excludesFile"];
    const variables = ["HOME", "XDG_CONFIG_HOME"].flatMap((name) => {
      const value = env(name);
      return value === undefined ? [] : [[name, value]];
    });
    const { success, stdout } = await new Deno.Command("git", {
      args,
      env: Object.fromEntries(variables),
      stderr: "null",
    }).output();
    const path = new TextDecoder().decode(stdout).trim();
    if (success && path !== "") return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // Without git, its default counts.
  }
  const config = env("XDG_CONFIG_HOME") || (home === undefined ? undefined : `${home}/.config`);
  return config === undefined ? undefined : `${config}/git/ignore`;
}

function linkedTextOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isAbsent(error) || error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  }
}

function textOf(path: string): string | undefined {
  // git doesn't read its rules through a link either.
  return ifPresentSync(() => Deno.lstatSync(path).isFile ? Deno.readTextFileSync(path) : undefined);
}
