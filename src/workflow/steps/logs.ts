/** `logs`: the last lines of every selected pod. */
import * as v from "valibot";
import { joinBytes } from "../../base/byte_buffer.ts";
import { filterLines, isWholeLog, LineLimit, type LogLine } from "../../logs/line.ts";
import { logFields } from "../../logs/logs.ts";
import { LineSplitter, startQuery } from "../../logs/read_stream.ts";
import { type Input, offered } from "../../operation/field.ts";
import { readFields, refuseContradictions } from "../../operation/operation.ts";
import { described, entriesOf, maxOutput, text } from "../fields.ts";
import { podOutput } from "./exec.ts";
import { defineStep, type StepEnd } from "../step_kind.ts";
import { fanoutEntries, podEntries, podLimitOf } from "../pod_fields.ts";
import { inParallel } from "../../base/semaphore.ts";
import { KodamaError } from "../../base/errors.ts";
import { layoutFields } from "../../exec/exec.ts";
import { Capture } from "../../exec/capture.ts";
import type { OutputMode } from "../../exec/run_options.ts";
import { type Outcome, outcomeInState, outcomeOfReadError } from "../../exec/outcome.ts";
import { outputFileName } from "../../exec/target_names.ts";
import { stepLine, type StepTargetEnd, targetEnded } from "../step_events.ts";
import { cutOf, emitFolded, reportIncomplete } from "../engine/fan_out.ts";
import { deadEnds, podOutputOf, troubleIn, withRecords } from "../engine/pod_output.ts";
import { targetsEvent } from "../engine/named_targets.ts";
import type { StepContext } from "../engine/step_context.ts";
import type { StepTarget } from "../engine/named_targets.ts";

const stepFields = offered(logFields, "workflows");

const request = v.strictObject({
  ...entriesOf(stepFields),
  timestamps: v.optional(described(
    v.boolean("true or false"),
    "Whether each line starts with the time at which it was logged; false by default.",
  )),
}, "a mapping of fields");

/** The kind `logs`. */
export const logsStep = defineStep({
  name: "logs",
  summary: "Reads the last lines of the logs of every selected pod.",
  inPods: true,
  entries: {
    logs: described(request, "Which lines to read; `{}` for the last 100."),
    ...podEntries,
    outputMode: fanoutEntries.outputMode,
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which the lines of each pod are available to expressions; 64Ki by default.",
      ),
    ),
    save: v.optional(described(
      text,
      "A local folder: each pod's lines are written to a file in it, instead of being shown.",
    )),
  },
  output: podOutput,
  example: `
select: { namespace: weka-operator-system, match: drive }
permissions: { write: [saved] }
steps:
  - id: last
    logs: { tail: 20, since: 1h, previous: false, timestamps: true }
    outputMode: fold
    maxOutput: 1Mi
  - logs:
      sinceTime: "2026-01-01T00:00:00Z"
      untilTime: "2030-01-01T00:00:00Z"
      grep: [ready, /fail(ed)?/]
      excludeLines: [debug]
      limitBytes: 65536
      maxLogRequests: 10
    select: { namespace: weka-operator-system, match: compute }
    targets: [weka-compute-0]
    save: saved/logs
`,
  needs: ({ save }) => save === undefined ? [] : [{ kind: "write", what: save }],
  rights: () => ({ rights: [{ group: "", resource: "pods/log", verbs: ["get"] }] }),
  plan: ({ logs: { tail = stepFields.tail.default } }) => ({
    does: tail === -1 ? "read the logs" : `read the last ${tail} lines of the logs`,
    where: "pods",
    effect: "reads",
  }),
  check: ({ logs }) => {
    const given: Readonly<Record<string, unknown>> = logs;
    try {
      refuseContradictions(
        stepFields,
        (name) => given[name] !== undefined && given[name] !== false,
      );
      return [];
    } catch (error) {
      return [{ at: ["logs"], message: (error as Error).message }];
    }
  },
  run: async (fields, step) => {
    const { logs: { timestamps = false, ...given }, save, maxOutput, outputMode } = fields;
    if (save !== undefined) await step.requirePath("write", save);
    return await readLogs(step, await step.targets(fields), {
      ...readFields(stepFields, given),
      timestamps,
      maxOutputBytes: podLimitOf(maxOutput),
      outputMode: layoutFields.outputMode.read(outputMode ?? "prefix") ?? "prefix",
      ...(save === undefined ? {} : { save }),
    });
  },
});

