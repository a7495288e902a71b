/** Lists the sessions of a namespace, or of all: from the cluster alone. */
import { definedOnly } from "../../base/json_value.ts";
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { inParallel } from "../../base/semaphore.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Target } from "../../kube/select/target.ts";
import { sessionNames, workspaceContainer } from "../../session/names.ts";
import { liveStatus } from "../../session/status.ts";
import { type ListedSession, listSessions } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { Session } from "../../session/model.ts";
import type { SessionRow } from "./events.ts";
import { mayBeSynced, syncsHere, type SyncSummary, syncSummary } from "./sync_here.ts";
import { timeUntilStop } from "./time_limits.ts";
import { listScope, type SessionListScope } from "../session_ref.ts";

/** Which sessions. */
interface SessionListOptions extends SessionListScope {
  /** Query the pods of running sessions for their current tasks and remaining time. */
  tasks: boolean;
}

/** The sessions, and the scope of the list. */
interface ListedSessions {
  context: string;
  /** Undefined for all. */
  namespace: string | undefined;
  rows: readonly SessionRow[];
}

/** Returns them, by namespace and name. */
export async function list(
  host: Host,
  options: SessionListOptions,
  signal: AbortSignal,
): Promise<ListedSessions> {
  const { client, namespace } = await listScope(host, options);
  const [listed, syncOf] = await Promise.all([
    namespace === undefined
      ? everywhere(host, client, signal)
      : listSessions(client, namespace, { clock: host.clock, signal }),
    syncsHere(host),
  ]);
  const { context } = client;
  const rows = listed.map((one) =>
    rowOf(
      one,
      ({ session, uid }, runs) => syncSummary(syncOf({ ...session, context, uid }), { runs }),
    )
  );
  const all = options.tasks ? await withTasks(host, client, { rows, signal }) : rows;
  return { context: client.context, namespace, rows: all };
}

const namespacesAtOnce = 16;

/**
 * Lists all namespaces at once, or, if the caller may not do that, each namespace by itself, without those that it may
 * not read.
 *
 * @throws KodamaError `forbidden` if it may read none.
 */
async function everywhere(
  host: Host,
  client: KubeClient,
  signal: AbortSignal,
): Promise<ListedSession[]> {
  const options = { clock: host.clock, signal };
  try {
    return await listSessions(client, undefined, options);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const { listNamespaces } = await import("../pick/scope.ts");
    const names: string[] = [];
    try {
      for await (const page of listNamespaces(host, client.context, signal)) {
        names.push(...page.map(({ name }) => name));
      }
    } catch (other) {
      throw isForbidden(other) ? error : other;
    }
    const reading = names.map((name) => async () => {
      try {
        return await listSessions(client, name, options);
      } catch (other) {
        if (isForbidden(other)) return undefined;
        throw other;
      }
    });
    const readable = (await inParallel(reading, namespacesAtOnce)).filter((one) =>
      one !== undefined
    );
    if (readable.length === 0) throw error;
    return readable.flat();
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof KodamaError && error.kind === "forbidden";
}

/** A pod that doesn't answer within this time doesn't delay the list. */
const taskLimitMs = 5000;
const podsAtOnce = 16;

/** Adds the tasks. If the caller may not exec in a pod, or there is no agent, the session is listed without a task. */
export async function withTasks(
  host: Host,
  client: KubeClient,
  { rows, signal }: { rows: readonly SessionRow[]; signal: AbortSignal },
): Promise<SessionRow[]> {
  using deadline = new Deadline(host.clock, taskLimitMs, signal);
  const { currentTask } = await import("../agent/tasks.ts");
  const asking = rows.map((row) => async (): Promise<SessionRow> => {
    if (row.kind === "unreadable" || row.live.status !== "Running") return row;
    try {
      const { session } = row;
      const target = sessionTarget(client.context, session, row.node);
      const [task, remaining] = await Promise.all([
        currentTask(host, target, deadline.signal),
        timeUntilStop(host, { session, target }, deadline.signal),
      ]);
      return {
        ...row,
        ...definedOnly({ task, remaining }),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.expired || error instanceof KodamaError) return row;
      throw error;
    }
  });
  return await inParallel(asking, podsAtOnce);
}

/** Returns the container of a session in which its agent works. */
export function sessionTarget(
  context: string,
  { namespace, name }: Pick<Session, "namespace" | "name">,
  node = "",
): Target {
  const { pod } = sessionNames(name);
  return { context, namespace, pod, container: workspaceContainer, node, ip: "" };
}

type Listed = Extract<ListedSession, { kind: "session" }>;

/** Returns the row of a session. */
export function rowOf(
  listed: ListedSession,
  syncOf: (one: Listed, runs: boolean) => SyncSummary,
): SessionRow {
  if (listed.kind === "unreadable") return listed;
  const { session, pod } = listed;
  const node = pod?.spec?.nodeName ?? "";
  const live = liveStatus(session, pod);
  return { kind: "session", session, live, node, sync: syncOf(listed, mayBeSynced(live)) };
}
