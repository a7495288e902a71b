/** The division of a run's pods among several processes: which pods a shard has, and which workflows can be divided. Pure. */
import { sha256 } from "@noble/hashes/sha2.js";
import { namesUsed } from "../expression/names_used.ts";
import { parseTemplate } from "../expression/template.ts";
import type { FullWorkflow, Step } from "./model.ts";
import { stepKind } from "./step_registry.ts";
import { textsOf } from "./templates.ts";

/** One of `count` shards; `index` is from 0. */
export interface Shard {
  index: number;
  count: number;
}

/** Returns whether a pod belongs to a shard. It depends on its name alone: shards need not list pods at the same moment. */
export function isInShard(
  { namespace, pod }: { namespace: string; pod: string },
  { index, count }: Shard,
): boolean {
  if (count === 1) return true;
  const hash = sha256(new TextEncoder().encode(`${namespace}/${pod}`));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) % count === index;
}

/** Fields of a step that depend on how its other pods ended. */
const budgets = ["serial", "maxFail"];

/** Returns what of a selection each shard would resolve for itself. */
function chanceIn(select: Readonly<Record<string, unknown>>): string | undefined {
  if (select.sample !== undefined) return "sample";
  return select.sort === "random" ? "sort: random" : undefined;
}

/** Names in expressions that depend on other pods. */
const results = new Set(["steps", "failure", "outcome", "result"]);

/**
 * Returns why the pods of a workflow can't be divided; undefined if they can: each of its steps runs a command in pods,
 * and what happens in a pod doesn't depend on another one.
 */
export function indivisible(workflow: FullWorkflow): string | undefined {
  const { steps, finally: last, outputs, select, defaults } = workflow;
  const chance = chanceIn(select);
  if (chance !== undefined) return `its selection has \`${chance}\`, which each shard would do`;
  const budget = budgets.find((field) => defaults[field] !== undefined);
  if (budget !== undefined) return `its defaults have \`${budget}\`, which counts all pods`;
  if (outputs.length > 0) return "its outputs may need all pods";
  return indivisibleList(steps) ?? indivisibleList(last);
}

function indivisibleList(steps: readonly Step[]): string | undefined {
  for (const [index, step] of steps.entries()) {
    const reason = indivisibleStep(step);
    if (reason !== undefined) return reason;
    const next = steps[index + 1];
    const { allowFailure = false } = step.policy;
    if (next !== undefined && allowFailure !== true && allowFailure !== "any") {
      return `step ${next.id} runs only if step ${step.id} was ok in all pods (\`allowFailure: any\` changes that)`;
    }
  }
  return undefined;
}

function indivisibleStep(step: Step): string | undefined {
  const { id, kind, fields, inner } = step;
  if (kind === "parallel") {
    const reasons = Object.values(inner).flat().map(indivisibleStep);
    return reasons.find((reason) => reason !== undefined);
  }
  if (kind !== "exec") return `step ${id} (${kind}) doesn't run in each pod by itself`;
  const budget = budgets.find((field) => fields[field] !== undefined);
  if (budget !== undefined) return `step ${id} has \`${budget}\`, which counts all pods`;
  const chance = chanceIn(fields.select as Record<string, unknown> | undefined ?? {});
  if (chance !== undefined) return `step ${id} has \`${chance}\`, which each shard would do`;
  // The pods of an earlier step are the shard's own.
  const texts = textsOf(step, stepKind(kind)).filter(({ path: [field] }) => field !== "targets");
  const readsOthers = texts.some(({ text }) =>
    namesUsed(parseTemplate(text).template).some(({ path: [first = ""] }) => results.has(first))
  );
  return readsOthers
    ? `step ${id} reads what other steps wrote, which may need all pods`
    : undefined;
}
