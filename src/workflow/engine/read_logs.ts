/** The last lines of the logs of a step's pods. */
import { inParallel } from "../../base/semaphore.ts";
import { KodamaError } from "../../base/errors.ts";
import { Capture } from "../../exec/capture.ts";
import type { Outcome } from "../../exec/outcome.ts";
import { outputFileName } from "../../exec/output_file_names.ts";
import type { StepTargetEnd } from "../step_events.ts";
import type { StepEnd } from "../step_kind.ts";
import { cutOf } from "./fan_out.ts";
import { deadEnds, troubleIn } from "./dead_contexts.ts";
import { targetsEvent } from "./named_targets.ts";
import { podOutputOf } from "./pod_output.ts";
import type { StepContext, StepTarget } from "./step_context.ts";

/** Maximum number of parallel requests. */
const parallel = 16;

/** Which lines, and their destination. */
export interface LogRead {
  tail: number;
  previous: boolean;
  /** Whether each line starts with the time at which it was logged. */
  timestamps: boolean;
  /** How much of each pod's lines is stored. */
  maxOutputBytes: number;
  sinceMs?: number;
  /** A folder; the lines are written to files there instead of the screen. */
  save?: string;
}

/** Reads them; a pod whose log can't be read is a failed target. */
export async function readLogs(
  step: StepContext,
  targets: readonly StepTarget[],
  read: LogRead,
): Promise<StepEnd> {
  await step.emit(targetsEvent(step.key, targets));
  const there = targets.filter(({ unreachable }) => unreachable === undefined);
  const ofPods = await inParallel(
    there.map((one) => async () => step.retained.get(one.name) ?? await readOne(step, one, read)),
    parallel,
  );
  const ends = [...ofPods, ...await deadEnds(step, targets)];
  const outcome = troubleIn(targets, ends, { kind: "count", count: 0 }) ?? { kind: "ok" };
  return { outcome, ...podOutputOf(ends, read.maxOutputBytes) };
}

async function readOne(
  step: StepContext,
  { target, name }: StepTarget,
  read: LogRead,
): Promise<StepTargetEnd> {
  const { clock } = step.environment;
  const startedMs = clock.elapsedMs();
  const stored = new Capture(read.maxOutputBytes);
  let outcome: Outcome = { kind: "ok" };
  try {
    await copyLog(step, { target, name }, { read, stored });
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const kind = error.kind === "forbidden" ? "forbidden" : "unreachable";
    outcome = { kind, reason: error.message };
  }
  const stdout = new TextDecoder().decode(stored.bytes);
  const end: StepTargetEnd = {
    target,
    name,
    outcome,
    stdout,
    stderr: "",
    ...cutOf({ stdout: stored }),
    durationMs: Math.round(clock.elapsedMs() - startedMs),
  };
  if (read.save === undefined) await emitLines(step, end);
  await step.emit({ kind: "stepTargetEnded", step: step.key, end, at: clock.now() });
  return end;
}

async function copyLog(
  step: StepContext,
  { target, name }: StepTarget,
  { read, stored }: { read: LogRead; stored: Capture },
): Promise<void> {
  const { context, namespace, pod, container } = target;
  const { tail: tailLines, previous, timestamps, sinceMs, save } = read;
  const client = await step.environment.kube(context);
  const bytes = await client.logs({
    namespace,
    pod,
    container,
    follow: false,
    previous,
    timestamps,
    tailLines,
    ...(sinceMs === undefined ? {} : { sinceSeconds: Math.max(1, Math.ceil(sinceMs / 1000)) }),
  }, { signal: step.signal });
  await using file = save === undefined
    ? undefined
    : await step.create(`${save}/${outputFileName(name)}.log`);
  for await (const chunk of bytes) {
    stored.push(chunk);
    await file?.write(chunk);
  }
}

async function emitLines(step: StepContext, { name, stdout }: StepTargetEnd): Promise<void> {
  for (const line of stdout.split("\n").slice(0, stdout.endsWith("\n") ? -1 : undefined)) {
    if (line === "") continue;
    await step.emit({
      kind: "stepLine",
      step: step.key,
      target: name,
      stream: "stdout",
      text: line,
    });
  }
}
