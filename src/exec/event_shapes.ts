/**
 * The published events of a run, whatever it is of: a command or a workflow, now or in its record. Everything of a step
 * has its key, which is empty for a command: a command is a run of one step. Their JSON Schema in `docs/schema/` is
 * generated from these; writers and readers use only the types.
 */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { fileVersion } from "../base/file_version.ts";
import { field, index, outcomeKind, targetShape, time, whole } from "./report_shapes.ts";

/** The version of this vocabulary; fields may be added to it, and none changes its meaning. */
export const eventsVersion = 2;

const step = {
  step: field(
    v.string(),
    "The key of the step: its id, prefixed with the keys of its outer steps (`disks[3]/clean`, `finally/clean`); empty for a command.",
  ),
};

const target = {
  ...step,
  target: v.optional(field(index, "Of a command: its index among the targets, from 0.")),
  name: field(v.string(), "As short as it can be without being ambiguous."),
};

const error = field(v.nullable(v.string()), "Why it wasn't ok, if its output doesn't say so.");

const stepOutcome = field(
  v.picklist([
    "ok",
    "rescued",
    "failed",
    "denied",
    "refused",
    "timeout",
    "cancelled",
    "skipped",
  ]),
  "How the step ended.",
);

const cut = v.optional(field(
  v.array(v.object({ path: v.array(v.union([v.string(), whole])), reason: v.string() })),
  "Parts of the output that were cut.",
));

const omitted = v.optional(
  field(v.array(v.string()), "Fields of the output that the ends of its targets have."),
);

const output = field(v.unknown(), "What expressions see of the step as `steps.ID`.");

const batch = { ...step, index: field(whole, "From 0.") };

const runStarted = v.object({
  event: v.literal("runStarted"),
  version: v.literal(eventsVersion),
  at: time,
  command: field(v.nullable(v.array(v.string())), "Null for a workflow with steps."),
  workflow: field(v.nullable(v.string()), "Its name; null for a command."),
  steps: field(whole, "How many steps the workflow has; 1 for a command."),
  targets: field(v.array(targetShape), "Of a command; those of a step are in targetsAdded."),
});

const contextFailed = v.object({
  event: v.literal("contextFailed"),
  context: v.string(),
  error: v.string(),
});

const podSkipped = v.object({
  event: v.literal("podSkipped"),
  ...step,
  context: field(v.nullable(v.string()), "Null if it isn't known."),
  namespace: v.string(),
  pod: v.string(),
  reason: v.string(),
});

const targetsAdded = v.object({
  event: v.literal("targetsAdded"),
  ...step,
  targets: v.array(v.object({
    ...targetShape.entries,
    earlier: v.optional(
      field(outcomeKind, "How it ended in an earlier attempt or run, which isn't repeated."),
    ),
  })),
});

const targetStarted = v.object({ event: v.literal("targetStarted"), ...target, at: time });

const targetEnded = v.object({
  event: v.literal("targetEnded"),
  ...target,
  at: time,
  outcome: field(outcomeKind, "How the target ended."),
  exitCode: field(v.nullable(v.number()), "Of the command; null if it reported none."),
  signal: field(v.nullable(v.string()), "Signal that ended the command."),
  durationMs: whole,
  error,
  stdout: v.optional(field(v.string(), "Absent if its lines were events, or it wrote nothing.")),
  stderr: v.optional(v.string()),
  truncated: v.optional(
    field(v.literal(true), "Output beyond the step's maxOutput was omitted."),
  ),
  copied: v.optional(v.object({ to: v.string(), files: whole, bytes: whole })),
});

const stepStarted = v.object({
  event: v.literal("stepStarted"),
  ...step,
  kind: field(v.string(), "The kind of step: exec, copy, wait."),
  title: v.string(),
  at: time,
});

const stepKept = v.object({
  event: v.literal("stepKept"),
  ...step,
  outcome: field(stepOutcome, "In the run that this one resumes, whose record has it."),
  error,
  output,
  cut,
  omitted,
});

