/**
 * The full form of a workflow file as typed values: what the checks, the plan and the engine work on.
 *
 * A value keeps its place in the file (`["steps", 2, "when"]`); the file's `YamlSource` turns it into line and column
 * when a problem must be told. Texts that may hold expressions stay as they were written until their step runs.
 *
 * Names that expressions know: `params`, `env` (as far as `permissions.env` grants it), `steps` (earlier ones with an
 * id), `run` (`id`, `workflow`), inside of a `foreach` its `as` and `index`, in `finally` also `outcome`.
 */
import type { JsonValue } from "../base/json_value.ts";
import type { RetryPolicy } from "../base/retry.ts";
import type { SourcePath } from "../base/yaml_source.ts";

export type { SourcePath } from "../base/yaml_source.ts";

/** Where something stands: the file's path as messages name it, and the keys and indexes from its top. */
export interface Place {
  file: string;
  path: SourcePath;
}

/** A place whose line is known, so that an error of a run can name it. */
export interface LinePlace extends Place {
  /** From 1. */
  line: number;
}

/** Kinds of a parameter's value. `duration` is a text such as `30s`. */
export type ParamType = "text" | "number" | "boolean" | "duration" | "list";

/** One parameter of a workflow. A default fits the type and the list of values; the checks see to it. */
export interface Param {
  name: string;
  type: ParamType;
  description?: string;
  default?: JsonValue;
  /** The only values that it may have. */
  enum?: readonly JsonValue[];
  /** A run without it doesn't begin: it is asked for on a terminal. */
  required: boolean;
  /** Never shown nor kept: wherever its value would stand in a line or a record, it is taken out. */
  secret: boolean;
  /** Variable of the environment that it is taken from where the command line doesn't say it. */
  env?: string;
  at: Place;
}

/** What is granted of one kind of Deno's permissions: nothing, these, or all. */
export type Grant = false | true | readonly string[];

/** Which verbs of the API in which namespaces. `*` stands for all. */
export interface ClusterRule {
  /** `exec`, `get`, `list`, `logs`, or `*`. */
  verbs: readonly string[];
  /** Empty for the namespaces of `select`. */
  namespaces: readonly string[];
}

/**
 * What a workflow may touch beyond the pods that its steps name. A file without `permissions` has
 * {@link noPermissions}: then `shell`, `http`, `copy` to this machine, `env` in expressions and all that a
 * script asks for are refused, by the checks where the file tells it and by the engine where a value does.
 */
export interface Permissions {
  net: Grant;
  read: Grant;
  write: Grant;
  env: Grant;
  run: Grant;
  sys: Grant;
  cluster: readonly ClusterRule[];
}

/** Nothing at all. */
export const noPermissions: Permissions = {
  net: false,
  read: false,
  write: false,
  env: false,
  run: false,
  sys: false,
  cluster: [],
};

/** What a step may fail with while the workflow goes on. */
export type ContinueOn = "nothing" | "failure" | "anything";

/** What all kinds of step have in common. */
export interface StepFrame {
  /** Given, or made of kind and place: `exec-2`. Unique in its workflow. */
  id: string;
  /** The file gives it: expressions may name the step. */
  named: boolean;
  /** As a person reads it. May hold expressions. */
  title?: string;
  at: LinePlace;
  /** An expression; the step is skipped unless it gives true. */
  when?: string | boolean;
  /** A duration, or an expression that gives one. */
  timeout?: string;
  retry?: RetryPolicy;
  continueOn: ContinueOn;
}

/**
 * One step. `kind` names its file in `src/workflow/steps/`, which is the only place that knows what the fields
 * mean; `fields` are as that file's shape has passed them, expressions not yet evaluated.
 */
