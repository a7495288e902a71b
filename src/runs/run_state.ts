/** What is known of a run: from its events as they arrive, or from its record. Pure; every face that draws runs uses it. */
import type { RunEventData } from "../exec/event_shapes.ts";

export type { RunEventData } from "../exec/event_shapes.ts";
import { noteOf } from "./notes.ts";

/** How a pod of a run ended, or that it hasn't. */
export type PodPhase = "waiting" | "running" | "ended";

/** One pod of a step. */
export interface PodProgress {
  /** The key of its step; empty for a command. */
  step: string;
  name: string;
  phase: PodPhase;
  /** Where it is; absent if a record doesn't say. */
  target?: { context: string; namespace: string; pod: string };
  /** The name of its outcome: `ok`, `failed`, `unknown`. Absent until it has ended. */
  outcome?: string;
  exitCode?: number;
  signal?: string;
  /** Why it isn't ok, if that is known. */
  reason?: string;
  durationMs?: number;
  output: RunLine[];
  /** Lines before those of `output` that aren't stored. */
  omittedLines: number;
  /** A hash of those lines; absent if there are none. */
  omittedHash?: number;
  /** A hash of the whole output, if a record has it. */
  outputId?: string;
  /** What it wrote isn't known: it isn't recorded, or another attempt has it. */
  isUnrecorded?: true;
}

/** A line that a pod wrote. */
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

/** A recorded run, as `runs show -o json` prints it. */
export interface RecordedRunData {
  exitCode: number | null;
  durationMs: number | null;
  /** The pods of a command. */
  targets?: readonly RecordedPod[];
  /** The steps of a workflow. */
  steps?: readonly {
    step: string;
    title: string;
    outcome: string | null;
    error?: string | null;
    durationMs: number | null;
    targets: readonly RecordedPod[];
  }[];
}

/** A pod as a record has it. */
interface RecordedPod {
  name: string;
  outcome: string | null;
  exitCode?: number | null | undefined;
  error?: string | null | undefined;
  signal?: string | null | undefined;
  durationMs: number | null;
  stdout?: string | null;
  stderr?: string | null;
  omittedBytes?: number | null;
  /** Equal for equal outputs. */
  outputId?: string | null;
}

/** How a run's texts are stored. */
interface RunStateOptions {
  /** Makes a text of a cluster safe to show. */
  visible?: (text: string) => string;
  /** Lines of one pod that are stored, the newest; none if 0. */
  linesOfPod?: number;
}

/** The state of a run. Events change it; `version` is increased by each. */
export class RunState {
  readonly steps = new Map<string, RunStep>();
  /** Sentences on what isn't a pod's: skipped pods, contexts that aren't reached. */
  readonly notes: string[] = [];
  /** The exit code of the whole run; absent until it has ended. */
  exitCode: number | undefined;
  durationMs: number | undefined;
  /** The step that has started last. */
  current: RunStep | undefined;
  version = 0;
  readonly #visible: (text: string) => string;
  readonly #linesOfPod: number;

  constructor({ visible = (text) => text, linesOfPod = 2000 }: RunStateOptions = {}) {
    this.#visible = visible;
    this.#linesOfPod = linesOfPod;
  }

