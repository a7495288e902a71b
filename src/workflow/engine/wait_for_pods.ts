/** Waiting until the pods of a selection are in a state: asked again and again, until the step's time is up. */
import { passed } from "../../base/abort.ts";
import { readPods } from "../../kube/read_pods.ts";
import { matchesPattern } from "../../kube/selection.ts";
import type { Selection } from "../../kube/target.ts";
import type { Pod } from "../../kube/types.ts";
import { type SelectFields, whereOf } from "../selection_fields.ts";
import { ok, type StepEnd } from "../steps/kind.ts";
import type { Stage } from "./stage.ts";

/** What pods are waited for to be. */
export const podStates = ["ready", "running", "gone"] as const;

/** One of them. */
export type PodState = typeof podStates[number];

/** Between two looks. */
const pauseMs = 500;

/** What is waited for. */
export interface PodWait {
  state: PodState;
  /** Of the step; the workflow's where it is absent. */
  select: SelectFields | undefined;
  /** So many pods at least; none for `gone`. */
  least: number;
}

/** Resolves when all pods are in the state; the step's own time ends it otherwise. */
export async function waitForPods(stage: Stage, wait: PodWait): Promise<StepEnd> {
  let told = "";
  for (;;) {
    const pods = await matchingPods(stage, wait);
    const good = pods.filter((pod) => isIn(pod, wait.state));
    const done = wait.state === "gone"
      ? pods.length === 0
      : pods.length >= wait.least && good.length === pods.length;
    if (done) return ok({ pods: pods.length });
    const now = wait.state === "gone"
      ? `${pods.length} pods are there`
      : `${good.length} of ${Math.max(pods.length, wait.least)} pods are ${wait.state}`;
    if (now !== told) stage.line(now, "stderr");
    told = now;
    if (!await passed(stage.world.clock, pauseMs, { signal: stage.signal })) {
      return { outcome: { kind: "cancelled" }, output: { pods: good.length } };
    }
  }
}

async function matchingPods(stage: Stage, { select }: PodWait): Promise<Pod[]> {
  const { contexts, selection } = whereOf(select ?? await stage.selection());
  const found: Pod[] = [];
  for (const context of contexts.length === 0 ? [undefined] : contexts) {
    const client = await stage.world.kube(context);
    const { pods } = await readPods(client, selection, stage.signal);
    found.push(...pods.filter((pod) => isMeant(pod, selection)));
  }
  return found;
}

function isMeant(pod: Pod, { match, exclude, node }: Selection): boolean {
  const name = pod.metadata?.name ?? "";
  return (match.length === 0 || match.some((one) => matchesPattern(name, one))) &&
    !exclude.some((one) => matchesPattern(name, one)) &&
    (node === undefined || pod.spec?.nodeName === node);
}

/** A pod that is being deleted is neither ready nor running, whatever its conditions say. */
function isIn({ metadata, status }: Pod, state: PodState): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  if (state === "running") return status?.phase === "Running";
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}