export interface Step extends StepFrame {
  kind: string;
  /**
   * It can't be run, and was reported: its fields are as they were written. It is there so that what names it isn't
   * to blame. Of `kind`, what it does isn't known either.
   */
  broken?: "fields" | "kind";
  fields: Readonly<Record<string, unknown>>;
  /** Steps inside of it, by the field that holds them (`foreach`, `parallel`). */
  inner: Readonly<Record<string, readonly Step[]>>;
}

/** What happens when another run of the same group goes on. */
export interface Concurrency {
  group: string;
  mode: "wait" | "refuse";
}

/** One output: a template that is evaluated after the last step. */
export interface Output {
  name: string;
  template: string;
  at: LinePlace;
}

/** A workflow in its full form; `extends` is resolved. */
export interface FullWorkflow {
  name: string;
  /** Absolute. */
  path: string;
  description?: string;
  params: readonly Param[];
  /** As written; expressions may stand in its texts. */
  select: Readonly<Record<string, unknown>>;
  /** For every step that doesn't say otherwise; as written. */
  defaults: Readonly<Record<string, unknown>>;
  permissions: Permissions;
  steps: readonly Step[];
  /** Run at the end whatever happened, a cancel included. */
  finally: readonly Step[];
  /** Templates, by name; evaluated after the last step. */
  outputs: readonly Output[];
  concurrency?: Concurrency;
}

/** The source of a `script` step. */
export interface ScriptSource {
  /** The step's id; messages name it. */
  step: string;
  /** TypeScript: the text of the step, or of the file that it names. */
  code: string;
  /** As messages and stack traces shall name the code. */
  path: string;
  /** The line of `path` on which the code begins, from 1. */
  line: number;
  /** What the step's `with` came to: the script sees it as `kodama.input`. */
  input: JsonValue;
  /**
   * The targets of the workflow's selection, by the names of this run: the script sees the names, and the sandbox
   * holds what is asked of each against `permissions.cluster` in its namespace.
   */
  targets: readonly { name: string; namespace: string }[];
  /** Absolute: where the script runs, and what relative paths of `permissions` are below; else `path`'s folder. */
  folder?: string;
}

/** How one command ended in one target, as a script and an expression see it. */
export interface TargetResult {
  outcome: string;
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Output beyond 64 KiB a stream was left out. */
  truncated: boolean;
}

/**
 * What a script may ask of kodama. Each call has been held against `permissions.cluster` by the sandbox before
 * it arrives here. Rejections are KodamaErrors; their message crosses into the script, and nothing else does.
 */
export interface ScriptApi {
  /** In the targets of the workflow's selection, or in those of them that are named. By target name. */
  exec(
    request: { command: readonly string[]; targets?: readonly string[]; timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TargetResult>>>;
  /** An object by name, or all of a kind in a namespace: as the API has them. */
  get(
    request: { resource: string; name?: string; namespace?: string; selector?: string },
    signal: AbortSignal,
  ): Promise<JsonValue>;
  /** The last lines of a target's log. */
  logs(
    request: { target: string; tail: number },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** A line of the step. Bounded by whoever calls: 10,000 characters, 10,000 lines a second. */
  log(line: string): void;
}

/** How a script ended. The sandbox never rejects for what a script did. */
export type ScriptEnd =
  /** `output` is what it gave to `kodama.output(…)` last, or null. */
  | { kind: "ok"; output: JsonValue }
  /** It threw; `message` is bounded and holds no stack of kodama's own. */
  | { kind: "failed"; message: string; line?: number; column?: number }
  /** It asked for what it wasn't granted, and didn't catch that: `read access to "/etc/passwd"`. */
  | { kind: "denied"; what: string }
  | { kind: "limit"; which: "time" | "memory" | "output" }
  | { kind: "cancelled" };

/** Runs a script; the engine gets this from `src/actions/`, which takes it from `src/sandbox/`. */
export type RunScript = (
  script: ScriptSource,
  permissions: Permissions,
  api: ScriptApi,
  bounds: { signal: AbortSignal; timeoutMs: number; memoryMiB: number },
) => Promise<ScriptEnd>;
