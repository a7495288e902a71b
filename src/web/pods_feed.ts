/** The pods of a selection for the page: the list, and what changes. */
import type { Host } from "../actions/host.ts";
import { listPods, type ListPodsOptions } from "../actions/pick/list_pods.ts";
import { watchPods } from "../actions/pick/pods.ts";
import { type PodData, podData } from "../present/pods_table.ts";
import { failedContextText, skippedPodTexts } from "../runs/notes.ts";
import type { PodList, PodsEvent } from "./api.ts";

/** Returns the pods of a selection as they are now. */
export async function podList(host: Host, options: ListPodsOptions): Promise<PodList> {
  const answer: PodList = { pods: [], notes: [] };
  for await (const event of listPods(host, options)) {
    if (event.kind === "contextFailed") answer.notes.push(failedContextText(event));
    else {
      const pods = event.targets.map((target, index) => ({ target, state: event.states[index] }));
      answer.pods.push(...pods.map(podData));
      answer.notes.push(...skippedPodTexts(event));
    }
  }
  return answer;
}

/** The list, with what only a list has (a sample, pods that are left out and why), then each change that is seen. */
export async function* podEvents(
  host: Host,
  options: ListPodsOptions,
): AsyncGenerator<PodsEvent, void> {
  const list = await podList(host, options);
  yield { kind: "list", ...list };
  /** What was sent of each pod, for the watch begins with all of them again; and the uid of the latest of its name. */
  const rows = new Map(list.pods.map((pod) => [keyOf(pod), new SentPod(pod)]));
  const failed = new Set<string>();
  for await (const event of watchPods(host, options)) {
    switch (event.kind) {
      case "contextFailed":
        failed.add(event.context);
        yield { kind: "note", text: failedContextText(event) };
        break;
      case "loaded": {
        // They were deleted after they had been listed.
        const gone = [...rows].filter(([, { pod, uid }]) =>
          uid === undefined && !failed.has(pod.context)
        );
        for (const [key] of gone) rows.delete(key);
        if (gone.length > 0) yield { kind: "changed", pods: [], removed: gone.map(nameOf) };
        break;
      }
      case "changed": {
        const ended = new Set(event.removed);
        const gone = [...rows].filter(([, { uid }]) => uid !== undefined && ended.has(uid));
        for (const [key] of gone) rows.delete(key);
        const pods = event.upserts.flatMap((one) => {
          const pod = podData({ target: one.target, state: one });
          const [key, row] = [keyOf(pod), new SentPod(pod, one.id)];
          const known = rows.get(key);
          // Others than those of a sample aren't shown.
          if (known === undefined && options.selection.sample !== undefined) return [];
          rows.set(key, row);
          return known?.text === row.text ? [] : [pod];
        });
        const removed = gone.map(nameOf);
        if (pods.length + removed.length > 0) yield { kind: "changed", pods, removed };
      }
    }
  }
}

/** A pod as it was sent. */
class SentPod {
  readonly text: string;

  constructor(readonly pod: PodData, readonly uid?: string) {
    this.text = JSON.stringify(pod);
  }
}

const keyOf = ({ context, namespace, pod }: PodData) => `${context}/${namespace}/${pod}`;
const nameOf = ([, { pod: { context, namespace, pod } }]: [string, SentPod]) => ({
  context,
  namespace,
  pod,
});
