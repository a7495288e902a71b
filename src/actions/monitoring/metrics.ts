/**
 * Sessions, agents, runs and forwards as metrics: of the cluster, and of this machine.
 *
 * What has ended doesn't change any more: a collector reads each ended task and run once, so that repeated scrapes cost
 * little, and its counters don't fall when records or tasks are removed.
 */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { inParallel } from "../../base/semaphore.ts";
import type { RemainingTime, SessionLimits } from "../../session/limits.ts";
import type { SessionStatus } from "../../session/model.ts";
import { isOpen, type Tokens } from "../../agent/model.ts";
import type { Host } from "../host.ts";
import { type FoundRun, readRun, runIds } from "../runs/past_runs.ts";
import { list, sessionTarget } from "../session/list.ts";
import type { SessionListScope } from "../session_ref.ts";

/** Labels of a sample, in their order. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One value. */
export interface Sample {
  labels: MetricLabels;
  value: number;
}

/** Durations, counted by size. */
export interface HistogramSample {
  labels: MetricLabels;
  /** Upper bounds, ascending, each with how many values are at most that. */
  buckets: readonly { le: number; count: number }[];
  count: number;
  sum: number;
}

/** Metrics of one name; that of a counter is without the suffix `_total`. */
export type MetricFamily =
  & { name: string; help: string }
  & (
    | { type: "gauge" | "counter"; samples: readonly Sample[] }
    | { type: "histogram"; samples: readonly HistogramSample[] }
  );

/** Metrics, and which parts of them couldn't be read. */
export interface CollectedMetrics {
  families: readonly MetricFamily[];
  /** The errors by the name of the part; the other parts are complete. */
  failures: ReadonlyMap<string, KodamaError>;
}

const statuses: readonly SessionStatus[] = ["Pending", "Starting", "Running", "Stopped", "Failed"];
const taskStates = ["queued", "working", "waiting", "done", "failed", "interrupted"] as const;

/** More tasks than a pod retains. */
const allTasks = 200;
/** A pod that doesn't answer within this time has no metrics of its agent. */
const podLimitMs = 5000;
const podsAtOnce = 16;

/** Upper bounds of runs' durations, in seconds. */
const durationBounds = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600];

/** A run that has ended, as far as metrics need it. */
interface EndedRun {
  kind: string;
  workflow: string;
  result: string;
  durationSeconds: number;
  outcomes: Readonly<Record<string, number>>;
}

/** An ended task's consumption. */
interface TaskUse {
  tokens: Tokens;
  costUsd: number;
}

/** Collects the metrics of one machine and the sessions of a scope; for one scrape, or many. */
export class MetricsCollector {
  readonly #runs = new Map<string, EndedRun>();
  /** The tasks by session, then by their number and start. */
  readonly #tasks = new Map<string, Map<string, TaskUse>>();

  constructor(private readonly host: Host, private readonly scope: SessionListScope) {}

