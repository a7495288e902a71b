/**
 * A kind of step: one declaration, in one file, of its fields, its output in expressions, its plan and its
 * implementation. Checks, plan, engine, schema and reference read this declaration and don't know any kind by name.
 */
import type * as v from "valibot";
import type { JsonValue } from "../base/json_value.ts";
import type { SourcePath } from "../base/yaml/source.ts";
import type { ChangeAction } from "../gate/change.ts";
import type { Right } from "../gate/kubectl_rights.ts";
import type { Type } from "../expression/type.ts";
import type { Entries } from "./fields.ts";
import type { SelectFields } from "./selection_fields.ts";
import type { ClusterRule, Permissions } from "./model.ts";
import type { StepOutcome } from "./step_events.ts";
import type { StepFailure } from "./engine/failure.ts";
import type { CutValue } from "./engine/cut_values.ts";
import type { StepContext } from "./engine/step_context.ts";
import { type Written, writtenEntries } from "./written.ts";

/** A problem of a step that its shape can't express; `at` is below the step. */
export interface StepProblem {
  at: SourcePath;
  message: string;
}

/** A permission that a step needs: `run` for `git`, `net` for `example.com:443`. */
export interface Need {
  kind: Exclude<keyof Permissions, "cluster">;
  what: string;
  /** Which part of the step needs it, as a sentence; absent if that is obvious. */
  why?: string;
}

/** Rights in the cluster, in the namespaces of the step's pods unless it names another one; `*` is all. */
export interface StepRights {
  rights: readonly Right[];
  namespace?: string;
  /** It looks for the pods of the workflow, if that selects any, although it doesn't run in them. */
  selects?: true;
  /** Why not all of them are known. */
  unknown?: string;
}

/** The context and the namespaces of a step that names objects, and selects no pods; what it doesn't name is absent. */
export interface Place extends Pick<SelectFields, "context" | "namespace" | "allNamespaces"> {
  /** Its objects are in one namespace, unless it names all of them. */
  isNamespaced?: true;
}

/** The effect of a step, for the plan. */
export interface Intent {
  /** In one line: `exec weka version`. */
  does: string;
  /** The args of a command, if it runs one. */
  command?: readonly string[];
  /** In the selected pods, on this machine, or neither. */
  where: "pods" | "here" | "nowhere";
  /** `asks`: it isn't known to be read-only, so it asks before it runs. */
  effect: "reads" | "changes" | "asks";
  /** The change in the pods; absent if nothing changes. */
  change?: ChangeAction;
  /** For a step that names objects: what it doesn't name comes from the selection around it. */
  place?: Place;
  /** It shows what it changes and asks by itself: the question before the run doesn't include it. */
  asksItself?: true;
  /** It reads what may include the values of Secrets. */
  readsSecrets?: true;
  /** It can use what `permissions.cluster` grants. */
  usesClusterPermissions?: true;
}

/** Programs that change clusters, as an arg of a command or in a line for a shell. */
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
  if (usesCluster(command)) return true;
  return usesClusterPermissions === true &&
    cluster.some(({ verbs }) => verbs.includes("exec") || verbs.includes("*"));
}

/** Returns whether a local command may use the cluster. */
export function usesCluster(command: readonly string[]): boolean {
  return command.some((arg) => clusterProgram.test(arg));
}

/** How an attempt at a step ended. */
export interface StepEnd {
  outcome: StepOutcome;
  /** The fields of the kind's `output`. */
  output: Readonly<Record<string, JsonValue>>;
  /** Parts of the output that were too large to be stored whole. */
  cut?: readonly CutValue[];
  /** What failed within it, if it consists of steps. */
  failure?: StepFailure;
  /** Its time limit and a cancel are accounted for. */
  isFinal?: true;
}

/** The fields of a kind with every expression evaluated. */
type Evaluated<E extends Entries> = v.InferOutput<v.StrictObjectSchema<E, undefined>>;

/** The same as they are written, with expressions; `Fixed` ones have none. */
type AsWritten<E extends Entries, Fixed extends string> =
  & Written<Omit<Evaluated<E>, Fixed>>
  & Pick<Evaluated<E>, Fixed & keyof Evaluated<E>>;