  /** Applies an event; returns the pods that it changed. */
  apply(event: RunEventData): readonly PodProgress[] {
    this.version++;
    const note = noteOf(event);
    if (note !== undefined) this.note(note);
    switch (event.event) {
      case "runStarted":
        return event.targets.map((target) => this.#added("", target));
      case "targetsAdded":
        return event.targets.map((target) => this.#added(event.step, target));
      case "stepStarted":
        this.current = this.#step(event.step, event.title);
        return [];
      case "stepKept":
        this.#endStep(this.#step(event.step), event);
        return [];
      case "targetStarted": {
        const pod = this.#pod(this.#step(event.step), event.name);
        pod.phase = "running";
        return [pod];
      }
      case "line": {
        const step = this.#step(event.step);
        if (event.name === "") {
          step.output.push(this.#line(event));
          return [];
        }
        const pod = this.#pod(step, event.name);
        this.#addLine(pod, event);
        return [pod];
      }
      case "targetEnded": {
        const pod = this.#pod(this.#step(event.step), event.name);
        this.#addOutput(pod, event);
        this.#endPod(pod, event);
        return [pod];
      }
      case "stepEnded":
        this.#endStep(this.#step(event.step), event);
        return [];
      case "runEnded":
        this.exitCode = event.exitCode;
        this.durationMs = event.durationMs;
        return [];
      default:
        return [];
    }
  }

  /** Adds a note about the run as a whole. */
  note(text: string): void {
    this.notes.push(this.#visible(text));
  }

  /** Returns the pods of all steps. */
  get pods(): PodProgress[] {
    return [...this.steps.values()].flatMap(({ pods }) => [...pods.values()]);
  }

  /** Replaces everything by what is recorded. */
  record({ exitCode, durationMs, targets, steps = [] }: RecordedRunData): void {
    this.version++;
    this.steps.clear();
    this.exitCode = exitCode ?? undefined;
    this.durationMs = durationMs ?? undefined;
    for (const target of targets ?? []) this.#recordPod(this.#step(""), target);
    for (const one of steps) {
      const step = this.#step(one.step, one.title);
      if (one.outcome !== null) this.#endStep(step, { ...one, outcome: one.outcome });
      for (const target of one.targets) this.#recordPod(step, target);
    }
  }

  #added(
    step: string,
    { name, context, namespace, pod, earlier }: {
      name: string;
      context: string;
      namespace: string;
      pod: string;
      earlier?: string | undefined;
    },
  ): PodProgress {
    const state = this.#pod(this.#step(step), name);
    state.target = { context, namespace, pod };
    if (earlier === undefined) {
      // A further attempt repeats it, and its output is the answer.
      state.phase = "waiting";
      state.output = [];
      state.omittedLines = 0;
      delete state.omittedHash;
      delete state.outcome;
    } else if (state.phase !== "ended") {
      this.#endPod(state, { outcome: earlier });
      state.isUnrecorded = true;
    }
    return state;
  }

  #step(key: string, title = ""): RunStep {
    let step = this.steps.get(key);
    if (step === undefined) {
      step = { key, title: "", output: [], pods: new Map() };
      this.steps.set(key, step);
    }
    if (title !== "") step.title = this.#visible(title);
    return step;
  }

  #pod({ key, pods }: RunStep, name: string): PodProgress {
    let pod = pods.get(name);
    if (pod === undefined) {
      pod = { step: key, name, phase: "waiting", output: [], omittedLines: 0 };
      pods.set(name, pod);
    }
    return pod;
  }

  #recordPod(step: RunStep, recorded: RecordedPod): void {
    const pod = this.#pod(step, recorded.name);
    this.#addOutput(pod, recorded);
    setOrDelete(pod, "outputId", recorded.outputId);
    if (recorded.stdout === null) pod.isUnrecorded = true;
    if (recorded.omittedBytes) {
      pod.output.push({ stream: "stderr", text: `(${recorded.omittedBytes} more bytes)` });
    }
    if (recorded.outcome !== null) this.#endPod(pod, { ...recorded, outcome: recorded.outcome });
  }

  #endPod(
    pod: PodProgress,
    { outcome, exitCode, signal, error, durationMs }: {
      outcome: string;
      exitCode?: number | null | undefined;
      signal?: string | null | undefined;
      error?: string | null | undefined;
      durationMs?: number | null;
    },
  ): void {
    pod.phase = "ended";
    pod.outcome = outcome;
    setOrDelete(pod, "exitCode", exitCode);
    setOrDelete(pod, "signal", signal);
    setOrDelete(pod, "reason", error && this.#visible(error));
    setOrDelete(pod, "durationMs", durationMs);
  }

  #endStep(
    step: RunStep,
    { outcome, error, durationMs }: {
      outcome: string;
      error?: string | null | undefined;
      durationMs?: number | null;
    },
  ): void {
    step.outcome = outcome;
    setOrDelete(step, "reason", error && this.#visible(error));
    setOrDelete(step, "durationMs", durationMs);
  }

  #line({ stream, text }: RunLine): RunLine {
    return { stream, text: this.#visible(text) };
  }

  #addLine(pod: PodProgress, line: RunLine): void {
    if (pod.phase === "waiting") pod.phase = "running";
    if (this.#linesOfPod === 0) return;
    pod.output.push(this.#line(line));
    if (pod.output.length <= this.#linesOfPod) return;
    const excess = pod.output.length - Math.floor(this.#linesOfPod * 0.9);
    const omitted = pod.output.splice(0, excess);
    pod.omittedHash = omitted.reduce(hashWith, pod.omittedHash ?? 0x811c9dc5);
    pod.omittedLines += excess;
  }

  #addOutput(pod: PodProgress, output: WrittenOutput): void {
    for (const line of linesOf(output)) this.#addLine(pod, line);
  }
}

/** FNV-1a of a line after others. */
function hashWith(hash: number, { stream, text }: RunLine): number {
  const line = `${stream}${text}\n`;
  for (let at = 0; at < line.length; at++) {
    hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
  }
  return hash;
}

/** What a pod wrote, if its lines weren't events. */
interface WrittenOutput {
  stdout?: string | null | undefined;
  stderr?: string | null | undefined;
}

/** Returns the lines of an output. */
export function linesOf(output: WrittenOutput): RunLine[] {
  return (["stdout", "stderr"] as const).flatMap((stream) => {
    const text = output[stream] ?? "";
    const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
    return lines.map((line) => ({ stream, text: line }));
  });
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

function setOrDelete<T extends object, K extends keyof T>(
  object: T,
  field: K,
  value: T[K] | null | undefined,
): void {
  if (value === undefined || value === null || value === "") delete object[field];
  else object[field] = value;
}