const stepEnded = v.object({
  event: v.literal("stepEnded"),
  ...step,
  outcome: stepOutcome,
  error,
  tolerated: field(
    v.boolean(),
    "It wasn't ok, and the file tolerates that (`allowFailure`, `rescue`).",
  ),
  output,
  cut,
  omitted,
  at: time,
  durationMs: whole,
});

const batchStarted = v.object({
  event: v.literal("batchStarted"),
  ...batch,
  count: field(whole, "How many batches there are."),
  names: field(v.array(v.string()), "Its targets."),
  at: time,
});

const batchEnded = v.object({
  event: v.literal("batchEnded"),
  ...batch,
  outcome: stepOutcome,
  error,
  at: time,
  durationMs: whole,
});

const stepRetried = v.object({
  event: v.literal("stepRetried"),
  ...step,
  attempt: field(whole, "The next one's, from 2."),
  delayMs: v.number(),
  reason: v.string(),
});

const finallyStarted = v.object({ event: v.literal("finallyStarted"), at: time });

const runWaits = v.object({
  event: v.literal("runWaits"),
  group: v.string(),
  holder: field(v.string(), "The run of the same group that is running."),
});

const runEnded = v.object({
  event: v.literal("runEnded"),
  at: time,
  durationMs: whole,
  exitCode: field(v.number(), "Exit code of kodama; 130 if the run was stopped."),
  outcome: field(v.nullable(stepOutcome), "Of a workflow; null for a command."),
  error,
  counts: field(
    v.nullable(v.record(outcomeKind, whole)),
    "Of a command: its targets by their outcome.",
  ),
  outputs: field(v.record(v.string(), v.unknown()), "Of a workflow, by name."),
  again: field(
    v.nullable(v.object({
      kind: v.picklist(["all", "rest", "failed", "from"]),
      step: v.optional(v.string()),
    })),
    "Where a rerun of a workflow can resume; `all` is from the start, null after a success.",
  ),
});

/** One event of a run: `exec -o jsonl --events`, `--progress json`, `run -o jsonl`. */
export const runEventShape = v.variant("event", [
  runStarted,
  runWaits,
  v.object({
    event: v.literal("changedSince"),
    run: field(v.string(), "The run that this one resumes."),
    undoing: field(
      v.array(v.string()),
      "Steps of its `finally` that may have undone what isn't done again.",
    ),
    files: v.array(v.string()),
    params: v.array(v.string()),
    steps: v.object({
      changed: v.array(v.string()),
      added: v.array(v.string()),
      removed: v.array(v.string()),
    }),
  }),
  stepStarted,
  stepKept,
  contextFailed,
  v.object({
    event: v.literal("contextWaiting"),
    context: v.string(),
    reason: v.string(),
    limitMs: v.nullable(whole),
  }),
  podSkipped,
  targetsAdded,
  batchStarted,
  batchEnded,
  targetStarted,
  v.object({
    event: v.literal("line"),
    ...target,
    name: field(v.string(), "Of the target; empty for a line of the step itself."),
    stream: v.picklist(["stdout", "stderr"]),
    text: field(
      v.string(),
      "Without the line's end. Bytes that aren't UTF-8 are replaced by U+FFFD.",
    ),
    endedBy: field(
      v.picklist(["newline", "end", "limit"]),
      "newline; end: the output ended without one; limit: it continues in the next event.",
    ),
  }),
  targetEnded,
  stepRetried,
  stepEnded,
  finallyStarted,
  v.object({ event: v.literal("recorded"), run: field(v.string(), "The id of its record.") }),
  v.object({ event: v.literal("notRecorded"), error: v.string() }),
  runEnded,
]);

/* The record of a run: the request, its events, and each distinct output. */

const amount = v.variant("kind", [
  v.object({ kind: v.literal("count"), count: whole }),
  v.object({ kind: v.literal("percent"), percent: v.number() }),
]);

