/**
 * Stops a session: its pod is removed, its volumes are retained. Planned first, so that the user sees possible losses.
 */
import { requireWritable } from "../../kube/client_limits.ts";
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { PODS } from "../../kube/resources.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import { liveStatus } from "../../session/status.ts";
import { isRunning } from "../../agent/model.ts";
import type { Host } from "../host.ts";
import type { SessionRef, Unsaved } from "./events.ts";
import { targetOf } from "../find_session.ts";
import { writeLocalSession } from "./local_file.ts";
import { type Consent, requireConsent } from "./owner.ts";
import { type OpenedSession, openSession } from "../session_ref.ts";
import type { SyncProgress } from "../sync/syncs.ts";
import { saveWork } from "./unsaved.ts";
import { untilGone } from "./wait_ready.ts";

/** Which session, and how long its pod may take to end. */
interface StopOptions extends SessionRef {
  consent: Consent;
  endTimeoutMs: number;
  signal: AbortSignal;
}

/** The result of a stop. */
export interface Stopped {
  session: Session;
  /** There was no pod to remove. */
  already: boolean;
  /** Work that stays in its volumes alone. */
  unsaved: readonly Unsaved[];
  /** Why the session couldn't be stored on this machine, if so. */
  warning?: string;
}

/** The effects of a stop. */
export interface StopPlan {
  session: Session;
  /** The task that its agent works on: it fails. */
  workingTask: number | undefined;
}

/** A plan, and the function that runs it. */
interface PlannedStop {
  plan: StopPlan;
  /** Runs it, when the sync has come to its end. Throws KodamaError `timeout` if the pod doesn't end. */
  run(): AsyncGenerator<SyncProgress, Stopped>;
}

/**
 * Plans a stop; changes nothing.
 *
 * @param checkTasks whether the pod is queried for the task that its agent works on.
 * @throws KodamaError `notFound` if there is no such session.
 */
export async function planStop(
  host: Host,
  options: StopOptions,
  { checkTasks }: { checkTasks: boolean },
): Promise<PlannedStop> {
  const { signal } = options;
  const opened = await openSession(host, options, signal);
  const { store: { client }, stored: { session } } = opened;
  requireWritable(client, "stop a session");
  await requireConsent(client, session, { verb: "stop", ...options });
  const workingTask = checkTasks ? await workingTaskOf(host, opened, signal) : undefined;
  return { plan: { session, workingTask }, run: () => stop(host, opened, options) };
}

/** A pod that doesn't answer within this time is stopped without asking: often that is the reason for the stop. */
const askLimitMs = 5_000;

/** Returns undefined if no agent works, or if the pod can't be queried. */
async function workingTaskOf(
  host: Host,
  { store, stored: { session }, pod }: OpenedSession,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (pod === undefined || liveStatus(session, pod).status !== "Running") return undefined;
  using deadline = new Deadline(host.clock, askLimitMs, signal);
  const { currentTask } = await import("../agent/tasks.ts");
  try {
    const task = await currentTask(host, targetOf(store, pod), deadline.signal);
    return task !== undefined && isRunning(task) ? task.number : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.expired || error instanceof KodamaError) return undefined;
    throw error;
  }
}

/** The state changes first: meanwhile a list shows a session that is stopping, not a broken session. */
async function* stop(
  host: Host,
  opened: OpenedSession,
  { name, signal, endTimeoutMs }: StopOptions,
): AsyncGenerator<SyncProgress, Stopped> {
  const { store, stored: there, pod } = opened;
  const unsaved = pod === undefined ? [] : yield* saveWork(host, opened, signal);
  const stored = there.session.status === "Stopped" ? there : await store.change(
    there,
    ({ message: _, ...session }) => ({
      ...session,
      status: "Stopped",
      allSaved: pod !== undefined && unsaved.length === 0,
    }),
  );
  const [{ endSync }, { endSessionForwards }] = await Promise.all([
    import("./sync_here.ts"),
    import("../forward/background.ts"),
  ]);
  const { context } = store.client;
  const owner = { ...stored.session, context, uid: stored.uid };
  await endSync(host, owner, { forget: false, signal });
  await endSessionForwards(host, owner, { forget: false, signal });
  const removed = await store.remove(PODS, sessionNames(name).pod);
  if (removed) await untilGone(host, store, { name, limitMs: endTimeoutMs, signal });
  const warning = await writeLocalSession(host, stored.session, store.client.context);
  const { session } = stored;
  return { session, already: !removed, unsaved, ...(warning === undefined ? {} : { warning }) };
}
