/**
 * Events: the actions of controllers, for users.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import type { Event } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type Store, timestamp } from "../model.ts";
import { resources } from "../resources.ts";
import type { ControllerAction } from "./action.ts";
import type { Controller } from "./state.ts";
import { nameSuffix } from "./naming.ts";

/** How long an Event is stored: kube-apiserver's default for `--event-ttl`. */
const keptForMs = 60 * 60_000;

type EventAction = Extract<ControllerAction, { kind: "event" }>;

/** Writes an Event; the same message about the same object is counted in the existing one. */
export function recordEvent(
  store: Store,
  { component, action, now }: { component: string; action: EventAction; now: Date },
): void {
  const { subject, reason, message, type } = action;
  const namespace = subject.namespace === "" ? "default" : subject.namespace;
  const name = `${subject.name}.${nameSuffix([subject.uid, component, reason, message].join("/"))}`;
  const at = timestamp(now);
  const present = store.get(resources.events, namespace, name) as Event | undefined;
  if (present !== undefined) {
    const again = { ...present, count: (present.count ?? 1) + 1, lastTimestamp: at };
    store.update(resources.events, again as unknown as KubeObject);
    return;
  }
  store.create(resources.events, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: subject,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    reportingInstance: "",
    type,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    eventTime: null,
  });
}

/** Removes expired Events. */
export const eventExpiry: Controller = {
  name: "event-expiry",
  watches: ["events"],
  reconcile(state) {
    let next = Infinity;
    const actions: ControllerAction[] = [];
    for (const event of state.list("events")) {
      const last = event.lastTimestamp ?? event.metadata.creationTimestamp;
      const expires = Date.parse(last) + keptForMs;
      const { namespace = "", name } = event.metadata;
      if (expires <= state.now.getTime()) {
        actions.push({ kind: "remove", type: "events", namespace, name });
      } else next = Math.min(next, expires);
    }
    if (next < Infinity) actions.push({ kind: "requeue", at: new Date(next) });
    return actions;
  },
};
