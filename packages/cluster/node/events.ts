/** Events about pods, as the kubelet's recorder writes them: a repeated one raises a count. */
import type { Pod } from "../../../src/kube/types.ts";
import { type Store, timestamp } from "../model.ts";
import { resources } from "../resources.ts";
import type { Clock } from "../../../src/base/clock.ts";

/** The message. */
interface PodEvent {
  type: "Normal" | "Warning";
  /** A reason: `Started`, `BackOff`. */
  reason: string;
  message: string;
  /** The field path of the container: `spec.containers{main}`. */
  fieldPath?: string;
}

/** The number of events that are cached so that a repeated one is counted. The oldest are dropped first. */
const remembered = 4096;

/** Writes events into the store. */
export class EventRecorder {
  readonly #names = new Map<string, string>();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly nodeName: string,
  ) {}

  /** Records an event about a pod. */
  record(pod: Pod, event: PodEvent): void {
    const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
    const key = JSON.stringify([uid, event.reason, event.message, event.fieldPath]);
    const known = this.#names.get(key);
    const existing = known === undefined
      ? undefined
      : this.store.get(resources.events, namespace, known);
    const now = timestamp(this.clock.now());
    if (existing !== undefined) {
      const count = Number(existing["count"] ?? 1) + 1;
      this.store.update(resources.events, { ...existing, count, lastTimestamp: now });
      return;
    }
    const eventName = `${name}.${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
    this.store.create(resources.events, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: eventName, namespace },
      involvedObject: {
        apiVersion: "v1",
        kind: "Pod",
        name,
        namespace,
        uid,
        ...(event.fieldPath === undefined ? {} : { fieldPath: event.fieldPath }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message,
      source: { component: "kubelet", host: this.nodeName },
      reportingComponent: "kubelet",
      reportingInstance: this.nodeName,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
    this.#remember(key, eventName);
  }

  #remember(key: string, eventName: string): void {
    this.#names.set(key, eventName);
    if (this.#names.size <= remembered) return;
    const [oldest] = this.#names.keys();
    if (oldest !== undefined) this.#names.delete(oldest);
  }
}
