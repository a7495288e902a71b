/** What holds a run in the cluster up: as its Job's events and its pods report it. */
import { unlessError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";
import { ruleHint } from "../../kube/failures.ts";
import { wholeList } from "../../kube/http/list.ts";
import { JOBS, PODS } from "../../kube/resources.ts";
import type { Job, KubeObject, Pod } from "../../kube/types.ts";
import { waitingReason } from "../../session/status.ts";
import { byTime, eventsOf, eventText } from "../wait/obstacles.ts";
import { shardContainer } from "./names.ts";

const indexKey = "batch.kubernetes.io/job-completion-index";

/**
 * Returns why shards of a run don't run, or have ended without a record; undefined if nothing is known, as without the
 * right to read pods and events.
 */
export async function obstacleOf(
  client: KubeClient,
  job: Job & KubeObject,
): Promise<string | undefined> {
  const { namespace = "", uid = "" } = job.metadata;
  const labelSelector = `batch.kubernetes.io/controller-uid=${uid}`;
  const pods = await unlessError(
    ["forbidden"],
    wholeList(() => client.list<Pod>(PODS, { namespace, labelSelector })),
  );
  if (pods === undefined) return undefined;
  const newest = new Map(
    pods.items.toSorted(byCreation).map((pod) => [shardOf(pod), pod] as const),
  );
  for (const [shard, pod] of newest) {
    const reason = await podObstacle(client, pod);
    if (reason !== undefined) {
      return withRule(newest.size === 1 ? reason : `shard ${shard}: ${reason}`);
    }
  }
  const failed = job.status?.conditions?.find(({ type, status }) =>
    type === "Failed" && status === "True"
  );
  if (failed !== undefined) return plainText(`${failed.reason}: ${failed.message}`, 300);
  if (newest.size >= (job.spec?.completions ?? 1)) return undefined;
  const refused = (await eventsOf(client, JOBS, job.metadata))
    .filter(({ type, reason }) => type === "Warning" && reason === "FailedCreate")
    .toSorted(byTime).at(-1);
  return refused && withRule(eventText(refused));
}

function withRule(reason: string): string {
  const rule = ruleHint(reason);
  return rule === undefined ? reason : `${reason} (${rule})`;
}

function shardOf({ metadata }: Pod): string {
  return metadata?.annotations?.[indexKey] ?? "0";
}

function byCreation(a: Pod, b: Pod): number {
  const time = ({ metadata }: Pod) => String(metadata?.creationTimestamp ?? "");
  return time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0;
}

/** kodama's own container decides: others may have been put into its pod, and run on. */
async function podObstacle(client: KubeClient, pod: Pod): Promise<string | undefined> {
  const { status, metadata } = pod;
  const own = status?.containerStatuses?.find(({ name }) => name === shardContainer)?.state;
  if (own?.running !== undefined || metadata?.deletionTimestamp !== undefined) return undefined;
  if (own?.terminated !== undefined) {
    const { exitCode, message = "" } = own.terminated;
    if (exitCode === 0) return besideOf(pod);
    // Its message is the end of its log.
    const error = message.trim().split("\n").findLast((line) => line.startsWith("error: "));
    return plainText(`its process ended with exit code ${exitCode}: ${error ?? message}`, 300);
  }
  const events = await eventsOf(client, PODS, metadata ?? {});
  return waitingReason(pod, events, shardContainer);
}

/** Returns which containers keep a pod whose shard has ended. */
function besideOf({ metadata, status }: Pod): string | undefined {
  const running = (status?.containerStatuses ?? []).filter(({ state }) => state?.running);
  if (running.length === 0) return undefined;
  const names = running.map(({ name }) => name).join(", ");
  return plainText(`it has ended, and ${names} in its pod ${metadata?.name} still runs`, 300);
}
