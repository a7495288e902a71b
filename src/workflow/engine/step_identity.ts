/**
 * How a rerun identifies a step, independent of its position in the file: a step with an `id` by that, another one by
 * what it does, a round by its item. Also whether the step is unchanged: a hash of what it does.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { JsonValue } from "../../base/json_value.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import type { Target } from "../../kube/select/target.ts";
import type { FullWorkflow, Step } from "../model.ts";
import { listPrefix, withoutLists } from "../inner_lists.ts";
import { absolute } from "../permissions.ts";
import { stepKind } from "../step_registry.ts";
import { isFile } from "./run_in_sandbox.ts";
import { textsIn, textsWithin, type Values } from "../templates.ts";
import type { CutValue } from "./cut_values.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";

/** The workflows that steps use, by step. */
type Uses = ReadonlyMap<Step, FullWorkflow>;

/** Dependencies of a definition beside the step. */
export interface DefinitionContext {
  workflow: FullWorkflow;
  /** Parameters, and `index` in a round. */
  values: Values;
  uses: Uses;
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
  { workflow, values, uses, readText }: DefinitionContext,
): Promise<string> {
  const select = takesSelection(step) ? workflow.select : {};
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
  return shortHash([content(step, uses), select, used, scripts]);
}

/** A step of a file, with its key and its identity. */
export interface StaticStep {
  key: string;
  identity: string;
  definition: string;
}

/** Returns the steps of a workflow that aren't in a round or in another workflow. */
export async function staticSteps(context: DefinitionContext): Promise<StaticStep[]> {
  const { workflow } = context;
  const found: StaticStep[] = [];
  const collect = async (steps: readonly Step[], prefix: string, outer: string) => {
    const identities = identitiesOf(steps);
    for (const step of steps) {
      const [key, identity] = [prefix + step.id, outer + identities.get(step)];
      found.push({ key, identity, definition: await definitionOf(step, context) });
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

function content(step: Step, uses: Uses): unknown {
  const used = uses.get(step);
  return [
    ownContent(step),
    Object.values(step.inner).map((steps) => steps.map((one) => content(one, uses))),
    used === undefined ? null : [
      used.select,
      ...[used.steps, used.finally].map((steps) => steps.map((one) => content(one, uses))),
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

/** Returns 64 bits of SHA-256. Not by Web Crypto: it answers from another thread, and the engine's clock would move. */
function shortHash(data: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  return sha256(bytes).subarray(0, 8).toHex();
}

/* Results of an earlier run, which a run that resumes from its record reuses. */

/** A step in a record. */
interface RetainedPart {
  /** A hash of what it did then; absent if that doesn't matter, or if an earlier kodama wrote the record. */
  definition?: string;
}

/** Its outcome and output. */
export interface RetainedEnd extends RetainedPart {
  outcome: StepOutcome;
  output: JsonValue;
  cut?: readonly CutValue[];
  /** The steps within it, if later steps know them, or if not all of them were ok. */
  within?: readonly RetainedInner[];
  /** Its targets, if not all of them were ok. */
  ends?: readonly StepTargetEnd[];
}

/** A step within a retained one: its key and its identity follow those of the outer step. */
export interface RetainedInner extends RetainedEnd {
  key: string;
  identity: string;
}

/** Steps and targets that are done, by the identities of their steps (`step_identity.ts`). */
export interface Retained {
  steps: ReadonlyMap<string, RetainedEnd>;
  /** Of steps that hadn't ended: their targets that had, by name. */
  targets: ReadonlyMap<string, RetainedPart & { ends: ReadonlyMap<string, StepTargetEnd> }>;
  /** The targets of that run, by the names that outputs have. */
  names?: ReadonlyMap<string, Target>;
}

/** A run from the start. */
export const nothingRetained: Retained = { steps: new Map(), targets: new Map() };

/** Returns what is retained of a step that hasn't changed. */
export function retainedPart<Part extends RetainedPart>(
  parts: ReadonlyMap<string, Part>,
  { key, identity, definition }: { key: string; identity: string; definition: string },
): Part | undefined {
  const part = parts.get(identity) ?? parts.get(key);
  return part?.definition === undefined || part.definition === definition ? part : undefined;
}