/** A kind of step, with the types of its fields. */
interface KindDeclaration<E extends Entries, Fixed extends string> {
  /** The field that makes a step one of this kind. */
  name: keyof E & string;
  /** One line for the reference. */
  summary: string;
  /** Its own fields. */
  entries: E;
  /** A workflow that shows it; a test runs it. */
  example: string;
  /** The type of `steps.ID` in expressions, without `outcome`. */
  output: Readonly<Record<string, Type>>;
  /** The same, as far as it depends on a step's fields. */
  outputOf?(fields: AsWritten<E, Fixed>): Readonly<Record<string, Type>>;
  /** Its lists of steps, in the order in which they run: the path of each below the step. */
  inner?: Readonly<Record<string, SourcePath>>;
  /** Additional names for expressions in the steps of a list. */
  innerNames?(fields: AsWritten<E, Fixed>, list: string): Record<string, Type>;
  /** Its own fields that it evaluates itself, with the names and the outputs of its inner steps. */
  late?: readonly string[];
  /** Later steps can refer to its inner steps, because each of them runs at most once. */
  innerStay?: boolean;
  /** Its inner steps run at the same time. */
  atOnce?: boolean;
  /** It works in batches of its pods: returns their sizes, if they are known before the run. */
  batches?(fields: AsWritten<E, Fixed>, total: number): readonly number[] | undefined;
  /** Fields that are never an expression as a whole: what they are decides how the file is checked. */
  fixed?: readonly Fixed[];
  /** The `fixed` field with the command, as args or as a line for a shell: a value can't leave its argument. */
  command?: Fixed;
  /** The command's program has dangerous flags, so a value can't become a flag. */
  valuesAreNoFlags?: boolean;
  /** Fields with values of any type, whose numbers are texts if a number would be spelled otherwise: `1.10`. */
  spelled?: readonly string[];
  /** Fields with code, in which `${{` doesn't start an expression. */
  verbatim?: readonly string[];
  /** Its own fields that must evaluate to true or false. */
  conditions?: readonly string[];
  /** It only tests the outputs of other steps. */
  judges?: boolean;
  /** It runs in pods: it has `select` and `targets`, and the bounds of `defaults`. */
  inPods?: boolean;
  /** The rules of {@link check} that a JSON Schema can express. */
  refine?: Readonly<Record<string, unknown>>;
  check?(fields: AsWritten<E, Fixed>): readonly StepProblem[];
  /** Returns the needed permissions, of evaluated fields or, before the run, of those without expressions. */
  needs?(fields: AsWritten<E, Fixed>): readonly Need[];
  /**
   * Returns the rights in the cluster that it needs beside those of its selection: a text says why they aren't known.
   * None if absent. A script needs no more than the workflow's `permissions.cluster`.
   */
  rights?(fields: AsWritten<E, Fixed>, cluster: readonly ClusterRule[]): StepRights | string;
  plan(fields: AsWritten<E, Fixed>): Intent;
  /** Runs it with every expression evaluated. Failures of its environment are outcomes; it rejects only for bugs. */
  run(fields: Evaluated<E>, step: StepContext): Promise<StepEnd>;
}

/** Fields that the shape of the kind has validated; the registry doesn't know their types. */
// deno-lint-ignore no-explicit-any -- the one place where the types of a kind's fields are forgotten
type Fields = any;

/** A kind without its field types, as all other code uses it. */
export interface StepKind {
  readonly name: string;
  readonly summary: string;
  /** Its fields when it runs. */
  readonly entries: Entries;
  /** Its fields in a file. */
  readonly written: Entries;
  readonly example: string;
  readonly output: Readonly<Record<string, Type>>;
  readonly inner: Readonly<Record<string, SourcePath>>;
  readonly innerStay: boolean;
  readonly late: readonly string[];
  readonly atOnce: boolean;
  readonly inPods: boolean;
  /** Fields that must evaluate to true or false, including `when`. */
  readonly conditions: readonly string[];
  readonly judges: boolean;
  readonly command: string | undefined;
  readonly valuesAreNoFlags: boolean;
  readonly spelled: readonly string[];
  readonly verbatim: readonly string[];
  readonly fixed: readonly string[];
  readonly refine?: Readonly<Record<string, unknown>>;
  batches?(fields: Fields, total: number): readonly number[] | undefined;
  outputOf(fields: Fields): Readonly<Record<string, Type>>;
  innerNames(fields: Fields, list: string): Record<string, Type>;
  check(fields: Fields): readonly StepProblem[];
  needs(fields: Fields): readonly Need[];
  rights(fields: Fields, cluster: readonly ClusterRule[]): StepRights | string;
  plan(fields: Fields): Intent;
  run(fields: Fields, step: StepContext): Promise<StepEnd>;
}

/** Checks a declaration's types against each other and makes a {@link StepKind} of it. */
export function defineStep<const E extends Entries, const Fixed extends string = never>(
  declaration: KindDeclaration<E, Fixed>,
): StepKind {
  const { entries, inner = {}, verbatim = [], fixed = [] } = declaration;
  const literal = [...Object.values(inner), ...[...verbatim, ...fixed].map((name) => [name])];
  return {
    written: writtenEntries(entries, literal),
    fixed,
    inner: {},
    innerStay: false,
    late: [],
    atOnce: false,
    inPods: false,
    judges: false,
    command: undefined,
    valuesAreNoFlags: false,
    spelled: [],
    verbatim: [],
    outputOf: () => ({}),
    innerNames: () => ({}),
    check: () => [],
    needs: () => [],
    rights: () => ({ rights: [] }),
    ...declaration,
    conditions: ["when", ...declaration.conditions ?? []],
  };
}

/** Returns a success with its output. */
export function ok(output: StepEnd["output"] = {}): StepEnd {
  return { outcome: { kind: "ok" }, output };
}

/** Returns a failure with its reason, and its output so far. */
export function failed(reason: string, output: StepEnd["output"] = {}): StepEnd {
  return { outcome: { kind: "failed", reason }, output };
}
