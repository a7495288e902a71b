/** The agents of all sessions that the user may see: their current state, and the costs of their tasks. */
import { definedOnly } from "../../base/json_value.ts";
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { inParallel } from "../../base/semaphore.ts";
import { currentOf } from "../../agent/model.ts";
import type { Host } from "../host.ts";
import type { SessionListScope } from "../session_ref.ts";
import { list, sessionTarget } from "./list.ts";
import { readTasks, type Task, type Tokens } from "../agent/tasks.ts";

/** The resources that the stored tasks of an agent have used. */
interface AgentTotals {
  tasks: number;
  tokens: Tokens;
  /** US dollars; undefined if no task has reported a cost. */
  costUsd?: number;
}

/** A session, and its agent as far as its pod was reached. */
export interface SessionAgent {
  namespace: string;
  name: string;
  owner?: string;
  /** As `list` shows it. */
  status: string;
  /** The task that runs, else a task that needs an answer, else the newest. */
  task?: Task;
  totals?: AgentTotals;
}

/** The sessions' agents, and the scope of the list. */
interface SessionAgents {
  context: string;
  /** Undefined for all. */
  namespace: string | undefined;
  agents: readonly SessionAgent[];
}

/** A pod that doesn't answer within this time doesn't delay the list. */
const podLimitMs = 10_000;
const podsAtOnce = 16;

/** How much of the end of each task's events is read: it contains the agent's result, with the counts. */
const resultBytes = 32 * 1024;

/** Every task that a pod stores. */
const allTasks = 100;

/** Queries the pods of all running sessions of the scope. */
export async function sessionAgents(
  host: Host,
  scope: SessionListScope,
  signal: AbortSignal,
): Promise<SessionAgents> {
  const { context, namespace, rows } = await list(host, { ...scope, tasks: false }, signal);
  using deadline = new Deadline(host.clock, podLimitMs, signal);
  const asking = rows.map((row) => async (): Promise<SessionAgent> => {
    if (row.kind === "unreadable") {
      return { namespace: row.namespace, name: row.name, status: "Unreadable" };
    }
    const { session, live: { status }, node } = row;
    const { name, owner } = session;
    const agent = {
      namespace: session.namespace,
      name,
      ...definedOnly({ owner }),
      status,
    };
    if (status !== "Running") return agent;
    try {
      const choice = { newest: allTasks, eventBytes: resultBytes, signal: deadline.signal };
      const tasks = await readTasks(host, sessionTarget(context, session, node), choice);
      const task = currentOf(tasks);
      return { ...agent, ...definedOnly({ task }), totals: totalsOf(tasks) };
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.expired || error instanceof KodamaError) return agent;
      throw error;
    }
  });
  return { context, namespace, agents: await inParallel(asking, podsAtOnce) };
}

/** Returns the sums over tasks. */
function totalsOf(tasks: readonly Task[]): AgentTotals {
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  let costUsd: number | undefined;
  for (const { progress } of tasks) {
    for (const kind of Object.keys(tokens) as (keyof Tokens)[]) {
      tokens[kind] += progress.tokens[kind];
    }
    if (progress.costUsd !== undefined) costUsd = (costUsd ?? 0) + progress.costUsd;
  }
  return { tasks: tasks.length, tokens, ...definedOnly({ costUsd }) };
}