  /** Returns the current metrics. A part that can't be read is absent, and reported. */
  async collect(signal: AbortSignal): Promise<CollectedMetrics> {
    const parts: readonly [string, () => Promise<MetricFamily[]>][] = [
      ["sessions", () => this.#sessions(signal)],
      ["runs", () => this.#runFamilies()],
      ["forwards", () => this.#forwards()],
    ];
    const failures = new Map<string, KodamaError>();
    const collected = await Promise.all(parts.map(async ([name, part]) => {
      try {
        return await part();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof KodamaError)) throw error;
        failures.set(name, error);
        return [];
      }
    }));
    const up: MetricFamily = {
      name: "kodama_collector_up",
      type: "gauge",
      help: "Whether a part of these metrics could be read.",
      samples: parts.map(([collector]) => ({
        labels: { collector },
        value: failures.has(collector) ? 0 : 1,
      })),
    };
    return { families: [up, ...collected.flat()], failures };
  }

  async #sessions(signal: AbortSignal): Promise<MetricFamily[]> {
    const { context, rows } = await list(this.host, { ...this.scope, tasks: false }, signal);
    const counts = new Map<string, Sample>();
    const created: Sample[] = [];
    const used: Sample[] = [];
    const sessions = rows.flatMap((row) => row.kind === "session" ? [row] : []);
    for (const { session: { namespace } } of sessions) {
      for (const status of statuses) {
        const labels = { context, namespace, status };
        counts.set(`${namespace}\0${status}`, { labels, value: 0 });
      }
    }
    for (const { session, live } of sessions) {
      const { namespace, name } = session;
      const labels = { context, namespace, session: name };
      const count = counts.get(`${namespace}\0${live.status}`);
      if (count !== undefined) count.value += 1;
      created.push({ labels, value: Date.parse(session.createdAt) / 1000 });
    }
    const running = sessions.filter(({ live }) => live.status === "Running");
    const { timeUntilStop } = await import("../session/time_limits.ts");
    const tasks: Sample[] = [];
    const tokens: Sample[] = [];
    const cost: Sample[] = [];
    using deadline = new Deadline(this.host.clock, podLimitMs, signal);
    await inParallel(
      running.map(({ session, node }) => async () => {
        const { namespace, name, spec: { limits } } = session;
        const labels = { context, namespace, session: name };
        const target = sessionTarget(context, session, node);
        try {
          const [agent, remaining] = await Promise.all([
            this.#agent(JSON.stringify([context, namespace, name, session.createdAt]), {
              target,
              signal: deadline.signal,
            }),
            timeUntilStop(this.host, { session, target }, deadline.signal),
          ]);
          const value = lastUsed(this.host.clock.now(), limits, remaining);
          if (value !== undefined) used.push({ labels, value });
          for (const state of taskStates) {
            tasks.push({ labels: { ...labels, state }, value: agent.states.get(state) ?? 0 });
          }
          tokens.push(...tokenSamples(labels, agent.use.tokens));
          cost.push({ labels, value: agent.use.costUsd });
        } catch (error) {
          signal.throwIfAborted();
          // Without the right to exec in the pod, or without an agent: the session itself is known.
          if (!deadline.expired && !(error instanceof KodamaError)) throw error;
        }
      }),
      podsAtOnce,
    );
    return [
      gauge("kodama_sessions", "Sessions by status.", [...counts.values()]),
      gauge("kodama_session_created_timestamp_seconds", "When a session was created.", created),
      gauge(
        "kodama_session_last_used_timestamp_seconds",
        "When a session with an idle limit was last used.",
        used,
      ),
      gauge("kodama_agent_tasks", "Tasks that an agent's pod retains, by state.", tasks),
      counter("kodama_agent_tokens", "Tokens of an agent's tasks, by kind.", tokens),
      counter("kodama_agent_cost_dollars", "What an agent reports its tasks to cost.", cost),
    ];
  }

  /** Sums up a pod's tasks. Those that have ended are remembered. */
  async #agent(
    key: string,
    { target, signal }: { target: ReturnType<typeof sessionTarget>; signal: AbortSignal },
  ): Promise<{ states: ReadonlyMap<string, number>; use: TaskUse }> {
    const { readTasks } = await import("../agent/tasks.ts");
    const tasks = await readTasks(this.host, target, { newest: allTasks, signal });
    const ended = this.#tasks.get(key) ?? new Map<string, TaskUse>();
    this.#tasks.set(key, ended);
    const states = new Map<string, number>();
    const open: TaskUse[] = [];
    for (const task of tasks) {
      const { state } = task.status;
      states.set(state, (states.get(state) ?? 0) + 1);
      const use = { tokens: task.progress.tokens, costUsd: task.progress.costUsd ?? 0 };
      if (isOpen(task)) open.push(use);
      else ended.set(task.key, use);
    }
    return { states, use: [...ended.values(), ...open].reduce(added, noUse) };
  }

  async #runFamilies(): Promise<MetricFamily[]> {
    let active = 0;
    for (const id of await runIds(this.host)) {
      if (this.#runs.has(id)) continue;
      const found = await readRun(this.host, id).catch((error: unknown) => {
        // It is damaged, or from a later version of kodama: `runs list` reports it.
        if (error instanceof KodamaError) return undefined;
        throw error;
      });
      const ended = found && endedRun(found);
      if (ended !== undefined) this.#runs.set(id, ended);
      else if (found !== undefined) active += 1;
    }
    const runs = [...this.#runs.values()];
    const outcomes = new Map<string, number>();
    for (const run of runs) {
      for (const [outcome, count] of Object.entries(run.outcomes)) {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
      }
    }
    const byLabels = Map.groupBy(
      runs,
      ({ kind, workflow, result }) => JSON.stringify({ kind, workflow, result }),
    );
    const byWork = Map.groupBy(runs, ({ kind, workflow }) => JSON.stringify({ kind, workflow }));
    return [
      counter(
        "kodama_runs",
        "Runs of this machine, by what ran and how it ended.",
        [...byLabels].map(([labels, { length }]) => ({
          labels: JSON.parse(labels),
          value: length,
        })),
      ),
      counter(
        "kodama_run_targets",
        "Pods of these runs, by their outcome.",
        [...outcomes].map(([outcome, value]) => ({ labels: { outcome }, value })),
      ),
      {
        name: "kodama_run_duration_seconds",
        type: "histogram",
        help: "How long these runs took.",
        samples: [...byWork].map(([labels, group]) => durations(JSON.parse(labels), group)),
      },
      gauge(
        "kodama_runs_unfinished",
        "Runs of this machine without a recorded end: they are active, or were killed.",
        [{ labels: {}, value: active }],
      ),
    ];
  }

  async #forwards(): Promise<MetricFamily[]> {
    const control = await this.host.forwards();
    const counts = new Map<string, number>([["running", 0], ["stopped", 0]]);
    const bytes: Sample[] = [];
    const connections: Sample[] = [];
    for (const name of await control.names()) {
      const report = await control.read(name);
      if (report === undefined) continue;
      counts.set(report.phase, (counts.get(report.phase) ?? 0) + 1);
      if (report.phase !== "running") continue;
      for (const row of report.state?.forwards ?? []) {
        const labels = {
          name,
          local: String(row["local"] ?? ""),
          target: `${row["target"] ?? ""}:${row["remote"] ?? ""}`,
        };
        const number = (field: string) => Number(row[field]) || 0;
        bytes.push(
          { labels: { ...labels, direction: "to_pod" }, value: number("toPod") },
          { labels: { ...labels, direction: "from_pod" }, value: number("fromPod") },
        );
        connections.push({ labels, value: number("opened") });
      }
    }
    return [
      gauge(
        "kodama_forwards",
        "Forwards in the background on this machine, by phase.",
        [...counts].map(([phase, value]) => ({ labels: { phase }, value })),
      ),
      counter("kodama_forward_bytes", "Bytes that forwards have carried.", bytes),
      counter("kodama_forward_connections", "Connections of programs to forwards.", connections),
    ];
  }
}

