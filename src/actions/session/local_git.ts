/** Queries git on this machine: for the working folder, and for the user. */
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
export interface LocalOrigin {
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

/** Returns whether a remote of a folder's repository is this one. */
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
