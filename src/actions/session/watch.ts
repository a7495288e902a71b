/** Follows the sessions of a namespace, or of all: their states, and their agents' tasks. */
import { definedOnly } from "../../base/json_value.ts";
import { onAbort } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { KodamaError } from "../../base/errors.ts";
import { isTransient } from "../../kube/failures.ts";
import { LiveList } from "../../kube/live_list.ts";
import { CONFIG_MAPS, PODS } from "../../kube/resources.ts";
import type { ConfigMap, Pod } from "../../kube/types.ts";
import { anySession } from "../../session/names.ts";
import { listedSessions } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { listScope, type SessionListScope } from "../session_ref.ts";
import { rowOf, withTasks } from "./list.ts";
import type { SessionRow } from "./events.ts";
import { syncsHere, syncSummary } from "./sync_here.ts";

/** The sessions as they are now, by namespace and name. */
export interface WatchedSessions {
  context: string;
  /** Undefined for all. */
  namespace: string | undefined;
  rows: readonly SessionRow[];
  /** Why the cluster isn't reached; undefined if the rows are current. */
  outage: KodamaError | undefined;
}

/** Which sessions are followed. */
export interface WatchSessionsOptions extends SessionListScope {
  /** Between two queries of the pods of running sessions for their tasks. */
  taskIntervalMs: number;
  signal: AbortSignal;
}

/**
 * Yields them at once, and after each change, until the signal aborts; a server that is down is retried. Changes that
 * come faster than they are consumed are joined.
 *
 * @throws KodamaError if they may not be listed.
 */
export async function* watchSessions(
  host: Host,
  { taskIntervalMs, signal, ...options }: WatchSessionsOptions,
): AsyncGenerator<WatchedSessions, void> {
  const { client, namespace } = await listScope(host, options);
  const { context } = client;
  const scope = namespace === undefined ? {} : { namespace };
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const list = new LiveList<ConfigMap | Pod>([
    { client, resource: CONFIG_MAPS, scope: { ...scope, labelSelector: anySession } },
    { client, resource: PODS, scope: { ...scope, labelSelector: anySession } },
  ], { clock: host.clock, signal: ended, mayRetryStart: isTransient });
  // Each wake-up takes the newest state: a single wake-up is enough.
  const wakes = new BoundedQueue<"changed">(1);
  const wake = () => {
    if (wakes.size === 0) void wakes.push("changed");
  };
  let answers = new Map<string, PodAnswer>();
  const rowsNow = async (): Promise<SessionRow[]> => {
    const objects = [...list.objects.values()];
    const isPod = (one: ConfigMap | Pod): one is Pod => "spec" in one;
    const states = objects.filter((one): one is ConfigMap => !isPod(one));
    const listed = listedSessions(states, objects.filter(isPod));
    const syncOf = await syncsHere(host);
    return listed.map((one) =>
      rowOf(
        one,
        ({ session, uid }, runs) => syncSummary(syncOf({ ...session, context, uid }), { runs }),
      )
    );
  };
  const following = (async () => {
    for await (const _ of list.snapshots()) wake();
  })().catch((error: unknown) => {
    if (ended.aborted) wakes.close();
    else wakes.fail(error);
  });
  let querying: Promise<void> | undefined;
  const query = () => {
    querying ??= (async () => {
      const rows = await rowsNow();
      const known = await withTasks(host, client, { rows, signal: ended });
      answers = new Map(known.map((row) => [keyOf(row), answerOf(row)]));
      wake();
    })().catch(() => {}).finally(() => querying = undefined);
  };
  let timer: Disposable | undefined;
  const repeat = () => {
    query();
    timer = host.clock.timer(taskIntervalMs, repeat);
  };
  using _aborted = onAbort(ended, () => wakes.close());
  try {
    for await (const _ of wakes) {
      const rows = (await rowsNow()).map((row) =>
        row.kind === "session" && row.live.status === "Running"
          ? { ...row, ...answers.get(keyOf(row)) }
          : row
      );
      yield { context, namespace, rows, outage: list.outage?.error };
      if (timer === undefined) repeat();
    }
  } finally {
    stop.abort();
    timer?.[Symbol.dispose]();
    wakes.discard();
    await Promise.all([following, querying]);
  }
}

function keyOf(row: SessionRow): string {
  const { namespace, name } = row.kind === "session" ? row.session : row;
  return `${namespace}/${name}`;
}

/** A pod's answer about its session. */
type PodAnswer = Pick<Extract<SessionRow, { kind: "session" }>, "task" | "remaining">;

function answerOf(row: SessionRow): PodAnswer {
  if (row.kind === "unreadable") return {};
  const { task, remaining } = row;
  return {
    ...definedOnly({ task, remaining }),
  };
}
