/** Resumes a stopped session: from its state in the cluster alone. */
import { requireWritable } from "../../kube/client_limits.ts";
import { noParts } from "../../session/manifests/all.ts";
import type { StoredSession } from "../../session/state.ts";
import { hasRun } from "../../session/status.ts";
import type { Host } from "../host.ts";
import { bringUp } from "./bring_up.ts";
import type { SessionRef, StartEvent } from "./events.ts";
import { kodamaErrorOf, rollBackStart } from "./cleanup.ts";
import { type Consent, requireConsent } from "./owner.ts";
import { noSession, openStore } from "../session_ref.ts";
import { requireFiles } from "./new_session.ts";

/** Returns the folder that this machine synced before: a folder of another machine isn't known here. */
async function folderHere(
  host: Host,
  { session, uid }: StoredSession,
  context: string,
): Promise<{ localPath?: string }> {
  if (!session.sync.enabled) return {};
  const { syncHere } = await import("./sync_here.ts");
  const report = await syncHere(host, { ...session, context, uid });
  return report === undefined ? {} : { localPath: report.spec.local };
}

/** Which session, and how long its pod may take. */
interface ResumeOptions extends SessionRef {
  consent: Consent;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Creates the pod again, with the same workspace and agent's home. A running session isn't changed.
 *
 * @throws KodamaError `notFound` if there is no such session; otherwise that of the step that failed.
 */
export async function* resume(
  host: Host,
  options: ResumeOptions,
): AsyncGenerator<StartEvent, void> {
  const { name, signal, readyTimeoutMs } = options;
  const store = await openStore(host, options, signal);
  requireWritable(store.client, "resume a session");
  const there = await store.read(name);
  if (there === undefined) throw noSession(name, store);
  requireFiles(there.session);
  await requireConsent(store.client, there.session, { verb: "resume", ...options });
  yield { kind: "stepStarted", step: "claim", session: there.session };
  const stored = there.session.status === "Running"
    ? there
    : await store.change(there, ({ message: _, ...session }) => ({
      ...session,
      status: "Starting",
    }));
  yield { kind: "stepEnded", step: "claim", result: "already" };
  try {
    const made = () => {};
    const parts = {
      parts: noParts,
      remakePod: false,
      syncsClone: false,
      ranBefore: hasRun(there.session),
      ...await folderHere(host, stored, store.client.context),
    };
    yield* bringUp({ host, store, stored, ...parts, readyTimeoutMs, signal, made });
  } catch (error) {
    const failure = kodamaErrorOf(error, signal);
    const interrupted = signal.aborted;
    const failed = { store, clock: host.clock, stored, created: false, made: [], interrupted };
    throw await rollBackStart({ ...failed, error: failure });
  }
}
