/** Queries git on this machine: for the working folder, and for the user. */
import { absolutePath } from "../../base/absolute_path.ts";
import { hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import {
  type RepositoryAddress,
  repositoryAddress,
  sameRepository,
  withoutPassword,
} from "../../session/repository_url.ts";
import type { Host } from "../host.ts";

/** The origin of a folder, and its branch. */
interface LocalOrigin {
  /** Without a password, which the folder's own configuration may contain. */
  url: string;
  /** Undefined if no branch is checked out. */
  branch: string | undefined;
}

/**
 * Returns the origin of the working folder's repository.
 *
 * @throws UsageError if it has none; KodamaError `environment` if git isn't installed.
 */
export async function originOfFolder(host: Host, signal: AbortSignal): Promise<LocalOrigin> {
  const url = await git(host, ["remote", "get-url", "origin"], signal);
  const folder = host.places.workingDir;
  if (url === undefined) {
    throw new UsageError(`${folder} is in no repository with a remote named origin`, {
      hint: hint`name the repository: ${option("repo", "https://github.com/org/repo")}`,
    });
  }
  const branch = await git(host, ["symbolic-ref", "-q", "--short", "HEAD"], signal);
  return { url: withoutPassword(url), branch };
}

/** Returns the author of commits here; undefined if git doesn't know it, or isn't installed. */
export async function localAuthor(
  host: Host,
  signal: AbortSignal,
): Promise<{ name: string; email: string } | undefined> {
  if (await host.machine.findProgram("git") === undefined) return undefined;
  const [name, email] = await Promise.all(
    ["user.name", "user.email"].map((key) => git(host, ["config", "--get", key], signal)),
  );
  return name === undefined || email === undefined ? undefined : { name, email };
}

/**
 * Returns the top of the working tree that a folder is in. Undefined if it is in none, if git isn't installed, or if the
 * tree is the whole home folder: the projects in that aren't parts of it.
 */
export async function workingTreeTop(
  host: Host,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (await host.machine.findProgram("git") === undefined) return undefined;
  const place = async (path: string) => {
    const args = ["-C", path, "rev-parse", "--absolute-git-dir", "--show-toplevel"];
    const { code, stdout } = await host.machine.capture("git", [...args, "--show-prefix"], signal);
    const [gitDir = "", top = "", prefix = ""] = stdout.split("\n");
    return code === 0 && top !== "" ? { gitDir, top, prefix } : undefined;
  };
  const own = await place(folder);
  if (own === undefined || own.prefix === "") return own && folder;
  const isTop = async (path: string) => {
    const there = await place(path);
    return there?.gitDir === own.gitDir && there.top === own.top && there.prefix === "";
  };
  const home = host.env("HOME") || host.env("USERPROFILE");
  if (home && await isTop(home)) return undefined;
  // A path through symbolic links stays as the user knows it, unless it leads elsewhere.
  const known = absolutePath("../".repeat(own.prefix.split("/").length - 1), folder);
  if (await isTop(known)) return known;
  // A repository's own settings may name any folder as its working tree.
  return await isTop(own.top) ? own.top : folder;
}

/** Returns whether a remote of a folder's repository is this repository. */
export async function isCloneOf(
  host: Host,
  { folder, url }: { folder: string; url: string },
  signal: AbortSignal,
): Promise<boolean> {
  if (await host.machine.findProgram("git") === undefined) return false;
  const args = ["-C", folder, "config", "--get-regexp", "^remote\\..*\\.url$"];
  const { stdout } = await host.machine.capture("git", args, signal);
  const expected = addressOf(url);
  return expected !== undefined && stdout.split("\n").some((line) => {
    const remote = addressOf(line.slice(line.indexOf(" ") + 1).trim());
    return remote !== undefined && sameRepository(remote, expected);
  });
}

/** Returns undefined if the text isn't the address of a repository: a path, an alias. */
function addressOf(text: string): RepositoryAddress | undefined {
  try {
    return repositoryAddress(withoutPassword(text));
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Returns the first line of git's output; undefined if there is none, or it fails. */
async function git(
  host: Host,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (await host.machine.findProgram("git") === undefined) {
    throw new KodamaError("environment", "git is not installed on this machine");
  }
  const all = ["-C", host.places.workingDir, ...args];
  const { code, stdout } = await host.machine.capture("git", all, signal);
  const line = stdout.split("\n")[0]?.trim() ?? "";
  return code !== 0 || line === "" ? undefined : line;
}
