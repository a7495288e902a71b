/** What is known of a run: from its events as they arrive, or from its record. Pure. */
import type { RecordedRun, WebRunEvent } from "../api.ts";
import { plain } from "./text.ts";

type EventOf<Kind> = Extract<WebRunEvent, { kind: Kind; event: unknown }>["event"];

/** How a pod of a run ended, or that it hasn't. */
export type PodPhase = "waiting" | "running" | "ended";

/** One pod of a step. */
export interface PodProgress {
  name: string;
  phase: PodPhase;
  /** The name of its outcome: `ok`, `failed`, `unknown`. Absent until it has ended. */
  outcome?: string;
  exitCode?: number;
  /** Why it isn't ok, if that is known. */
  reason?: string;
  durationMs?: number;
  output: RunLine[];
  /** Lines before those of `output` that aren't stored. */
  omittedLines: number;
}

/** A line that a pod wrote, made visible. */
export interface RunLine {
  stream: "stdout" | "stderr";
  text: string;
}

/** One step of a workflow; a command is a run of one step without a title. */
export interface RunStep {
  key: string;
  title: string;
  /** Absent while it runs. */
  outcome?: string;
  reason?: string;
  durationMs?: number;
  /** What it does on this machine, and what belongs to no pod. */
  output: RunLine[];
  pods: Map<string, PodProgress>;
}

/** Lines of one pod that are stored, the newest. */
const linesOfPod = 2000;

/** The state of a run. Events change it; `version` tells that. */
export class RunState {
  readonly steps = new Map<string, RunStep>();
  /** Sentences on what isn't a pod's: skipped pods, contexts that aren't reached. */
  readonly notes: string[] = [];
  /** The exit code of the whole run; absent until it has ended. */
  exitCode: number | undefined;
  durationMs: number | undefined;
  version = 0;

  /** Applies an event. */
  apply(event: WebRunEvent): void {
    this.version++;
    switch (event.kind) {
      case "exec":
        return this.#exec(event.event);
      case "workflow":
        return this.#workflow(event.event);
      case "omitted":
        this.notes.push(`${event.events} earlier lines of output are no longer stored.`);
        return;
      case "run":
        return;
    }
  }

  /** Replaces everything by what is recorded. */
  record(run: RecordedRun): void {
    this.version++;
    this.steps.clear();
    if (run.kind === "unreadable") return;
    this.exitCode = run.run.exitCode ?? undefined;
    this.durationMs = run.run.durationMs ?? undefined;
    if (run.kind === "exec") {
      const step = this.#step("");
      for (const target of run.run.targets) recordPod(step, target);
      return;
    }
    for (const one of run.run.steps) {
      const step = this.#step(one.step, one.title);
      setOrDelete(step, "outcome", one.outcome);
      setOrDelete(step, "durationMs", one.durationMs);
      for (const target of one.targets) recordPod(step, target);
    }
  }

  #exec(event: EventOf<"exec">): void {
    const step = this.#step("");
    switch (event.event) {
      case "runStarted":
      case "targetsAdded":
        for (const { name } of event.targets) {
          podOf(step, name);
        }
        return;
      case "targetStarted":
        podOf(step, event.name).phase = "running";
        return;
      case "line":
        addLine(podOf(step, event.name), event);
        return;
      case "targetEnded":
        endPod(podOf(step, event.name), { ...event, reason: event.error ?? event.signal });
        return;
      case "contextFailed":
        this.notes.push(plain(`${event.context}: ${event.error}`));
        return;
      case "podSkipped":
        this.notes.push(plain(`Skipped ${event.namespace}/${event.pod}: ${event.reason}`));
        return;
      case "runEnded":
        this.exitCode = event.exitCode;
        this.durationMs = event.durationMs;
    }
  }

  #workflow(event: EventOf<"workflow">): void {
    switch (event.kind) {
      case "stepStarted":
        this.#step(event.step, event.title);
        return;
      case "stepKept":
        endStep(this.#step(event.step), event.outcome, undefined);
        return;
      case "stepPodsSkipped":
        for (const { namespace, pod, reason } of event.skipped) {
          this.notes.push(plain(`Skipped ${namespace}/${pod}: ${reason}`));
        }
        return;
      case "stepTargets":
        for (const name of event.names) podOf(this.#step(event.step), name).phase = "running";
        return;
      case "stepLine": {
        const step = this.#step(event.step);
        if (event.target === "") step.output.push(lineOf(event));
        else addLine(podOf(step, event.target), event);
        return;
      }
      case "stepTargetEnded": {
        const { name, outcome, durationMs, stdout, stderr } = event.end;
        const pod = podOf(this.#step(event.step), name);
        if (pod.output.length === 0) addOutput(pod, { stdout, stderr });
        endPod(pod, { ...outcome, outcome: outcome.kind, reason: reasonOf(outcome), durationMs });
        return;
      }
      case "stepRetried":
        this.notes.push(plain(`${event.step}: attempt ${event.attempt} follows: ${event.reason}`));
        return;
      case "stepEnded":
        endStep(this.#step(event.step), event.outcome, event.durationMs);
        return;
      case "workflowWaits":
        this.notes.push(plain(`Waits for ${event.holder}, which runs in ${event.group}.`));
        return;
      case "notRecorded":
        this.notes.push(plain(event.error));
        return;
      case "workflowEnded":
        this.exitCode = event.exitCode;
        this.durationMs = event.durationMs;
    }
  }

  #step(key: string, title = ""): RunStep {
    let step = this.steps.get(key);
    if (step === undefined) {
      step = { key, title: "", output: [], pods: new Map() };
      this.steps.set(key, step);
    }
    if (title !== "") step.title = plain(title);
    return step;
  }
}

/** Outcomes in the order in which they are shown: what needs attention first. */
const order = ["failed", "unreachable", "unknown", "timeout", "forbidden", "cancelled", "skipped"];

/** Returns the pods as a table shows them: failures, those that run, then the others; each group by name. */
export function sortedPods(pods: Iterable<PodProgress>): PodProgress[] {
  const rank = ({ phase, outcome = "" }: PodProgress) => {
    const at = order.indexOf(outcome);
    if (at >= 0) return at;
    return order.length + (phase === "running" ? 0 : phase === "ended" ? 1 : 2);
  };
  return [...pods].sort((a, b) =>
    rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true })
  );
}

