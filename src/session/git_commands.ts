/** The git commands that kodama runs in a session's pod, and their answers. Pure. */
import { plainText } from "../base/plain_text.ts";
import { devContainerPaths, kodamaFolder, workspaceFolder } from "./names.ts";
import { gitTokenFolder, sshKeyFile, sshKnownHosts } from "./git_environment.ts";
import { sessionCommand } from "./pod_script.ts";

/** A checkout to make. */
export interface Checkout {
  url: string;
  /** The repository's default branch if absent. */
  baseBranch: string | undefined;
  /** Starts at the base, and belongs to the session. If absent, the base itself is checked out. */
  ownBranch: string | undefined;
  /** The commit author, if the user's own git knows it. */
  author: { name: string; email: string } | undefined;
  /** A sync copies the files, and {@link missingFilesCommand} adds those that it omits. */
  filesBySync: boolean;
}

/** The checkout in the pod. */
export interface CheckoutState {
  branch: string;
  baseBranch: string;
  /** Empty if there is no commit yet. */
  commitHash: string;
  /** The branch was checked out just now, and not found. */
  made: boolean;
  /** Used by the repository and missing in the checkout: submodules, or files of Git LFS. */
  lacks: readonly ("submodules" | "lfs")[];
  /** The path of the branch's `devcontainer.json`. */
  devContainer?: string;
}

/** The exit codes of the script with a meaning of their own. */
export const checkoutRefusals = { noSuchBranch: 66, otherRepository: 67 } as const;

/**
 * Returns the command that creates the checkout, or finds the existing checkout. `folders` replace those of the pod.
 */
export function checkoutCommand(
  { url, baseBranch, ownBranch, author, filesBySync }: Checkout,
  folders = { workspace: workspaceFolder, state: kodamaFolder },
): string[] {
  const { name = "", email = "" } = author ?? {};
  return sessionCommand("checkout", [
    ...[url, baseBranch ?? "", ownBranch ?? "", name, email, filesBySync ? "sync" : "git"],
    ...[folders.workspace, folders.state],
  ]);
}

/** Returns the command that adds the branch's files that the sync omitted. */
export function missingFilesCommand(): string[] {
  return sessionCommand("missingFiles", [workspaceFolder, kodamaFolder]);
}

/** Returns the command that checks the SSH key. */
export function keyCheckCommand(): string[] {
  return sessionCommand("checkKey", [sshKeyFile]);
}

/** Prints the fingerprint of a host key that was trusted on first use. */
export function hostKeyCommand(host: string): string[] {
  return ["ssh-keygen", "-l", "-F", host, "-f", sshKnownHosts];
}

/** Returns the script's answer; undefined if the text isn't an answer. */
export function checkoutAnswer(stdout: string): CheckoutState | undefined {
  const lines = stdout.split("\n");
  const fields = new Map(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), plainText(line.slice(at + 1), 300)];
    }),
  );
  const lacks = (["submodules", "lfs"] as const).filter((one) => lines.includes(`lacks=${one}`));
  const devContainer = devContainerPaths.find((one) => one === fields.get("devcontainer"));
  const [branch, commitHash] = [fields.get("branch"), fields.get("commit")];
  if (branch === undefined || commitHash === undefined) return undefined;
  if (!/^(?:[0-9a-f]{40,64})?$/.test(commitHash)) return undefined;
  return {
    branch,
    baseBranch: fields.get("base") ?? "",
    commitHash,
    made: fields.get("made") === "1",
    lacks,
    ...(devContainer === undefined ? {} : { devContainer }),
  };
}

/** The work in the workspace since the checkout. */
export interface WorkState {
  branch: string;
  commitHash: string;
  /** Commits that the base lacks. */
  commits: number;
  /** The latest commits, at most five: abbreviated hash and subject. */
  latest: readonly { hash: string; subject: string }[];
  /** Files that are changed and not committed. */
  uncommitted: number;
}

/** Returns the command that requests it. */
export function workCommand(): string[] {
  return sessionCommand("workState", [workspaceFolder]);
}

/** The work that a repository alone has. */
interface OwnWork {
  /** Commits that neither the origin nor a `kodama pull` has; of the latest, at most five, hash and subject. */
  commits: number;
  latest: readonly string[];
  stashes: number;
  /** Paths that aren't committed. */
  files: readonly string[];
}

/** Returns the command that requests it. */
export function ownWorkCommand(workspace = workspaceFolder): string[] {
  return sessionCommand("unsaved", [workspace]);
}

/** The exit code for a folder that isn't a repository. */
export const noRepository = 68;

/** Returns its answer; undefined if the text isn't an answer. */
export function ownWorkAnswer(stdout: string): OwnWork | undefined {
  const end = stdout.indexOf("\n\n");
  const match = /^commits\s+(\d+)\nstashes\s+(\d+)/.exec(stdout);
  if (end < 0 || match === null) return undefined;
  // Two letters of state and a space come before each path; the last path may be cut.
  const files = stdout.slice(end + 2).split("\0").slice(0, -1).map((line) => line.slice(3));
  const latest = stdout.slice(0, end).split("\n").filter((line) => line.startsWith("log "));
  return {
    commits: Number(match[1]),
    latest: latest.map((line) => plainText(line.slice(4), 200)),
    stashes: Number(match[2]),
    files: files.map((path) => plainText(path)),
  };
}