/** The first line of a record of a command: the request. The events follow. */
const recordHeaderShape = v.object({
  event: v.literal("record"),
  version: fileVersion(eventsVersion),
  id: v.string(),
  at: time,
  command: field(v.array(v.string()), "Text in it that looks like a secret is omitted."),
  redacted: field(v.boolean(), "A part of the command was omitted."),
  shell: v.boolean(),
  subst: v.boolean(),
  workdir: v.nullable(v.string()),
  env: field(v.array(v.string()), "Names of variables that were set; their values aren't stored."),
  stdin: v.boolean(),
  tty: v.boolean(),
  copy: field(v.optional(v.boolean(), false), "It was a copy of files."),
  workflow: v.nullable(v.string()),
  rerunOf: field(v.nullable(v.string()), "The run whose targets these are."),
  places: field(
    v.nullable(v.array(v.object({ index, total: index }))),
    "KODAMA_INDEX and KODAMA_TOTAL of each target, if they are those of an earlier run.",
  ),
  bounds: v.object({
    fanout: v.optional(whole),
    connectTimeoutMs: v.optional(whole),
    timeoutMs: v.optional(whole),
    serial: v.optional(v.array(amount)),
    maxFail: v.optional(amount),
    failFast: v.optional(v.boolean()),
  }),
});

const recordedOutput = v.object({
  event: v.literal("output"),
  id: field(v.string(), "A hash of all of it: equal outputs have equal ids."),
  stdout: field(v.string(), "Text in it that looks like a secret is replaced."),
  stderr: v.string(),
  omittedBytes: field(whole, "Bytes that aren't stored, beyond a limit."),
});

/** The first line of a record of a workflow with steps. */
const workflowHeaderShape = v.object({
  event: v.literal("workflow"),
  version: fileVersion(eventsVersion),
  id: v.string(),
  at: time,
  workflow: v.string(),
  path: v.string(),
  files: field(v.record(v.string(), v.string()), "SHA-256 of every file, by path."),
  params: field(
    v.record(v.string(), v.unknown()),
    "Without the values of secret ones, whose names alone are stored.",
  ),
  secrets: v.array(v.string()),
  rerunOf: field(v.nullable(v.string()), "The run that this one resumes."),
  overrides: field(
    v.unknown(),
    "Contexts and parts of the selection that the command line set.",
  ),
  choice: v.optional(field(
    v.object({
      only: v.array(v.string()),
      skip: v.array(v.string()),
      startAt: v.exactOptional(v.string()),
    }),
    "Steps that were left out, or the only ones that weren't.",
  )),
});

const mark = {
  identity: v.optional(
    field(
      v.string(),
      "Identifies the step in a rerun, independent of its position; `step` if it is absent.",
    ),
  ),
  definition: field(v.string(), "A hash of what the step does; empty if it isn't known."),
  inputs: v.optional(
    field(
      v.string(),
      "A hash of the values that it reads of other steps; absent if it reads none.",
    ),
  ),
};

const endOfStep = {
  exitCode: v.optional(field(whole, "Of a run that a failed step ends; 5 if it is absent.")),
};

const outputId = v.optional(
  field(v.string(), "What was written: an `output` of this record. Absent if it isn't stored."),
);

const recordedTarget = v.object({
  context: v.string(),
  namespace: v.string(),
  pod: field(v.string(), "`*` for all pods of an unreachable context."),
  container: v.string(),
  node: v.string(),
  ip: v.string(),
  uid: v.optional(v.string()),
});

const cutTail = v.optional(v.object({ bytes: whole, hash: v.number() }));

