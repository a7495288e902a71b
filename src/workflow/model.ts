/**
 * The full form of a workflow file as typed values: the input of the checks, the plan and the engine.
 *
 * A value has its path in the file (`["steps", 2, "when"]`); the file's `YamlSource` turns it into line and column when
 * a problem is reported. Texts that may contain expressions stay as they were written until their step runs.
 *
 * Names that expressions know: `params`, `env` (as far as `permissions.env` grants it), `steps` (earlier ones with an
 * id), `run` (`id`, `workflow`), inside of a `foreach` its `as` and `index`, in `finally` also `outcome`.
 */
import type { JsonValue } from "../base/json_value.ts";
import type { SourcePath } from "../base/yaml/source.ts";

export type { SourcePath } from "../base/yaml/source.ts";

/** A source location: the file's path as messages name it, and the keys and indexes from its top. */
export interface SourceLocation {
  file: string;
  path: SourcePath;
}

/** A source location whose line is known, so that an error of a run can name it. */
export interface LineLocation extends SourceLocation {
  /** From 1. */
  line: number;
}

/** Types of a parameter's value. `duration` is a text such as `30s`. */
export type ParamType = "text" | "number" | "boolean" | "duration" | "list";

/** One parameter of a workflow. The checks ensure that a default fits the type and the list of values. */
export interface Param {
  name: string;
  type: ParamType;
  /** The file has only a value of this type, and doesn't declare it. */
  isInferred?: true;
  description?: string;
  default?: JsonValue;
  /** The only values that are allowed. */
  enum?: readonly JsonValue[];
  /** A run doesn't start without it: a terminal prompts for it. */
  required: boolean;
  /** Never shown or stored: its value is removed from every line and record. */
  secret: boolean;
  /** Environment variable that provides it if the command line doesn't. */
  env?: string;
  at: SourceLocation;
}

/** The grant of one of Deno's permissions: nothing, these, or all. */
export type Grant = false | true | readonly string[];

/** Verbs of the API by namespace. `*` stands for all. */
export interface ClusterRule {
  /** `exec`, `get`, `list`, `logs`, or `*`. */
  verbs: readonly string[];
  /** Empty for the namespaces of `select`. */
  namespaces: readonly string[];
}

/**
 * What a workflow may touch beyond the pods that its steps name. A file without `permissions` has {@link
 * noPermissions}: then `shell`, `http`, `copy` to this machine, `env` in expressions and everything that a script
 * requests are refused, by the checks if the file shows it and by the engine if a value does.
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

/** Grants nothing. */
export const noPermissions: Permissions = {
  net: false,
  read: false,
  write: false,
  env: false,
  run: false,
  sys: false,
  cluster: [],
};

/** Whether the workflow continues after a failure of a step: `any` includes timeouts, and what was refused. */
export type AllowFailure = boolean | "any";

/** Fields that all kinds of step share. */
export interface StepFrame {
  /** Given, or made of kind and position: `exec-2`. Unique in its workflow. */
  id: string;
  /** Set by the file: expressions may name the step. */
  named: boolean;
  /** Title for people. May contain expressions. */
  title?: string;
  at: LineLocation;
  /** An expression; the step is skipped unless it evaluates to true. */
  when?: string | boolean;
  /** An expression: the step is repeated until it evaluates to true. */
  until?: string | boolean;
  /** Its own fields of `policyEntries`, as written. */
  policy: Readonly<Record<string, unknown>>;
}

/**
 * One step. `kind` names its file in `src/workflow/steps/`, the only code that knows the meaning of the fields;
 * `fields` have passed the shape in that file, with expressions not yet evaluated.
 */
export interface Step extends StepFrame {
  kind: string;
  /**
   * The step can't be run, and was reported: its fields are as written. It is included so that references to it aren't
   * reported as well. With `kind`, its effect isn't known either.
   */
  broken?: "fields" | "kind";
  fields: Readonly<Record<string, unknown>>;
  /** Inner steps, by the field that holds them (`foreach`, `parallel`). */
  inner: Readonly<Record<string, readonly Step[]>>;
}

/** What happens when another run of the same group is running. */
export interface Concurrency {
  group: string;
  /** `wait` or `refuse`, or an expression that evaluates to one of them. */
  mode: string;
}

/** One output: a template that is evaluated after the last step. */
export interface Output {
  name: string;
  template: string;
  at: LineLocation;
}

/** A workflow in its full form. */
export interface FullWorkflow {
  name: string;
  /** Absolute. */
  path: string;
  description?: string;
  params: readonly Param[];
  /** As written; its texts may contain expressions. */
  select: Readonly<Record<string, unknown>>;
  /** For every step that doesn't override them; as written. */
  defaults: Readonly<Record<string, unknown>>;
  permissions: Permissions;
  steps: readonly Step[];
  /** The limits of a run, as written. */
  limits?: { time: string };
  /** Always run at the end, also after a cancel. */
  finally: readonly Step[];
  /** Templates, by name; evaluated after the last step. */
  outputs: readonly Output[];
  concurrency?: Concurrency;
}

/** The source of a `script` step. */
export interface ScriptSource {
  /** The step's id, for messages. */
  step: string;
  /** TypeScript: the text of the step, or of the file that it names. */
  code: string;
  /** The name of the code in messages and stack traces. */
  path: string;
  /** The line of `path` on which the code starts, from 1. */
  line: number;
  /** The evaluated `with` of the step: the script sees it as `kodama.input`. */
  input: JsonValue;
  /**
   * The targets of the workflow's selection, by the names of this run: the script sees the names, and the sandbox
   * checks each request against `permissions.cluster` in the target's namespace.
   */
  targets: readonly { name: string; namespace: string }[];
  /** Absolute: the script's working directory, and the base of paths in `permissions`; else `path`'s folder. */
  folder?: string;
}

/** The end of one command in one target, as a script and an expression see it. */
export interface TargetResult {
  outcome: string;
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Output beyond 64 KiB a stream was dropped. */
  truncated: boolean;
}

/**
 * The API of a script. The sandbox has checked each call against `permissions.cluster` before it arrives here.
 * Rejections are KodamaErrors; only their message crosses into the script.
 */
export interface ScriptApi {
  /** Runs in the targets of the workflow's selection, or in the named ones. Results by target name. */
  exec(
    request: { command: readonly string[]; targets?: readonly string[]; timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TargetResult>>>;
  /** Returns an object by name, or all of a kind in a namespace, as the API returns them. */
  get(
    request: { resource: string; name?: string; namespace?: string; selector?: string },
    signal: AbortSignal,
  ): Promise<JsonValue>;
  /** Returns the last lines of a target's log. */
  logs(
    request: { target: string; tail: number },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Emits a line of the step. Bounded by the caller: 10,000 characters, 10,000 lines a second. */
  log(line: string): void;
}

/** How a script ended. The sandbox never rejects because of what a script did. */
export type ScriptEnd =
  /** `output` is the last value passed to `kodama.output(…)`, or null. */
  | { kind: "ok"; output: JsonValue }
  /** It threw; `message` is bounded and contains no stack frames of kodama. */
  | { kind: "failed"; message: string; line?: number; column?: number }
  /** It requested something that isn't granted, and didn't catch the error: `read access to "/etc/passwd"`. */
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
