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
import { podOutput } from "./pod_output.ts";
import type { Stage, StageTarget } from "./step_context.ts";

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
  stage: Stage,
  targets: readonly StageTarget[],
  read: LogRead,
): Promise<StepEnd> {
  await stage.tell(targetsEvent(stage.key, targets));
  const there = targets.filter(({ unreachable }) => unreachable === undefined);
  const ofPods = await inParallel(
    there.map((one) => async () => stage.kept.get(one.name) ?? await readOne(stage, one, read)),
    parallel,
  );
  const ends = [...ofPods, ...await deadEnds(stage, targets)];
  const outcome = troubleIn(targets, ends, { kind: "count", count: 0 }) ?? { kind: "ok" };
  return { outcome, ...podOutput(ends, read.maxOutputBytes) };
}

async function readOne(
  stage: Stage,
  { target, name }: StageTarget,
  read: LogRead,
): Promise<StepTargetEnd> {
  const { clock } = stage.world;
  const beganMs = clock.elapsedMs();
  const kept = new Capture(read.maxOutputBytes);
  let outcome: Outcome = { kind: "ok" };
  try {
    await copyLog(stage, { target, name }, { read, kept });
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const kind = error.kind === "forbidden" ? "forbidden" : "unreachable";
    outcome = { kind, reason: error.message };
  }
  const stdout = new TextDecoder().decode(kept.bytes);
  const end: StepTargetEnd = {
    target,
    name,
    outcome,
    stdout,
    stderr: "",
    ...cutOf({ stdout: kept }),
    durationMs: Math.round(clock.elapsedMs() - beganMs),
  };
  if (read.save === undefined) await tellLines(stage, end);
  await stage.tell({ kind: "stepTargetEnded", step: stage.key, end, at: clock.now() });
  return end;
}

async function copyLog(
  stage: Stage,
  { target, name }: StageTarget,
  { read, kept }: { read: LogRead; kept: Capture },
): Promise<void> {
  const { context, namespace, pod, container } = target;
  const { tail: tailLines, previous, timestamps, sinceMs, save } = read;
  const client = await stage.world.kube(context);
  const bytes = await client.logs({
    namespace,
    pod,
    container,
    follow: false,
    previous,
    timestamps,
    tailLines,
    ...(sinceMs === undefined ? {} : { sinceSeconds: Math.max(1, Math.ceil(sinceMs / 1000)) }),
  }, { signal: stage.signal });
  await using file = save === undefined
    ? undefined
    : await stage.create(`${save}/${outputFileName(name)}.log`);
  for await (const chunk of bytes) {
    kept.push(chunk);
    await file?.write(chunk);
  }
}

async function tellLines(stage: Stage, { name, stdout }: StepTargetEnd): Promise<void> {
  for (const line of stdout.split("\n").slice(0, stdout.endsWith("\n") ? -1 : undefined)) {
    if (line === "") continue;
    await stage.tell({
      kind: "stepLine",
      step: stage.key,
      target: name,
      stream: "stdout",
      text: line,
    });
  }
}
