/** Trust in workflow files of repositories: requested once, stored, listed, revoked, locked. */
import { workflowFiles } from "./workflow_files.ts";
import { action, hint, option } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest_names.ts";
import { fingerprintOf, type ReadFile } from "../../sandbox/fingerprint.ts";
import { grantsAnything, permissionWords } from "../../sandbox/permission_text.ts";
import {
  decideTrust,
  lockName,
  lockText,
  parseLock,
  parseTrustList,
  type TrustDecision,
  TrustedFiles,
  type TrustEntry,
  trustLimits,
  trustListText,
  type TrustNow,
} from "../../sandbox/trust.ts";
import type { Permissions } from "../../workflow/model.ts";
import { listWorkflowFiles, ownWorkflowFolders } from "../../workflow/find_workflow.ts";
import { absolute } from "../../workflow/permissions.ts";
import type { Host } from "../host.ts";

export type { TrustedBecause, TrustNow } from "../../sandbox/trust.ts";

/** A loaded workflow: all files that it refers to, itself included, and its permissions. */
export interface TrustSubject {
  name: string;
  path: string;
  files: readonly ReadFile[];
  permissions: Permissions;
  /** Steps that change pods or the cluster, a line each. */
  changes: readonly string[];
  /** Steps that only read, and may show the values of Secrets, a line each. */
  secrets: readonly string[];
  /** A workflow of the same name is shipped with kodama. */
  hidesShipped: boolean;
  /** It is a test: the pods are processes of the user's, on this machine. */
  isTest?: true;
}

/** The question to the user. */
export interface TrustAsk {
  name: string;
  path: string;
  /** It was never trusted, or has changed since. */
  seen: "new" | "changed";
  /** Files that differ from those that were trusted, relative to the workflow's folder. */
  changed: readonly string[];
  /** Its permissions, a line each. */
  permissions: readonly string[];
  /** A workflow of the same name is shipped with kodama, and would run without it. */
  hidesShipped: boolean;
}

/** The scope of a yes. */
export interface TrustOptions {
  /** For this run, without a question; nothing is stored. */
  trustNow: TrustNow;
  /** Undefined if no one can be asked. */
  ask?: (question: TrustAsk) => Promise<boolean>;
}

/**
 * Resolves if the workflow is trusted, or if the user trusts it now; a yes is stored.
 *
 * @returns the trusted texts. A run must use these: a file may have changed by the time its step starts.
 * @throws KodamaError `declined` after a no, `untrusted` if no one can be asked, or a lock doesn't have these files.
 */
export async function ensureTrusted(
  host: Host,
  subject: TrustSubject,
  options: TrustOptions,
): Promise<TrustedFiles> {
  const { name, files } = subject;
  const canAsk = options.ask !== undefined;
  const decision = await trustOf(host, subject, { trustNow: options.trustNow, canAsk });
  if (decision.kind === "refused") throw await refused(host, subject, decision);
  if (decision.kind === "unlocked") throw unlocked(subject, decision);
  if (decision.kind === "ask") {
    if (!await options.ask?.(askOf(subject, decision))) {
      const what = subject.isTest ? "test" : "workflow";
      throw new KodamaError("declined", `the ${what} ${name} isn't trusted, and nothing was run`);
    }
    await trust(host, subject);
    return TrustedFiles.of({ kind: "trusted", because: "asked" }, files);
  }
  return TrustedFiles.of(decision, files);
}

/** Returns the question about a workflow that isn't trusted. */
export function askOf(
  subject: TrustSubject,
  { seen, changed }: Pick<TrustAsk, "seen" | "changed">,
): TrustAsk {
  const { name, path, hidesShipped } = subject;
  return { name, path, seen, changed, permissions: powersOf(subject), hidesShipped };
}

/** Returns what a workflow may do besides reading in its pods, a line each. */
function powersOf({ permissions, changes, secrets, isTest }: TrustSubject): string[] {
  const where = isTest ? "run processes on this machine, as you" : "change its pods";
  return [
    ...permissionWords(permissions),
    ...changes.map((does) => `${where}: ${does}`),
    ...secrets.map((does) => `read Secrets: ${does}`),
  ];
}

/** Returns whether it is trusted, without asking. */
export async function trustOf(
  host: Host,
  subject: TrustSubject,
  options: { trustNow: TrustNow; canAsk: boolean },
): Promise<TrustDecision> {
  const path = absolute(subject.path, host.places.workingDir);
  const { permissions, changes, secrets, hidesShipped } = subject;
  const needsTrust = grantsAnything(permissions) || changes.length > 0 || secrets.length > 0 ||
    hidesShipped;
  const ownFolders = ownWorkflowFolders(host.places);
  // Nothing is read or hashed for a workflow that needs no trust.
  const isAsked = needsTrust && options.trustNow !== true;
  const isLocked = isAsked && options.trustNow === "locked";
  const locked = isLocked ? (await readLock(host, path))?.[nameOf(path)] : undefined;
  return decideTrust({
    path,
    files: isAsked ? await fingerprintOf(path, subject.files) : {},
    needsTrust,
    ownFolders,
    trusted: isAsked ? await listTrusted(host) : [],
    ...(locked === undefined ? {} : { locked }),
    trustNow: options.trustNow,
    canAsk: options.canAsk,
  });
}