/** Returns how many pods have each outcome, `running` and `waiting` included; the worst first, `ok` before those. */
export function outcomeCounts(pods: Iterable<PodProgress>): [outcome: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { phase, outcome } of pods) {
    const name = outcome ?? phase;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const all = [...order, "ok", "running", "waiting"];
  return [...counts].sort(([a], [b]) => all.indexOf(a) - all.indexOf(b));
}

/** Returns whether a rerun of the failed has anything to do. */
export function hasFailed(state: RunState): boolean {
  return [...state.steps.values()].some(({ outcome, pods }) =>
    !["ok", "rescued", "skipped", undefined].includes(outcome) ||
    [...pods.values()].some((pod) => pod.phase === "ended" && pod.outcome !== "ok")
  );
}

/** A pod as a record has it. */
interface RecordedPod {
  name: string;
  outcome: string | null;
  exitCode?: number | null | undefined;
  error?: string | null;
  signal?: string | null | undefined;
  durationMs: number | null;
  stdout?: string | null;
  stderr?: string | null;
  omittedBytes?: number | null;
}

function recordPod(step: RunStep, target: object): void {
  const recorded = target as RecordedPod & Record<string, unknown>;
  const pod = podOf(step, recorded.name);
  addOutput(pod, recorded);
  if (recorded.omittedBytes) {
    pod.output.push({ stream: "stderr", text: `(${recorded.omittedBytes} more bytes)` });
  }
  if (recorded.outcome === null) return;
  const reason = recorded.error ?? recorded.signal ??
    reasonOf(recorded as { kind?: string } & Record<string, unknown>);
  endPod(pod, { ...recorded, outcome: recorded.outcome, reason });
}

function podOf({ pods }: RunStep, name: string): PodProgress {
  let pod = pods.get(name);
  if (pod === undefined) {
    pod = { name, phase: "waiting", output: [], omittedLines: 0 };
    pods.set(name, pod);
  }
  return pod;
}

function endPod(
  pod: PodProgress,
  { outcome, exitCode, reason, durationMs }: {
    outcome: string;
    exitCode?: number | null | undefined;
    reason?: string | null | undefined;
    durationMs?: number | null;
  },
): void {
  pod.phase = "ended";
  pod.outcome = outcome;
  setOrDelete(pod, "exitCode", exitCode);
  setOrDelete(pod, "reason", reason && plain(reason));
  setOrDelete(pod, "durationMs", durationMs);
}

function endStep(
  step: RunStep,
  outcome: { kind: string },
  durationMs: number | undefined,
): void {
  step.outcome = outcome.kind;
  setOrDelete(step, "reason", plain(reasonOf({ ...outcome }) ?? ""));
  setOrDelete(step, "durationMs", durationMs);
}

/** Outcomes have their reason under different names. */
function reasonOf(outcome: { kind?: string; [field: string]: unknown }): string | undefined {
  for (const field of ["reason", "message", "signal"]) {
    if (typeof outcome[field] === "string" && outcome[field] !== "") return outcome[field];
  }
  return undefined;
}

function addLine(pod: PodProgress, line: { stream: "stdout" | "stderr"; text: string }): void {
  if (pod.phase === "waiting") pod.phase = "running";
  pod.output.push(lineOf(line));
  if (pod.output.length <= linesOfPod) return;
  const excess = pod.output.length - Math.floor(linesOfPod * 0.9);
  pod.output.splice(0, excess);
  pod.omittedLines += excess;
}

function addOutput(
  pod: PodProgress,
  output: { stdout?: string | null; stderr?: string | null },
): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const text = output[stream] ?? "";
    if (text === "") continue;
    for (const line of text.replace(/\n$/, "").split("\n")) addLine(pod, { stream, text: line });
  }
}

function lineOf({ stream, text }: RunLine): RunLine {
  return { stream, text: plain(text) };
}

function setOrDelete<T extends object, K extends keyof T>(
  object: T,
  field: K,
  value: T[K] | null | undefined,
): void {
  if (value === undefined || value === null || value === "") delete object[field];
  else object[field] = value;
}
