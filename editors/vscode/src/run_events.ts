/** The events of a run as `kodama exec` and `kodama run` print them with `-o jsonl --events`, and what is known of it. */

/** Events of a command in pods have `event`, those of a workflow with steps `kind`. */
export interface RunEvent {
  event?: string;
  kind?: string;
  [field: string]: unknown;
}

/** What is known of a pod of a run. */
export interface PodState {
  name: string;
  /** Absent while it runs. */
  outcome?: string;
  exitCode?: number | null;
  error?: string | null;
  durationMs?: number;
}

/** What is known of a run that isn't over. */
export interface RunState {
  /** Pods by step and name; a command has one step, without a name. */
  pods: Map<string, PodState>;
  /** The step that runs. */
  step?: string;
  /** The outcome of all, as the last event has it. */
  exitCode?: number;
}

/** Returns the state of a run of which nothing is known yet. */
export function newRun(): RunState {
  return { pods: new Map() };
}

/** Adds an event to the state, and returns the line to show for it, if any. */
export function applyEvent(run: RunState, event: RunEvent): string | undefined {
  const text = (field: string) => String(event[field] ?? "");
  switch (event.event ?? event.kind) {
    case "runStarted":
    case "targetsAdded":
      for (const { name } of event.targets as { name: string }[]) run.pods.set(name, { name });
      return undefined;
    case "podSkipped":
      return `not ready: ${text("pod")} ${text("reason")}`;
    case "line":
      return `${text("name")}: ${text("text")}`;
    case "targetEnded": {
      const end = event as unknown as PodState;
      run.pods.set(end.name, end);
      return end.outcome === "ok" ? undefined : endLine(end);
    }
    case "runEnded":
      run.exitCode = event.exitCode as number;
      return undefined;
    case "stepStarted":
      run.step = text("step");
      return `== ${text("step")}: ${text("title")}`;
    case "stepTargets":
      for (const name of event.names as string[]) {
        run.pods.set(podKey(text("step"), name), { name });
      }
      return undefined;
    case "stepLine":
      return event.target === "" ? text("text") : `${text("target")}: ${text("text")}`;
    case "stepTargetEnded":
      return stepTargetEnded(run, event);
    case "stepEnded": {
      const outcome = event.outcome as { kind: string; message?: string };
      if (outcome.kind === "ok") return undefined;
      return `${text("step")}: ${outcome.kind}${outcome.message ? `: ${outcome.message}` : ""}`;
    }
    case "workflowEnded":
      run.exitCode = event.exitCode as number;
      return undefined;
    default:
      return undefined;
  }
}

/** `12 of 40 pods, 2 not ok`. */
export function progressOf({ pods, step }: RunState): string {
  const ended = [...pods.values()].filter(({ outcome }) => outcome !== undefined);
  const bad = ended.filter(({ outcome }) => outcome !== "ok").length;
  const counts = `${ended.length} of ${pods.size} pods${bad === 0 ? "" : `, ${bad} not ok`}`;
  return step === undefined ? counts : `${step}: ${counts}`;
}

/** `12 ok, 2 failed`. */
export function resultOf(pods: Iterable<{ outcome?: string | null }>): string {
  const counts = new Map<string, number>();
  for (const { outcome } of pods) {
    const word = outcome ?? "not known";
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => Number(b === "ok") - Number(a === "ok"))
    .map(([word, count]) => `${count} ${word}`).join(", ");
}

function stepTargetEnded(run: RunState, event: RunEvent): string | undefined {
  const { name, outcome, durationMs, stdout, stderr } = event.end as {
    name: string;
    outcome: { kind: string; exitCode?: number; message?: string };
    durationMs: number;
    stdout?: string;
    stderr?: string;
  };
  const end: PodState = {
    name,
    outcome: outcome.kind,
    exitCode: outcome.exitCode ?? null,
    error: outcome.message ?? null,
    durationMs,
  };
  run.pods.set(podKey(String(event.step), name), end);
  const written = `${stdout ?? ""}${stderr ?? ""}`.split("\n").filter((line) => line !== "");
  const lines = written.map((line) => `${name}: ${line}`);
  if (outcome.kind !== "ok") lines.push(endLine(end));
  return lines.length === 0 ? undefined : lines.join("\n");
}

function endLine({ name, outcome, exitCode, error }: PodState): string {
  const code = typeof exitCode === "number" ? ` with exit code ${exitCode}` : "";
  return `${name}: ${outcome}${code}${error ? `: ${error}` : ""}`;
}

function podKey(step: string, name: string): string {
  return `${step} ${name}`;
}
