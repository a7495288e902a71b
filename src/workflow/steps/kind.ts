/**
 * What a kind of step is: one declaration, in one file, of its fields, what expressions see of it, what it would do
 * and how it is done. Checks, plan, engine, schema and reference read this declaration and know no kind by name.
 */
import type * as v from "valibot";
import type { JsonValue } from "../../base/json_value.ts";
import type { SourcePath } from "../../base/yaml_source.ts";
import type { ChangeAction } from "../../gate/change.ts";
import type { Type } from "../../expression/type.ts";
import type { Entries } from "../fields.ts";
import type { Permissions } from "../model.ts";
import type { StepOutcome } from "../step_events.ts";
import type { CutValue } from "../engine/cut_values.ts";
import type { Stage } from "../engine/stage.ts";

/** Something wrong with a step that its shape can't say; `at` is below the step. */
export interface Finding {
  at: SourcePath;
  message: string;
}

/** A permission that a step needs: `run` for `git`, `net` for `example.com:443`. */
export interface Need {
  kind: Exclude<keyof Permissions, "cluster">;
  what: string;
  /** Which part of the step needs it, in a sentence; absent if that is plain. */
  why?: string;
}

/** What a step would do, as the plan says it. */
export interface Intent {
  /** In a line: `exec weka version`. */
  does: string;
  /** The words of a command, where it runs one. */
  command?: readonly string[];
  /** In the selected pods, on this machine, or nowhere. */
  where: "pods" | "here" | "nowhere";
  /** `asks`: what isn't known only to look, and so asks before it runs. */
  effect: "reads" | "changes" | "asks";
  /** What changes in the pods; absent if nothing does. */
  change?: ChangeAction;
  /** It can do in the cluster what `permissions.cluster` grants. */
  usesClusterPermissions?: true;
}

/** Programs that change clusters, as a word of a command or of a line for a shell. */
const clusterProgram = /(?:^|[\s;&|(/])(?:kubectl|kodama|helm|oc)(?:$|\s)/;

/**
 * Returns whether a step may change pods or objects of the cluster, and so undo what other steps have done there. A
 * local command that only sends a notification doesn't.
 */
export function mayChangeCluster(
  { change, effect, command = [], usesClusterPermissions }: Intent,
  { cluster }: Permissions,
): boolean {
  if (change !== undefined || effect === "asks") return true;
  if (effect === "reads") return false;
  if (command.some((word) => clusterProgram.test(word))) return true;
  return usesClusterPermissions === true &&
    cluster.some(({ verbs }) => verbs.includes("exec") || verbs.includes("*"));
}

/** How an attempt at a step ended. */
export interface StepEnd {
  outcome: StepOutcome;
  /** The fields of the kind's `output`. */
  output: Readonly<Record<string, JsonValue>>;
  /** Parts of the output that were too large to be kept whole. */
  cut?: readonly CutValue[];
}

/** A kind of step, with the types of its fields still known. */
export interface KindDeclaration<E extends Entries> {
  /** The field that makes a step one of this kind. */
  name: keyof E & string;
  /** One line for the reference. */
  summary: string;
  /** Its own fields. */
  entries: E;
  /** A workflow that shows it; a test runs it. */
  example: string;
  /** What expressions see as `steps.ID`, beside `outcome`. */
  output: Readonly<Record<string, Type>>;
  /** Fields that hold steps. */
  inner?: readonly string[];
  /** Names that expressions in its inner steps have. */
  innerNames?(fields: v.InferOutput<v.StrictObjectSchema<E, undefined>>): Record<string, Type>;
  /** Inner steps can be named by the steps after it: each runs once at most. */
  innerStay?: boolean;
  /** The field with words of a command or a line for a shell: values in it stay words. */
  command?: string;
  /** Its command's program has flags that do anything: a value can't become one of them. */
  valuesAreNoFlags?: boolean;
  /** Fields in which `${{` has no meaning: code. */
  verbatim?: readonly string[];
  /** Its own fields that must come to true or false. */
  conditions?: readonly string[];
  /** It does nothing but judge what other steps have given. */
  judges?: boolean;
  /** It runs in pods: it has `select` and `targets`, and the bounds of `defaults`. */
  inPods?: boolean;
  /** What {@link check} refuses, as far as a JSON Schema can say it. */
  refine?: Readonly<Record<string, unknown>>;
  check?(fields: v.InferOutput<v.StrictObjectSchema<E, undefined>>): readonly Finding[];
  /** What it needs, of evaluated fields or, before the run, of those that hold no expression. */
  needs?(fields: v.InferOutput<v.StrictObjectSchema<E, undefined>>): readonly Need[];
  plan(fields: v.InferOutput<v.StrictObjectSchema<E, undefined>>): Intent;
  /** Does it, with every expression evaluated. Failures of the world are outcomes; it rejects for kodama's own. */
  run(
    fields: v.InferOutput<v.StrictObjectSchema<E, undefined>>,
    stage: Stage,
  ): Promise<StepEnd>;
}

/** Fields as the registry hands them on: the shape has passed them. */
// deno-lint-ignore no-explicit-any -- the one place where the types of a kind's fields are forgotten
type Fields = any;

/** A kind whose field types are forgotten: what everything else works with. */
export interface StepKind {
  readonly name: string;
  readonly summary: string;
  readonly entries: Entries;
  readonly example: string;
  readonly output: Readonly<Record<string, Type>>;
  readonly inner: readonly string[];
  readonly innerStay: boolean;
  readonly inPods: boolean;
  /** Fields that must come to true or false, `when` among them. */
  readonly conditions: readonly string[];
  readonly judges: boolean;
  readonly command: string | undefined;
  readonly valuesAreNoFlags: boolean;
  readonly verbatim: readonly string[];
  readonly refine?: Readonly<Record<string, unknown>>;
  innerNames(fields: Fields): Record<string, Type>;
  check(fields: Fields): readonly Finding[];
  needs(fields: Fields): readonly Need[];
  plan(fields: Fields): Intent;
  run(fields: Fields, stage: Stage): Promise<StepEnd>;
}

/** Checks a declaration's types against each other and makes a {@link StepKind} of it. */
export function defineStep<const E extends Entries>(declaration: KindDeclaration<E>): StepKind {
  return {
    inner: [],
    innerStay: false,
    inPods: false,
    judges: false,
    command: undefined,
    valuesAreNoFlags: false,
    verbatim: [],
    innerNames: () => ({}),
    check: () => [],
    needs: () => [],
    ...declaration,
    conditions: ["when", ...declaration.conditions ?? []],
  };
}

/** A success with what came of it. */
export function ok(output: StepEnd["output"] = {}): StepEnd {
  return { outcome: { kind: "ok" }, output };
}

/** A failure with its reason, and what came of it all the same. */
export function failed(reason: string, output: StepEnd["output"] = {}): StepEnd {
  return { outcome: { kind: "failed", reason }, output };
}