/* The last lines of the logs of a step's pods. */

const newline = Uint8Array.of(0x0a);

/** Which lines, and their destination. */
interface LogRead extends Input<typeof stepFields> {
  /** Whether each line starts with the time at which it was logged. */
  timestamps: boolean;
  /** How much of each pod's lines is stored. */
  maxOutputBytes: number;
  outputMode: OutputMode;
  /** A folder; the lines are written to files there instead of the screen. */
  save?: string;
}

/** Reads them; a pod whose log can't be read is a failed target. */
async function readLogs(
  step: StepContext,
  targets: readonly StepTarget[],
  read: LogRead,
): Promise<StepEnd> {
  await step.emit(targetsEvent(step, targets));
  const there = targets.filter(({ unreachable }) => unreachable === undefined);
  const ofPods = await inParallel(
    there.map((one) => async () => step.retained.get(one) ?? await readOne(step, one, read)),
    read.maxLogRequests ?? 1,
  );
  const ends = [...ofPods, ...await deadEnds(step, targets)];
  if (read.save === undefined && read.outputMode === "fold") await emitFolded(step, ends);
  const outcome = troubleIn(targets, ends, { kind: "count", count: 0 }) ?? { kind: "ok" };
  return { outcome, ...withRecords(step, ends, podOutputOf(ends, read.maxOutputBytes)) };
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
    // The server's log of a pod without a node is empty, as that of a pod which has written nothing.
    if (target.node === "" && target.trouble !== undefined) {
      outcome = outcomeInState({ kind: "unreachable", reason: "no node runs it" }, target.trouble);
    } else await copyLog(step, { target, name }, { read, stored });
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    outcome = outcomeOfReadError(error);
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
  const isShown = read.outputMode !== "fold" && read.outputMode !== "none";
  if (read.save === undefined && isShown) await emitLines(step, end);
  await step.emit(targetEnded(step.key, end, clock.now()));
  return end;
}

async function copyLog(
  step: StepContext,
  { target, name }: StepTarget,
  { read, stored }: { read: LogRead; stored: Capture },
): Promise<void> {
  const { context, namespace, pod, container } = target;
  const { previous, timestamps, save } = read;
  const client = await step.environment.kube(context);
  const isWhole = isWholeLog(read);
  const bytes = await client.logs({
    ...{ namespace, pod, container, follow: false, previous },
    // The filter and the limit are about a line without its time.
    timestamps: timestamps || !isWhole,
    ...startQuery(read),
  }, { signal: step.signal });
  await using file = save === undefined
    ? undefined
    : await step.create(`${save}/${outputFileName(name)}.log`);
  try {
    for await (const chunk of isWhole ? bytes : filtered(bytes, read)) {
      stored.push(chunk);
      await file?.write(chunk);
    }
    if (!step.signal.aborted) await file?.complete();
    else await reportIncomplete(step, name, await file?.keep());
  } catch (error) {
    await reportIncomplete(step, name, await file?.keep());
    throw error;
  }
}

/** Returns the lines that pass, up to the limit. */
async function* filtered(
  bytes: AsyncIterable<Uint8Array>,
  read: LogRead,
): AsyncGenerator<Uint8Array, void> {
  const splitter = new LineSplitter(0);
  const limit = new LineLimit(read);
  const passed = (lines: LogLine[]) =>
    filterLines(limit.take(lines), read).map((line) =>
      joinBytes([line.bytes.subarray(read.timestamps ? line.stamp : line.text, line.end), newline])
    );
  for await (const chunk of bytes) {
    yield* passed(splitter.push(chunk));
    if (limit.isReached) return;
  }
  yield* passed(splitter.end());
}

async function emitLines(step: StepContext, { name, stdout }: StepTargetEnd): Promise<void> {
  for (const line of stdout.split("\n").slice(0, stdout.endsWith("\n") ? -1 : undefined)) {
    if (line === "") continue;
    await step.emit(stepLine(step.key, line, { name }));
  }
}
