/**
 * How a rerun identifies a step, independent of its position in the file: a step with an `id` by that, another one by
 * what it does, a round by its item. Also whether the step is unchanged: a hash of what it does.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { KodamaError } from "../../base/errors.ts";
import { definedOnly, type JsonValue } from "../../base/json_value.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import type { Target } from "../../kube/select/target.ts";
import type { FullWorkflow, Step } from "../model.ts";
import { listPrefix, withoutLists } from "../inner_lists.ts";
import { absolute } from "../permissions.ts";
import type { Places } from "../places.ts";
import { stepKind } from "../step_registry.ts";
import { isFile } from "./run_in_sandbox.ts";
import { type Text, textsIn, textsOf, textsWithin, type Values } from "../templates.ts";
import type { CutValue } from "./cut_values.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";

/** The workflows that steps use, by step. */
type Uses = ReadonlyMap<Step, FullWorkflow>;

/** Dependencies of a definition beside the step. */
interface DefinitionContext {
  workflow: FullWorkflow;
  /** Parameters, and `index` in a round. */
  values: Values;
  uses: Uses;
  /** What the workflow's selection takes from a step that uses it; absent for the workflow of the run. */
  places?: Pick<Places, "contexts" | "namespaces">;
  /** Returns the text of a script's file. */
  readText(path: string): Promise<string | undefined>;
}

/** Returns the steps of a list by distinct names: `check`, `exec#4f1c09aa`. */
export function identitiesOf(steps: readonly Step[]): ReadonlyMap<Step, string> {
  const counts = new Map<string, number>();
  const identities = new Map<Step, string>();
  for (const step of steps) {
    if (step.named) {
      identities.set(step, step.id);
      continue;
    }
    // Its inner steps have identities of their own.
    const own = `${step.kind}#${shortHash(ownContent(step))}`;
    const before = counts.get(own) ?? 0;
    counts.set(own, before + 1);
    identities.set(step, before === 0 ? own : `${own}~${before}`);
  }
  return identities;
}

/** Returns the identity of a round within its step. @param before number of earlier rounds with an equal item. */
export function roundIdentity(item: JsonValue, before: number): string {
  return `[${shortHash(item)}${before === 0 ? "" : `~${before}`}]`;
}

/**
 * Returns a hash of all that a step does: its fields, its inner steps and the workflow that it uses, the selection that
 * it takes from its file, and the values of the parameters that it names. Secret ones count by their names alone.
 */
export async function definitionOf(
  step: Step,
  { workflow, values, uses, places, readText }: DefinitionContext,
): Promise<string> {
  const isPlaced = takesPlaces(step);
  const select = takesSelection(step)
    ? workflow.select
    : isPlaced
    ? placesOfSelect(workflow.select)
    : {};
  const secrets = new Set(workflow.params.flatMap(({ name, secret }) => secret ? [name] : []));
  const params = values.params as Readonly<Record<string, JsonValue>>;
  const texts = [...textsWithin(step), ...textsIn(select, [])];
  const named = new Set(
    texts.flatMap(({ text }) =>
      namesUsed(parseTemplate(text).template).flatMap(({ path: [first, name] }) =>
        first === "params"
          ? name === undefined ? Object.keys(params) : [name]
          : first === "index"
          ? ["index"]
          : []
      )
    ),
  );
  const used = [...named].filter((name) => !secrets.has(name)).toSorted()
    .map((name) => [name, (name === "index" ? values.index : params[name]) ?? null]);
  const scripts = await Promise.all(scriptFiles(step, workflow, uses).map(readText));
  const outer = isPlaced && places !== undefined ? [places.contexts, places.namespaces] : [];
  return shortHash([content(step, uses, workflow.defaults), select, used, scripts, ...outer]);
}

/** Returns the fields that a step takes from `defaults`, without its policy. */
function inheritedFields({ kind, fields }: Step, defaults: FullWorkflow["defaults"]): unknown {
  const { entries } = stepKind(kind);
  return Object.entries(defaults).filter(([field]) =>
    Object.hasOwn(entries, field) && (field === "env" || !Object.hasOwn(fields, field))
  );
}

