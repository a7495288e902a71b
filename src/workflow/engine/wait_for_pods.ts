/** Waits until the pods of a selection are in a state: polls until the step's time limit. */
import { passed } from "../../base/abort.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import { readPods } from "../../kube/select/read_pods.ts";
import { matchesPattern } from "../../kube/select/selection.ts";
import type { Selection } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import { isAmong, type PodRef, type SelectFields } from "../selection_fields.ts";
import { ok, type StepEnd } from "../step_kind.ts";
import type { StepContext } from "./step_context.ts";

/** States that can be waited for. */
export const podStates = ["ready", "running", "gone"] as const;

/** One of them. */
export type PodState = typeof podStates[number];

/** Delay between two polls. */
const pauseMs = 500;

/** The condition of a wait. */
export interface PodWait {
  state: PodState;
  /** Of the step; the workflow's if absent. */
  select: SelectFields | undefined;
  /** Minimum number of pods; none for `gone`. */
  least: number;
}

/** Maximum time for which a server may be unreachable during a wait. */
const awayMs = 60_000;

/** A wait without a `timeout` of its own ends after this. */
const longestWaitMs = 30 * 60_000;

/** Resolves when all pods are in the state, or at the step's time limit or half an hour. */
export async function waitForPods(step: StepContext, wait: PodWait): Promise<StepEnd> {
  const { clock } = step.environment;
  const startedMs = clock.elapsedMs();
  let [shown, seenMs, good] = ["", startedMs, 0];
  for (;;) {
    const found = await matchingPods(step, wait).catch((error: unknown) => {
      const isAway = error instanceof KodamaError && error.kind === "unreachable";
      if (!isAway || clock.elapsedMs() - seenMs > awayMs) throw error;
      return error.message;
    });
    if (typeof found !== "string") {
      seenMs = clock.elapsedMs();
      good = found.filter((pod) => isIn(pod, wait.state)).length;
      if (isDone(found.length, good, wait)) {
        if (wait.state === "gone" && shown === "") {
          step.line("no pod matches: there was nothing to wait for", "stderr");
        }
        return ok({ pods: found.length });
      }
    }
    const now = typeof found === "string" ? found : stateText(found.length, good, wait);
    if (now !== shown) step.line(now, "stderr");
    shown = now;
    if (step.limitMs === undefined && clock.elapsedMs() - startedMs >= longestWaitMs) {
      const limit = formatDuration(longestWaitMs);
      step.line(`ended after ${limit}, the limit of a wait without \`timeout\``, "stderr");
      return { outcome: { kind: "timeout", afterMs: longestWaitMs }, output: { pods: good } };
    }
    if (!await passed(clock, pauseMs, { signal: step.signal })) {
      return { outcome: { kind: "cancelled" }, output: { pods: good } };
    }
  }
}

function isDone(there: number, good: number, { state, least }: PodWait): boolean {
  return state === "gone" ? there === 0 : there >= least && good === there;
}

function stateText(there: number, good: number, { state, least }: PodWait): string {
  return state === "gone"
    ? `${there} pods are there`
    : `${good} of ${Math.max(there, least)} pods are ${state}`;
}

async function matchingPods(step: StepContext, { select }: PodWait): Promise<Pod[]> {
  const { contexts, selection, only } = step.where(select);
  const found: Pod[] = [];
  for (const context of contexts.length === 0 ? [undefined] : contexts) {
    const client = await step.environment.kube(context);
    const { pods } = await readPods(client, selection, step.signal);
    found.push(
      ...pods.filter((pod) =>
        isSelected(pod, selection) && isAmong(podRefOf(pod, client.context), only)
      ),
    );
  }
  return found;
}

function podRefOf({ metadata }: Pod, context: string): PodRef {
  return { context, namespace: metadata?.namespace ?? "", pod: metadata?.name ?? "" };
}

function isSelected(pod: Pod, { match, exclude, node }: Selection): boolean {
  const name = pod.metadata?.name ?? "";
  return (match.length === 0 || match.some((one) => matchesPattern(name, one))) &&
    !exclude.some((one) => matchesPattern(name, one)) &&
    (node === undefined || pod.spec?.nodeName === node);
}

/** A pod that is being deleted isn't ready or running, whatever its conditions say. */
function isIn({ metadata, status }: Pod, state: PodState): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  if (state === "running") return status?.phase === "Running";
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}
