/** The details of a session: its state, its pod, and the work in it. */
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Target } from "../../kube/select/target.ts";
import type { WorkState } from "../../session/git_commands.ts";
import { liveStatus } from "../../session/status.ts";
import { PODS } from "../../kube/resources.ts";
import type { Host } from "../host.ts";
import type { Task } from "../agent/tasks.ts";
import { workState } from "./check_out.ts";
import type { SessionDetails, SessionRef } from "./events.ts";
import { targetOf } from "../find_session.ts";
import { timeUntilStop } from "./time_limits.ts";
import { openSession } from "../session_ref.ts";
import { eventsOf } from "../wait/obstacles.ts";

/**
 * Returns the details of a session.
 *
 * @throws KodamaError `notFound` if there is no such session.
 */
export async function get(
  host: Host,
  ref: SessionRef,
  signal: AbortSignal,
): Promise<SessionDetails> {
  const { store, stored, pod } = await openSession(host, ref, signal);
  const { session } = stored;
  const events = pod === undefined || pod.status?.phase === "Running"
    ? []
    : await eventsOf(store.client, PODS, pod.metadata ?? {}, signal);
  const live = liveStatus(session, pod, events);
  const queriesGit = session.repository?.commitHash !== undefined;
  const target = pod && targetOf(store, pod);
  const [tasks, remaining, work] = target !== undefined && live.status === "Running"
    ? await Promise.all([
      tasksIn(host, target, signal),
      timeUntilStop(host, { session, target }, signal),
      queriesGit ? workIn(host, { client: store.client, target }, signal) : undefined,
    ])
    : [];
  const { mayBeSynced, syncHere, syncSummary } = await import("./sync_here.ts");
  const { context } = store.client;
  const report = await syncHere(host, { ...session, context, uid: stored.uid });
  const sync = syncSummary(report, { runs: mayBeSynced(live) });
  return {
    session,
    live,
    sync,
    node: pod?.spec?.nodeName ?? "",
    restarts: (pod?.status?.containerStatuses ?? [])
      .reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...definedOnly({ work, tasks, remaining }),
  };
}

/** If the caller may not exec in the pod, or there is no agent, the rest of the session is still returned. */
async function tasksIn(
  host: Host,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Task[] | undefined> {
  const { readTasks } = await import("../agent/tasks.ts");
  try {
    return await readTasks(host, target, { newest: 3, signal });
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}

async function workIn(
  { clock }: Host,
  pod: { client: KubeClient; target: Target },
  signal: AbortSignal,
): Promise<WorkState | undefined> {
  return await workState({ ...pod, clock, signal });
}