/**
 * Returns a hash of the values that a step reads beside parameters: outputs of earlier steps, items, what has failed,
 * variables. Undefined if it reads none. What it reads of its inner steps isn't known yet, and doesn't count.
 */
export function inputsOf(step: Step, names: Values): string | undefined {
  const paths = pathsRead(step, new Set(["params", "run", "index"]));
  if (paths.length === 0) return undefined;
  const unique = new Map(paths.map((path) => [path.join("."), path]));
  const sorted = [...unique].toSorted(([a], [b]) => a < b ? -1 : 1);
  return shortHash(sorted.map(([text, path]) => [text, valueAt(names, path)]));
}

/** @param bound names that don't count. */
function pathsRead(step: Step, bound: ReadonlySet<string>): (readonly string[])[] {
  const kind = stepKind(step.kind);
  const own = new Set(innerIds(step));
  const of = (texts: readonly Text[], bound: ReadonlySet<string>) =>
    texts.flatMap(({ text }) => namesUsed(parseTemplate(text).template))
      .map(({ path }) => path)
      .filter(([first = "", id = ""]) => !bound.has(first) && !(first === "steps" && own.has(id)));
  const isLate = ({ path: [field] }: Text) => kind.late.includes(String(field));
  const texts = textsOf(step, kind);
  const inner = Object.entries(step.inner).flatMap(([list, steps]) => {
    const within = new Set([...bound, ...Object.keys(kind.innerNames(step.fields, list))]);
    return [
      ...of(texts.filter(isLate), within),
      ...steps.flatMap((one) => pathsRead(one, within))
        .filter(([first, id = ""]) => first !== "steps" || !own.has(id)),
    ];
  });
  return [...of(texts.filter((text) => !isLate(text)), bound), ...inner];
}

function innerIds({ inner }: Step): string[] {
  return Object.values(inner).flat().flatMap((one) => [one.id, ...innerIds(one)]);
}

function valueAt(names: Values, path: readonly string[]): unknown {
  try {
    let value: unknown = names;
    for (const name of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return null;
      value = (value as Record<string, unknown>)[name];
    }
    return JSON.stringify(value);
  } catch (error) {
    // A value that was cut can't be compared.
    if (error instanceof KodamaError) return crypto.randomUUID();
    throw error;
  }
}

/** A step of a file, with its key and its identity. */
export interface StaticStep {
  step: Step;
  key: string;
  identity: string;
  definition: string;
  /** What it reads is known only when it starts. */
  inputs: null;
}

/** Returns the steps of a workflow that aren't in a round or in another workflow. */
export async function staticSteps(context: DefinitionContext): Promise<StaticStep[]> {
  const { workflow } = context;
  const found: StaticStep[] = [];
  const collect = async (steps: readonly Step[], prefix: string, outer: string) => {
    const identities = identitiesOf(steps);
    for (const step of steps) {
      const [key, identity] = [prefix + step.id, outer + identities.get(step)];
      const definition = await definitionOf(step, context);
      found.push({ step, key, identity, definition, inputs: null });
      const kind = stepKind(step.kind);
      if (!kind.innerStay) continue;
      for (const [list, inner] of Object.entries(step.inner)) {
        const below = `/${listPrefix(kind, list)}`;
        await collect(inner, key + below, identity + below);
      }
    }
  };
  await collect(workflow.steps, "", "");
  await collect(workflow.finally, finallyPrefix, finallyPrefix);
  return found;
}

/** Prefix of the keys of the steps of `finally`: no other step can have it for its id. */
export const finallyPrefix = "finally/";

function ownContent({ kind, fields, when, until }: Step): unknown {
  const own = [kind, withoutLists(fields, stepKind(kind)), when ?? null];
  return until === undefined ? own : [...own, until];
}

function content(step: Step, uses: Uses, defaults: FullWorkflow["defaults"]): unknown {
  const used = uses.get(step);
  return [
    ownContent(step),
    inheritedFields(step, defaults),
    Object.values(step.inner).map((steps) => steps.map((one) => content(one, uses, defaults))),
    used === undefined ? null : [
      used.select,
      ...[used.steps, used.finally].map((steps) =>
        steps.map((one) => content(one, uses, used.defaults))
      ),
    ],
  ];
}

