/** Waits for a session's pod: until it is ready, or until it is clear that it won't be. */
import { Deadline } from "../../base/abort.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { EVENTS, PERSISTENT_VOLUME_CLAIMS } from "../../kube/resources.ts";
import type { Event, PersistentVolumeClaim, Pod } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import { liveStatus } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { podLooks } from "./pod_watch.ts";

/** The pod to wait for. */
export interface Wait {
  name: string;
  /** Another pod instead of the session's own. */
  pod?: string;
  limitMs: number;
  signal: AbortSignal;
}

/**
 * Yields what the pod waits for, repeated at each poll for callers that show only lasting waits. Returns it when ready.
 *
 * @throws KodamaError `timeout` with the reason; `conflict` if the pod ended, or ends again and again.
 */
export async function* untilReady(
  host: Host,
  store: SessionStore,
  { name, pod: other, limitMs, signal }: Wait,
): AsyncGenerator<string, Pod> {
  using deadline = new Deadline(host.clock, limitMs, signal);
  const pod = { namespace: store.namespace, name: other ?? sessionNames(name).pod };
  let told: string | undefined;
  try {
    const around = { clock: host.clock, signal: deadline.signal };
    for await (const look of podLooks(store.client, pod, around)) {
      if (look.pod === undefined) {
        if (told !== undefined) throw new KodamaError("conflict", `pod "${pod.name}" was deleted`);
        continue;
      }
      const { status, reason } = liveStatus({ name, status: "Running" }, look.pod, look.events);
      if (status === "Running") return look.pod;
      if (status === "Failed") throw endedEarly(pod.name, store.namespace, reason ?? "it failed");
      if (reason === undefined) continue;
      const isClaim = /PersistentVolumeClaim/.test(reason);
      const claim = isClaim ? await claimTrouble(store, name, deadline.signal) : undefined;
      told = claim === undefined ? reason : `${reason}; ${claim}`;
      yield told;
    }
  } catch (error) {
    if (!deadline.expired) throw error;
    const why = told === undefined ? "" : `: ${told}`;
    throw new KodamaError(
      "timeout",
      `pod "${pod.name}" isn't ready after ${formatDuration(limitMs)}${why}`,
    );
  }
  throw new Error("a watch without an end has ended");
}

/** Returns the text of a warning about one of the session's claims, such as a missing storage class. */
async function claimTrouble(
  { client, namespace }: SessionStore,
  session: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { workspaceClaim, homeClaim } = sessionNames(session);
  const fieldSelector = "involvedObject.kind=PersistentVolumeClaim,type=Warning";
  try {
    let found: Event | undefined;
    for await (
      const { items } of client.list<Event>(EVENTS, { namespace, fieldSelector }, { signal })
    ) {
      for (const event of items) {
        const claim = event.involvedObject?.name ?? "";
        if (claim === workspaceClaim || claim === homeClaim) found = event;
      }
    }
    const { message, involvedObject } = found ?? {};
    return message && plainText(`persistentvolumeclaim "${involvedObject?.name}": ${message}`, 300);
  } catch (error) {
    // Without the right to read events less is known.
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}

function endedEarly(pod: string, namespace: string, reason: string): KodamaError {
  return new KodamaError("conflict", `pod "${pod}" has failed: ${reason}`, {
    hint: `kodama logs ${pod} -n ${namespace} --previous`,
  });
}

/** Waits until a pod that is ending, or has ended, is removed. */
export async function untilGone(
  host: Host,
  store: SessionStore,
  { name, pod: other, limitMs, signal }: Wait,
): Promise<void> {
  using deadline = new Deadline(host.clock, limitMs, signal);
  const pod = { namespace: store.namespace, name: other ?? sessionNames(name).pod };
  try {
    const around = { clock: host.clock, signal: deadline.signal };
    for await (const look of podLooks(store.client, pod, around)) {
      if (look.pod === undefined) return;
    }
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError(
      "timeout",
      `pod "${pod.name}" is still ending after ${formatDuration(limitMs)}`,
      { hint: `kubectl describe pod ${pod.name} -n ${pod.namespace} says more` },
    );
  }
}

/** Waits until a claim is removed: not before the last pod that uses it. */
export async function untilClaimGone(
  host: Host,
  { client, namespace }: SessionStore,
  { claim, limitMs, signal }: { claim: string; limitMs: number; signal: AbortSignal },
): Promise<void> {
  using deadline = new Deadline(host.clock, limitMs, signal);
  const scope = { namespace, fieldSelector: `metadata.name=${claim}` };
  const looks = client.watch<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, scope, deadline);
  try {
    for await (const event of looks) {
      if (event.kind === "relisted" ? event.objects.length === 0 : event.kind === "deleted") return;
    }
    deadline.signal.throwIfAborted();
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError(
      "timeout",
      `claim "${claim}" is still ending after ${formatDuration(limitMs)}`,
      { hint: `kubectl describe pvc ${claim} -n ${namespace} says who holds it` },
    );
  }
}
