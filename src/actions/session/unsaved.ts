/** The work that is in a session's workspace alone: the end of the workspace would lose it. */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { action, hint, joinHints, option } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import { plural } from "../../base/plural.ts";
import { lastOutput, runInPod } from "../../podscript/run_in_pod.ts";
import { noRepository, ownWorkAnswer, ownWorkCommand } from "../../session/git_commands.ts";
import { type Unsaved, unsavedLines } from "../../session/unsaved.ts";
import { liveStatus } from "../../session/status.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { targetOf } from "../find_session.ts";
import type { Host } from "../host.ts";
import type { OpenedSession } from "../session_ref.ts";
import { flushSync, type SyncProgress } from "../sync/syncs.ts";
import { syncHere } from "./sync_here.ts";

/** A pod that doesn't describe its repository within this time isn't waited for. */
const lookLimitMs = 5_000;

/** A session that the cluster has stored, and its pod, if there is any. */
type Opened = Pick<OpenedSession, "store" | "stored" | "pod">;

/**
 * Returns the work of a repository that nothing else has, and why the workspace can't be looked at. A sync is asked by
 * {@link saveWork}.
 */
export async function unsavedWork(
  host: Host,
  { store, stored: { session, uid }, pod }: Opened,
  signal: AbortSignal,
): Promise<Unsaved[]> {
  const owner = { ...session, context: store.client.context, uid };
  const isSynced = await syncHere(host, owner) !== undefined;
  if (pod === undefined || liveStatus(session, pod).status !== "Running") {
    if (session.allSaved === true) return [];
    return [{
      kind: "unknown",
      reason: "its pod doesn't run, so its workspace can't be looked at",
    }];
  }
  using deadline = new Deadline(host.clock, lookLimitMs, signal);
  const target = targetOf(store, pod);
  const access = { client: store.client, target, clock: host.clock, signal: deadline.signal };
  const result = await runInPod(access, { argv: ownWorkCommand() }).catch((error: unknown) => {
    if (!deadline.expired) throw error;
  });
  if (result === undefined) return [{ kind: "unknown", reason: "its pod doesn't answer" }];
  const { outcome } = result;
  if (outcome.kind === "failed" && outcome.exitCode === noRepository) {
    return isSynced || !session.sync.enabled ? [] : [elsewhere(session.sync)];
  }
  const work = outcome.kind === "ok" ? ownWorkAnswer(result.stdout) : undefined;
  if (work !== undefined) {
    const found: Unsaved[] = [];
    if (work.commits + work.stashes > 0) {
      found.push({ kind: "commits", count: work.commits + work.stashes, latest: work.latest });
    }
    // A sync has brought the files, or reports those that it hasn't.
    if (work.files.length > 0 && !isSynced) found.push({ kind: "files", files: work.files });
    return found;
  }
  return [{ kind: "unknown", reason: `its workspace can't be looked at: ${lastOutput(result)}` }];
}

/**
 * Brings the session's sync to its end, so that this machine has all files, and returns the remaining work: see {@link
 * Unsaved}. Nothing is changed but by the sync.
 */
export async function* saveWork(
  host: Host,
  opened: Opened,
  signal: AbortSignal,
): AsyncGenerator<SyncProgress, readonly Unsaved[]> {
  const { store, stored: { session, uid }, pod } = opened;
  const report = await syncHere(host, { ...session, context: store.client.context, uid });
  const unfetched = pod === undefined || report === undefined
    ? undefined
    : yield* unfetchedOf(host, report, signal);
  const others = await unsavedWork(host, opened, signal);
  return [...(unfetched === undefined ? [] : [unfetched]), ...others];
}

/** The state of a session names the folder of its sync, which may be on another machine. */
function elsewhere({ localPath = "a folder" }: { localPath?: string }): Unsaved {
  const reason = `it's synced with ${plainText(localPath, 300)}, and not from this machine`;
  return { kind: "unfetched", reason, files: [] };
}

async function* unfetchedOf(
  host: Host,
  report: SyncReport,
  signal: AbortSignal,
): AsyncGenerator<SyncProgress, Unsaved | undefined> {
  const { spec: { key }, state: { phase, reason } } = report;
  if (report.pid === null || phase === "paused" || phase === "halted") {
    const why = `its sync ${key} is ${phase}${reason === "" ? "" : ` (${plainText(reason, 200)})`}`;
    return { kind: "unfetched", reason: why, files: [] };
  }
  try {
    return heldBack(yield* flushSync(host, key, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KodamaError)) throw error;
    const now = (await (await host.sync()).read(key)) ?? report;
    return { kind: "unfetched", reason: error.message, files: pathsOf(now) };
  }
}

/** The files that a complete sync can't fetch from the pod. */
function heldBack(report: SyncReport): Unsaved | undefined {
  const files = pathsOf(report);
  if (files.length === 0) return undefined;
  return {
    kind: "unfetched",
    reason: `${plural(files.length, "file")} of the pod can't be synced`,
    files,
  };
}

/** The paths that are in the pod alone, or with content of their own. */
function pathsOf({ state: { problems } }: SyncReport): string[] {
  return problems.filter(({ kind, side }) =>
    kind === "held" || kind === "blocked" ||
    (kind === "failed" && side === "local") || (kind === "diverged" && side === "remote")
  ).map(({ path }) => path === "" ? "everything" : plainText(path));
}

/** Which unsaved work an end of the workspace may lose. */
export type Accepted =
  | "nothing"
  /** The work that a person has seen: all but files that a sync couldn't fetch. */
  | "shown"
  | "everything";

/** An end that would lose work; nothing was ended. */
class UnsavedError extends KodamaError {
  override readonly name = "UnsavedError";

  constructor(session: string, readonly unsaved: readonly Unsaved[]) {
    const [first = ""] = unsavedLines(unsaved);
    const more = unsaved.length > 1 ? ` (and ${unsaved.length - 1} more)` : "";
    super("conflict", `session "${session}" has work that nothing else has: ${first}${more}`, {
      hint: unsavedHint(session, unsaved),
    });
  }
}

/** @throws UnsavedError if there is work that isn't accepted. */
export function requireSaved(
  session: string,
  unsaved: readonly Unsaved[],
  accepted: Accepted,
): void {
  if (accepted === "everything") return;
  const lost = unsaved.filter(({ kind }) => accepted === "nothing" || kind === "unfetched");
  if (lost.length > 0) throw new UnsavedError(session, lost);
}

function unsavedHint(name: string, unsaved: readonly Unsaved[]) {
  const kinds = new Set(unsaved.map(({ kind }) => kind));
  return joinHints([
    ...(kinds.has("unfetched") ? [hint`${action("sync.status")} has the details`] : []),
    ...(kinds.has("commits") ? [hint`${action("pull", { name })} fetches the commits`] : []),
    ...(kinds.has("files")
      ? [hint`${action("cp", { source: `kodama-${name}` })}:/workspace/ . copies the files`]
      : []),
    ...(kinds.has("unknown")
      ? [hint`after ${action("resume", { name })} it can be looked at`]
      : []),
    hint`${option("discard")} loses it`,
  ], "; ");
}