/** Stores a yes to exactly these files. */
export async function trust(host: Host, subject: TrustSubject): Promise<TrustEntry> {
  const path = absolute(subject.path, host.places.workingDir);
  const entry: TrustEntry = {
    path,
    files: await fingerprintOf(path, subject.files),
    permissions: powersOf(subject),
    trustedAt: host.clock.now().toISOString(),
  };
  await changeTrusted(host, (all) => [...all.filter((one) => one.path !== path), entry]);
  return entry;
}

async function changeTrusted(
  host: Host,
  change: (all: readonly TrustEntry[]) => readonly TrustEntry[],
): Promise<void> {
  const path = listPath(host);
  await host.files.changeText(
    path,
    trustLimits.bytes,
    (text) => trustListText(change(parseTrustList(path, text))),
  );
}

/**
 * Returns the trusted workflows, the oldest first.
 *
 * @throws KodamaError `config` if all users may have written the list.
 */
export async function listTrusted(host: Host): Promise<readonly TrustEntry[]> {
  if (host.places.userDir === undefined) return [];
  const path = listPath(host);
  if (await host.files.controlledByOthers(path) === "mode") {
    throw new KodamaError("config", `all users may write to ${path}, or to its folder`, {
      hint: "look at what it trusts, then chmod o-w it and its folder",
    });
  }
  return parseTrustList(path, await host.files.readText(path, trustLimits.bytes));
}

/**
 * Revokes trust: of the workflows that an argument names, by path or by name, or of all.
 *
 * @returns the paths that were trusted before.
 * @throws KodamaError `notFound` for an argument that names none, with the nearest names.
 */
export async function revokeTrust(
  host: Host,
  which: { kind: "all" } | { kind: "named"; word: string },
): Promise<readonly string[]> {
  const all = await listTrusted(host);
  const gone = which.kind === "all"
    ? all
    : all.filter(({ path }) =>
      which.word.includes("/")
        ? path === absolute(which.word, host.places.workingDir)
        : [nameOf(path), stemOf(path)].includes(which.word)
    );
  if (which.kind === "named" && gone.length === 0) {
    const near = await didYouMean(which.word, all.map(({ path }) => stemOf(path)));
    throw new KodamaError("notFound", `no workflow ${which.word} is trusted${near}`, {
      hint: hint`${action("workflow.trust.list")} shows what is`,
    });
  }
  const paths = new Set(gone.map(({ path }) => path));
  if (gone.length > 0) {
    await changeTrusted(host, (now) => now.filter(({ path }) => !paths.has(path)));
  }
  return gone.map((entry) => entry.path);
}

/**
 * Returns the text of a lock file for workflows of one folder, to be stored there as `kodama.lock`.
 *
 * @throws KodamaError `usage` if they are in several folders: each folder has its own.
 */
export async function lockFor(host: Host, subjects: readonly TrustSubject[]): Promise<string> {
  const paths = subjects.map(({ path }) => absolute(path, host.places.workingDir));
  const folders = new Set(paths.map(lockPath));
  if (folders.size > 1) {
    throw new KodamaError("usage", "a lock file is for the workflows of one folder", {
      hint: `lock these by themselves: ${[...folders].map(folderOf).join(", ")}`,
    });
  }
  const prints = await Promise.all(
    subjects.map(async ({ files }, index) => {
      const path = paths[index] ?? "";
      return [nameOf(path), await fingerprintOf(path, files)] as const;
    }),
  );
  return lockText(Object.fromEntries(prints));
}

async function readLock(host: Host, workflow: string) {
  const path = lockPath(workflow);
  const text = await host.files.readText(path, trustLimits.bytes);
  return text === undefined ? undefined : parseLock(path, text);
}

async function refused(
  host: Host,
  { name, path, isTest }: TrustSubject,
  decision: TrustDecision & { kind: "refused" },
): Promise<KodamaError> {
  const { seen, changed } = decision;
  const known = await listWorkflowFiles(await workflowFiles(host), host.places);
  const word = known.some((one) => one.path === path) ? name : path;
  const why = seen === "new"
    ? "isn't trusted yet"
    : `has changed since it was trusted${listed(changed)}`;
  return new KodamaError(
    "untrusted",
    `the ${
      isTest ? "test" : "workflow"
    } ${name} (${path}) ${why}, and there is no terminal to ask on`,
    {
      hint: isTest
        ? hint`look at it, and answer the question on a terminal; in CI ${option("locked")} or ${
          option("trust")
        }`
        : hint`look at it, then: ${action("workflow.trust.add", { path: word })}; in CI ${
          option("locked")
        } with a ${lockName} beside it, or ${option("trust")}`,
    },
  );
}

function unlocked(
  { name, path, isTest }: TrustSubject,
  { seen, changed }: TrustDecision & { kind: "unlocked" },
): KodamaError {
  const why = seen === "new"
    ? `isn't in a ${lockName} beside it`
    : `has changed since it was locked${listed(changed)}`;
  return new KodamaError(
    "untrusted",
    `the ${isTest ? "test" : "workflow"} ${name} (${path}) ${why}`,
    {
      hint: seen === "new"
        ? hint`look at it, then write ${lockName}: ${action("workflow.trust.lock")}`
        : hint`look at what has changed, then write ${lockName} again: ${
          action("workflow.trust.lock")
        }`,
    },
  );
}

function listed(changed: readonly string[]): string {
  return changed.length > 0 ? `: ${changed.slice(0, 5).join(", ")}` : "";
}

function listPath(host: Host): string {
  return `${host.places.configDir}/trust.json`;
}

function lockPath(workflow: string): string {
  return `${folderOf(workflow)}/${lockName}`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function stemOf(path: string): string {
  return nameOf(path).replace(/\.ya?ml$/, "");
}