/** What a record alone has of an event of a step, by the event's name: what a rerun needs. */
const recordOfStep = {
  stepStarted: v.object({
    ...mark,
    once: v.optional(
      field(v.literal(true), "It changes something, and not pod by pod: only a person repeats it."),
    ),
  }),
  stepKept: v.object({
    ...mark,
    ...endOfStep,
    kind: v.optional(field(v.string(), "The kind of step; absent if it didn't start.")),
    tolerated: v.optional(v.literal(true)),
  }),
  targetsAdded: v.object({
    scopes: field(
      v.array(v.object({ context: v.string(), namespace: v.string() })),
      "Where the pods are.",
    ),
  }),
  targetStarted: v.object({
    target: field(
      recordedTarget,
      "Of a run in the cluster: a command that may change something is about to be sent.",
    ),
  }),
  targetEnded: v.object({
    target: recordedTarget,
    outcome: field(v.looseObject({ kind: outcomeKind }), "The outcome with all of its details."),
    stdout: v.string(),
    stderr: v.string(),
    cut: v.optional(field(
      v.object({ stdout: cutTail, stderr: cutTail }),
      "Of each stream that was cut, the length and a hash of the omitted part.",
    )),
    omitted: v.optional(
      field(v.literal(true), "Its output isn't here, because no expression reads it."),
    ),
  }),
  stepEnded: v.object(endOfStep),
};

/** One line of a record. */
export const recordLineShape = v.variant("event", [
  recordHeaderShape,
  workflowHeaderShape,
  runStarted,
  runWaits,
  v.object({ ...stepStarted.entries, record: recordOfStep.stepStarted }),
  v.object({ ...stepKept.entries, record: recordOfStep.stepKept }),
  v.object({ ...targetsAdded.entries, record: v.optional(recordOfStep.targetsAdded) }),
  v.object({ ...targetStarted.entries, record: v.optional(recordOfStep.targetStarted) }),
  recordedOutput,
  v.object({
    ...targetEnded.entries,
    outputId,
    record: v.optional(recordOfStep.targetEnded),
  }),
  v.object({ ...stepEnded.entries, outputId, record: v.optional(recordOfStep.stepEnded) }),
  batchStarted,
  batchEnded,
  stepRetried,
  finallyStarted,
  contextFailed,
  podSkipped,
  runEnded,
]);

/** The published shapes, by the names of their files in `docs/schema/`. */
export const publishedEventShapes = {
  "run-event": { title: "An event of a run (-o jsonl, with events)", shape: runEventShape },
  "run-record": { title: "A line of a run's record", shape: recordLineShape },
} as const;

/** Data that nobody changes. */
type Fixed<T> = T extends readonly (infer Item)[] ? readonly Fixed<Item>[]
  : T extends object ? { readonly [Name in keyof T]: Fixed<T[Name]> }
  : T;

/** One event of a run. */
export type RunEventData = Fixed<v.InferOutput<typeof runEventShape>>;
/** What a record alone has of an event of a step. */
export type RecordOfStep = {
  [Event in keyof typeof recordOfStep]: Fixed<v.InferOutput<(typeof recordOfStep)[Event]>>;
};
/** The first line of a record of a command. */
export type RecordHeader = Fixed<v.InferOutput<typeof recordHeaderShape>>;
/** The first line of a record of a workflow with steps. */
export type WorkflowHeader = Fixed<v.InferOutput<typeof workflowHeaderShape>>;
/** One line of a record. */
export type RecordLine = Fixed<v.InferOutput<typeof recordLineShape>>;

/**
 * Reads a record. A last line without its end is ignored: the process was killed while it wrote.
 *
 * @param name the name in errors.
 * @throws KodamaError `config` for content that kodama doesn't write.
 */
export function readLines<Header extends "record" | "workflow">(
  name: string,
  text: string,
  first: Header,
): { header: Extract<RecordLine, { event: Header }>; lines: readonly RecordLine[] } {
  const [header, ...lines] = text.split("\n").slice(0, -1)
    .map((line, at) => readLine(`${name}:${at + 1}`, line));
  if (header?.event === first) {
    return { header: header as Extract<RecordLine, { event: Header }>, lines };
  }
  throw new KodamaError("config", `${name}: it doesn't start like the record of a run`);
}

function readLine(where: string, line: string): RecordLine {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    throw new KodamaError("config", `${where}: this is not a line of a record`);
  }
  const result = v.safeParse(recordLineShape, data);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new KodamaError("config", `${where}: ${path === null ? "" : `${path}: `}${issue.message}`);
}