/** Returns the command that records that a branch's commit was pulled. */
export function pulledCommand(
  { branch, commitHash }: { branch: string; commitHash: string },
  workspace = workspaceFolder,
): string[] {
  return sessionCommand("pulled", [workspace, branch, commitHash]);
}

/** The files that differ from the base. */
export interface WorkDiff {
  /** The commit that the work started from. */
  base: string;
  /** As git writes it: commits, and changes that aren't committed. */
  diff: string;
  /** Paths that git doesn't track. */
  untracked: readonly string[];
}

/** Returns the command that requests it, with at most this many bytes of the diff. */
export function diffCommand(bytes: number): string[] {
  return sessionCommand("workDiff", [workspaceFolder, String(bytes)]);
}

/** Returns its answer; undefined if the text isn't an answer. */
export function diffAnswer(stdout: string): WorkDiff | undefined {
  const at = stdout.indexOf("\0\n");
  const [base = "", ...untracked] = stdout.slice(0, Math.max(0, at)).split("\0");
  if (!/^[0-9a-f]{40,64}$/.test(base)) return undefined;
  return { base, diff: stdout.slice(at + 2), untracked: untracked.map((path) => plainText(path)) };
}

/** Returns its answer; undefined if the text isn't an answer. */
export function workAnswer(stdout: string): WorkState | undefined {
  const lines = stdout.split("\n").map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), plainText(line.slice(at + 1), 200)] as const;
  });
  const field = (name: string) => lines.find(([word]) => word === name)?.[1];
  const branch = field("branch");
  if (branch === undefined) return undefined;
  return {
    branch,
    commitHash: field("commit") ?? "",
    commits: Number(field("commits")) || 0,
    uncommitted: Number(field("uncommitted")) || 0,
    latest: lines.filter(([word]) => word === "log").slice(0, 5).map(([, text]) => {
      const [hash = "", ...subject] = text.split(" ");
      return { hash, subject: subject.join(" ") };
    }),
  };
}

/** The exit code of the bundle for a workspace that isn't a repository, or has no commit. */
export const nothingToPull = 68;

/** Returns the command that bundles the branch. Thin: without the origin's commits, which mostly exist locally. */
export function bundleCommand(size: "thin" | "whole"): string[] {
  return sessionCommand("bundle", [workspaceFolder, size]);
}

/** The checked-out branch, beside its origin. */
export interface BranchState {
  branch: string;
  /** Empty if the checkout had none. */
  base: string;
  /** Commits that the base lacks, as the origin had it at the last fetch. */
  ahead: number;
  /** Commits that the origin lacks. */
  unpushed: number;
  /** Files that are changed and not committed. */
  uncommitted: number;
  pushed: boolean;
}

/** The exit codes of the branch's script with a meaning of their own. */
export const branchRefusals = { noCommit: 68, refused: 69 } as const;

/**
 * Returns the command that describes the branch, and pushes it if requested.
 *
 * @param options `variables`: names of variables whose values mustn't be pushed.
 */
export function branchCommand(
  { push, variables }: { push: boolean; variables: readonly string[] },
  paths = { workspace: workspaceFolder, token: `${gitTokenFolder}/token` },
): string[] {
  return sessionCommand("branch", [paths.workspace, push ? "1" : "0", paths.token, ...variables]);
}

/** Returns its answer; undefined if the text isn't an answer. The caller checks the branches. */
export function branchAnswer(stdout: string): BranchState | undefined {
  const match = new RegExp(
    "^branch (\\S{1,200})\nbase (\\S{0,200})\nahead (\\d+)\nunpushed (\\d+)\nuncommitted\\s+(\\d+)\npushed ([01])$",
    "m",
  ).exec(stdout);
  if (match === null) return undefined;
  const [, branch = "", base = "", ahead, unpushed, uncommitted, pushed] = match;
  return {
    branch,
    base,
    ahead: Number(ahead),
    unpushed: Number(unpushed),
    uncommitted: Number(uncommitted),
    pushed: pushed === "1",
  };
}

/** The branch in a bundle. */
export interface Bundled {
  branch: string;
  commitHash: string;
  uncommitted: number;
}

/** Returns undefined if it isn't the script's output. The caller checks the branch. */
export function bundleAnswer(stderr: string): Bundled | undefined {
  const match = /^branch (\S{1,200})\ncommit ([0-9a-f]{40,64})\nuncommitted\s+(\d+)$/m.exec(stderr);
  if (match === null) return undefined;
  const [, branch = "", commitHash = "", uncommitted] = match;
  return { branch, commitHash, uncommitted: Number(uncommitted) };
}
