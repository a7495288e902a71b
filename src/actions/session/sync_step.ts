/** Syncs a session's folder with its workspace, as a step of its start. */
import type { Target } from "../../kube/select/target.ts";
import { workspaceFolder } from "../../session/names.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";
import type { SyncedSession, SyncReport, SyncSpec } from "../../sync/daemon/model.ts";
import { stillText } from "../sync/first_wait.ts";
import { startSync, type SyncStartEvent } from "../sync/start_sync.ts";
import { excludedFromWorkspace } from "../sync/dotenv_ignore.ts";
import { excludedBySettings } from "../sync/plan_sync.ts";
import { stopSync, syncStatus } from "../sync/syncs.ts";
import { isSyncOf, syncKey } from "./sync_here.ts";

/** Starts it, and yields the progress of the first transfer; returns its state in the end. */
export async function* startSessionSync(
  host: Host,
  { session, uid, target, localPath, secretFiles, kubeconfig, signal }: {
    session: Session;
    /** UID of the session's state object; a recreated session has another. */
    uid: string;
    target: Target;
    localPath: string;
    secretFiles: readonly string[];
    kubeconfig: string | undefined;
    signal: AbortSignal;
  },
): AsyncGenerator<string, SyncReport | undefined> {
  const key = syncKey(session);
  const { name, restoredAt } = session;
  const owner = { name, uid, restoredAt };
  let known = await syncStatus(host, key);
  if (known !== undefined && !isSyncOf(known, { ...session, context: target.context, uid })) {
    // A session deleted elsewhere: this sync's ancestor would copy its deletions over.
    await stopSync(host, key, { forget: true, signal });
    known = undefined;
  }
  const spec = known !== undefined && known.spec.local === localPath
    ? { ...known.spec, session: owner }
    : await newSpec(host, { key, owner, target, localPath, secretFiles, kubeconfig });
  let last: SyncReport | undefined;
  for await (const event of startSync(host, { spec, wait: true, signal })) {
    if (event.kind === "progress") yield progressText(event);
    else last = event.report;
  }
  return last;
}

async function newSpec(
  host: Host,
  { key, owner, target, localPath, secretFiles, kubeconfig }: {
    key: string;
    owner: SyncedSession;
    target: Target;
    localPath: string;
    secretFiles: readonly string[];
    kubeconfig: string | undefined;
  },
): Promise<SyncSpec> {
  const { context, namespace, pod, container } = target;
  const settings = await excludedBySettings(host);
  return {
    key,
    local: localPath,
    target: { context, namespace, pod, container },
    remotePath: workspaceFolder,
    mode: "two-way-safe",
    git: false,
    useGitignore: settings.useGitignore,
    excludePatterns: [
      ...excludedFromWorkspace(localPath, secretFiles),
      ...settings.excludePatterns,
    ],
    kubeconfig: kubeconfig ?? null,
    session: owner,
  };
}

function progressText(
  { phase, reason, progress, stillMs }: Extract<SyncStartEvent, { kind: "progress" }>,
): string {
  const transferred = progress.total > 0 ? ` ${progress.done}/${progress.total}` : "";
  return `${phase}${transferred}${stillText(stillMs)}${reason === "" ? "" : `: ${reason}`}`;
}