const noUse: TaskUse = { tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, costUsd: 0 };

function added(one: TaskUse, other: TaskUse): TaskUse {
  return {
    tokens: {
      input: one.tokens.input + other.tokens.input,
      output: one.tokens.output + other.tokens.output,
      cacheRead: one.tokens.cacheRead + other.tokens.cacheRead,
      cacheWrite: one.tokens.cacheWrite + other.tokens.cacheWrite,
    },
    costUsd: one.costUsd + other.costUsd,
  };
}

function tokenSamples(labels: MetricLabels, tokens: Tokens): Sample[] {
  const { input, output, cacheRead, cacheWrite } = tokens;
  const kinds = { input, output, cache_read: cacheRead, cache_write: cacheWrite };
  return Object.entries(kinds).map(([kind, value]) => ({ labels: { ...labels, kind }, value }));
}

/** Returns when a session was last used, in seconds since 1970; undefined if it has no idle limit, or none is known. */
export function lastUsed(
  now: Date,
  limits: SessionLimits,
  remaining: RemainingTime | undefined,
): number | undefined {
  if (limits.idleSeconds === undefined || remaining?.idleSeconds === undefined) return undefined;
  return now.getTime() / 1000 - (limits.idleSeconds - remaining.idleSeconds);
}

/** Returns undefined if its end isn't recorded. */
function endedRun(found: FoundRun): EndedRun | undefined {
  if (found.kind === "workflow") {
    const { header, end, steps } = found.run;
    if (end === undefined) return undefined;
    const ends = steps.flatMap(({ targets }) => [...targets.values()]);
    const outcomes = Map.groupBy(ends, ({ outcome }) => outcome.kind);
    return {
      kind: "workflow",
      workflow: header.workflow,
      result: end.outcome.kind,
      durationSeconds: end.durationMs / 1000,
      outcomes: Object.fromEntries([...outcomes].map(([kind, all]) => [kind, all.length])),
    };
  }
  const { header, end } = found.run;
  if (end === undefined) return undefined;
  return {
    kind: header.workflow === null ? "exec" : "workflow",
    workflow: header.workflow ?? "",
    result: end.exitCode === 0 ? "ok" : end.exitCode === 130 ? "cancelled" : "failed",
    durationSeconds: end.durationMs / 1000,
    outcomes: end.counts ?? {},
  };
}

function durations(labels: MetricLabels, runs: readonly EndedRun[]): HistogramSample {
  const seconds = runs.map(({ durationSeconds }) => durationSeconds);
  return {
    labels,
    buckets: durationBounds.map((le) => ({ le, count: seconds.filter((one) => one <= le).length })),
    count: seconds.length,
    sum: seconds.reduce((sum, one) => sum + one, 0),
  };
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: "counter", help, samples };
}
