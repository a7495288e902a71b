/** Notices of agents: a notice for each task that waits for an answer, or has ended. */
import { definedOnly } from "../../base/json_value.ts";
import type { TaskState } from "../../agent/model.ts";
import type { Host } from "../host.ts";
import type { SessionRow } from "./events.ts";
import { watchSessions, type WatchSessionsOptions } from "./watch.ts";

/** States that a person may be waiting for. */
const noticed = [
  "waiting",
  "done",
  "failed",
  "interrupted",
] as const satisfies readonly TaskState[];

/** A task's new state. */
export interface AgentNotice {
  at: Date;
  context: string;
  namespace: string;
  session: string;
  owner?: string;
  /** The number of the task. */
  task: number;
  state: (typeof noticed)[number];
  /** Why it failed, or why it waits. */
  reason?: string;
}

/** The last known tasks of sessions, by session. */
type KnownTasks = Map<string, string>;

/** Returns the notices of tasks that have changed since the last call; the first time that a session is seen, none. */
export function noticesOf(
  known: KnownTasks,
  rows: readonly SessionRow[],
  { context, at }: { context: string; at: Date },
): AgentNotice[] {
  return rows.flatMap((row) => {
    // Without an answer of its pod, the last known task counts.
    if (row.kind === "unreadable" || row.task === undefined) return [];
    const { session: { namespace, name, owner, createdAt }, task: { number, status } } = row;
    const key = JSON.stringify([namespace, name, createdAt]);
    const now = `${number} ${status.state}`;
    const before = known.get(key);
    known.set(key, now);
    const state = noticed.find((one) => one === status.state);
    if (before === undefined || before === now || state === undefined) return [];
    const reason = status.state === "failed"
      ? status.reason
      : status.state === "waiting"
      ? status.for
      : undefined;
    return [{
      ...{ at, context, namespace, session: name, task: number, state },
      ...definedOnly({ owner, reason }),
    }];
  });
}

/** Yields notices until the signal aborts; a server that is down is retried. Throws as {@link watchSessions}. */
export async function* watchAgents(
  host: Host,
  options: WatchSessionsOptions,
): AsyncGenerator<AgentNotice, void> {
  const known: KnownTasks = new Map();
  for await (const { context, rows } of watchSessions(host, options)) {
    yield* noticesOf(known, rows, { context, at: host.clock.now() });
  }
}
