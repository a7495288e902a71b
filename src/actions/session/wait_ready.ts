/** Waits for a session's pod: until it is ready, or until it is clear that it won't be. */
import { action, hint, plainHint } from "../../base/hint.ts";
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { LiveList } from "../../kube/live_list.ts";
import { eventsAbout } from "../../kube/object_ref.ts";
import { EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS } from "../../kube/resources.ts";
import type { Event, KubeObject, Pod } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import { liveStatus } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { podSnapshots } from "./pod_watch.ts";

/** The pod to wait for. */
export interface Wait {
  name: string;
  /** Another pod instead of the session's own. */
  pod?: string;
  limitMs: number;
  signal: AbortSignal;
}

/**
 * Yields the reasons why the pod waits, repeated at each poll for callers that show only lasting waits. Returns it when
 * ready.
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
  let reported: string | undefined;
  try {
    const options = { clock: host.clock, signal: deadline.signal };
    for await (const seen of podSnapshots(store.client, pod, options)) {
      if (seen.pod === undefined) {
        if (reported !== undefined) {
          throw new KodamaError("conflict", `pod "${pod.name}" was deleted`);
        }
        continue;
      }
      const live = liveStatus({ name, status: "Running" }, seen.pod, seen.events);
      const { status } = live;
      const reason = live.reason === undefined ? undefined : plainHint(live.reason);
      if (status === "Running") return seen.pod;
      if (status === "Failed") {
        throw new KodamaError(
          "conflict",
          `pod "${pod.name}" has failed: ${(reason ?? "it failed")}`,
          {
            hint: hint`${
              action("logs", { pod: pod.name, namespace: store.namespace, previous: true })
            }`,
          },
        );
      }
      if (reason === undefined) continue;
      const isClaim = /PersistentVolumeClaim/.test(reason);
      const claim = isClaim ? await claimTrouble(store, name, deadline.signal) : undefined;
      reported = claim === undefined ? reason : `${reason}; ${claim}`;
      yield reported;
    }
  } catch (error) {
    if (!deadline.expired) throw error;
    const why = reported === undefined ? "" : `: ${reported}`;
    throw new KodamaError(
      "timeout",
      `pod "${pod.name}" isn't ready after ${formatDuration(limitMs)}${why}`,
    );
  }
  throw new Error("a watch without an end has ended");
}

/** Returns the text of a warning about the session's claims, such as a missing storage class. */
async function claimTrouble(
  { client, namespace }: SessionStore,
  session: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { workspaceClaim, homeClaim } = sessionNames(session);
  const resource = PERSISTENT_VOLUME_CLAIMS;
  let text: string | undefined;
  for (const name of [workspaceClaim, homeClaim]) {
    try {
      const { metadata } = await client.get<KubeObject>(resource, name, { namespace }, { signal });
      // An earlier claim of the name may have had other troubles.
      const { fieldSelector } = eventsAbout(resource, metadata);
      const scope = { namespace, fieldSelector: `${fieldSelector},type=Warning` };
      for await (const { items } of client.list<Event>(EVENTS, scope, { signal })) {
        const message = items.at(-1)?.message;
        if (message) text = plainText(`persistentvolumeclaim "${name}": ${message}`, 300);
      }
    } catch (error) {
      // Without the right to read claims or events less is known.
      if (!(error instanceof KodamaError) || signal.aborted) throw error;
    }
  }
  return text;
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
    const options = { clock: host.clock, signal: deadline.signal };
    await untilRemoved(store.client, PODS, pod, options);
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError(
      "timeout",
      `pod "${pod.name}" is still ending after ${formatDuration(limitMs)}`,
      { hint: `kubectl describe pod ${pod.name} -n ${pod.namespace} shows details` },
    );
  }
}

/** Waits until a claim is removed: not before the last pod that uses it. */
export async function untilClaimRemoved(
  host: Host,
  { client, namespace }: SessionStore,
  { claim, limitMs, signal }: { claim: string; limitMs: number; signal: AbortSignal },
): Promise<void> {
  using deadline = new Deadline(host.clock, limitMs, signal);
  try {
    const options = { clock: host.clock, signal: deadline.signal };
    await untilRemoved(client, PERSISTENT_VOLUME_CLAIMS, { namespace, name: claim }, options);
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError(
      "timeout",
      `claim "${claim}" is still ending after ${formatDuration(limitMs)}`,
      { hint: `kubectl describe pvc ${claim} -n ${namespace} shows what uses it` },
    );
  }
}

/** An object that may be listed and not watched is polled at this interval. */
const pollMs = 2000;

/** Resolves when the object doesn't exist, or was deleted. Rejects with the signal's reason. */
async function untilRemoved(
  client: KubeClient,
  resource: ApiResource,
  { namespace, name }: { namespace: string; name: string },
  options: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const source = { client, resource, scope: { namespace }, name };
  const list = new LiveList([source], { ...options, pollMs });
  for await (const event of list.events()) {
    if (event.kind === "inSync" && list.objects.size === 0) return;
    if (event.kind === "changed" && event.changes.some(({ kind }) => kind === "deleted")) return;
  }
  options.signal.throwIfAborted();
}