/** Returns the script files of a step, including those of its inner steps and of the workflows that it uses. */
function scriptFiles(step: Step, { path }: Pick<FullWorkflow, "path">, uses: Uses): string[] {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const used = uses.get(step);
  const { script } = step.fields;
  return [
    ...(step.kind === "script" && typeof script === "string" && isFile(script)
      ? [absolute(script, folder)]
      : []),
    ...Object.values(step.inner).flat().flatMap((one) => scriptFiles(one, { path }, uses)),
    ...(used === undefined
      ? []
      : [...used.steps, ...used.finally].flatMap((one) => scriptFiles(one, used, uses))),
  ];
}

/** Returns whether it, or one of its inner steps, runs in the pods that the file selects. */
function takesSelection(step: Step): boolean {
  const isOwn = stepKind(step.kind).entries.select !== undefined &&
    step.fields.select === undefined;
  return isOwn || step.kind === "script" ||
    Object.values(step.inner).some((steps) => steps.some(takesSelection));
}

/** Returns whether it, or one of its inner steps, works in the contexts and namespaces that the file selects. */
function takesPlaces(step: Step): boolean {
  const { select, context } = stepKind(step.kind).entries;
  return select !== undefined || context !== undefined ||
    ["script", "workflow"].includes(step.kind) ||
    Object.values(step.inner).some((steps) => steps.some(takesPlaces));
}

function placesOfSelect({ context, namespace, allNamespaces }: FullWorkflow["select"]) {
  return definedOnly({ context, namespace, allNamespaces });
}

/** Returns 64 bits of SHA-256. Not by Web Crypto: it answers from another thread, and the engine's clock would move. */
function shortHash(data: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  return sha256(bytes).subarray(0, 8).toHex();
}

/* Results of an earlier run, which a run that resumes from its record reuses. */

/** A step in a record. */
interface RetainedPart {
  /** A hash of what it did then; absent for a step that didn't start. */
  definition?: string;
  /** A hash of the values that it read then; absent if it read none. */
  inputs?: string;
  /** A person has decided that it isn't repeated, whatever has changed since. */
  isDecided?: true;
}

/** Its outcome and output. */
export interface RetainedEnd extends RetainedPart {
  outcome: StepOutcome;
  output: JsonValue;
  cut?: readonly CutValue[];
  /** It wasn't ok, and the file tolerated that. */
  tolerated?: true;
  /** The steps within it, if later steps know them, or if not all of them were ok. */
  within?: readonly RetainedInner[];
  /** Its targets. */
  ends?: readonly StepTargetEnd[];
  /** The targets of the steps within it; absent if there are none. */
  innerTargets?: readonly Target[];
}

/** A step within a retained one: its key and its identity follow those of the outer step. */
export interface RetainedInner extends RetainedEnd {
  kind?: string;
  key: string;
  identity: string;
}

/** Steps and targets that are done, by the identities of their steps (`step_identity.ts`). */
export interface Retained {
  steps: ReadonlyMap<string, RetainedEnd>;
  /** The targets that had ended in steps that hadn't, by name. */
  targets: ReadonlyMap<string, RetainedPart & { ends: ReadonlyMap<string, StepTargetEnd> }>;
  /** The targets of that run, by the names that outputs have. */
  names?: ReadonlyMap<string, Target>;
}

/** A run from the start. */
export const nothingRetained: Retained = { steps: new Map(), targets: new Map() };

/** Returns what is retained of a step that hasn't changed. */
export function retainedPart<Part extends RetainedPart>(
  parts: ReadonlyMap<string, Part>,
  { identity, definition, inputs }: {
    identity: string;
    definition: string;
    /** Null if they aren't known yet. */
    inputs: string | undefined | null;
  },
): Part | undefined {
  const part = parts.get(identity);
  if (part?.isDecided === true || part?.definition === undefined) return part;
  const isSame = part.definition === definition && (inputs === null || part.inputs === inputs);
  return isSame ? part : undefined;
}
