/** The files of a session, running or not: from its own pod, or from a pod created only for them. */
import { PODS } from "../../kube/resources.ts";
import type { Pod } from "../../kube/types.ts";
import { filesPod, filesPodName } from "../../session/manifests/files_pod.ts";
import { ownedBy, type StoredSession } from "../../session/state.ts";
import type { PodAccess } from "../../podscript/run_in_pod.ts";
import { liveStatus } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SessionPlace } from "./events.ts";
import { runningTarget, targetOf } from "../find_session.ts";
import { openSession } from "../session_ref.ts";
import { tidiedUp } from "./tidying.ts";
import { untilGone, untilReady } from "./wait_ready.ts";

/** Does the work with a pod that has the files; yields what it waits for. */
export type WithFiles = <T>(
  work: (from: PodAccess) => AsyncGenerator<string, T>,
) => AsyncGenerator<string, T>;

/** A session, and the access to its files. */
export interface SessionFiles {
  kept: StoredSession;
  withFiles: WithFiles;
}

/**
 * Reads the session.
 *
 * @throws KodamaError `notFound` if there is no such session; `conflict` if it neither runs nor is stopped.
 */
export async function sessionFiles(
  host: Host,
  place: SessionPlace,
  { readyTimeoutMs, signal }: { readyTimeoutMs: number; signal: AbortSignal },
): Promise<SessionFiles> {
  const opened = await openSession(host, place, signal);
  const { store, kept, pod } = opened;
  if (isStopped(kept, pod)) {
    const limits = { limitMs: readyTimeoutMs, signal };
    return { kept, withFiles: (work) => fromStopped(host, store, { kept, ...limits }, work) };
  }
  const target = runningTarget(opened);
  const { client } = store;
  return { kept, withFiles: (work) => work({ client, target, clock: host.clock, signal }) };
}

/** No one writes to its volumes: its pod is missing, or has ended for good. */
function isStopped({ session }: StoredSession, pod: Pod | undefined): boolean {
  return pod?.metadata?.deletionTimestamp === undefined &&
    liveStatus(session, pod).status === "Stopped";
}

interface Reading {
  kept: StoredSession;
  limitMs: number;
  signal: AbortSignal;
}

async function* fromStopped<T>(
  host: Host,
  store: SessionStore,
  { kept, limitMs, signal }: Reading,
  work: (from: PodAccess) => AsyncGenerator<string, T>,
): AsyncGenerator<string, T> {
  const { name } = kept.session;
  const pod = filesPodName(name);
  const wait = { name, pod, limitMs, signal };
  // The pod of a killed copy may be about to end.
  await store.remove(PODS, pod);
  await untilGone(host, store, wait);
  try {
    yield `a pod for the files of "${name}"`;
    await store.ensure(PODS, ownedBy(kept, filesPod(kept.session)), name);
    const there = yield* untilReady(host, store, wait);
    const target = targetOf(store, there);
    return yield* work({ client: store.client, target, clock: host.clock, signal });
  } finally {
    // A remaining pod ends by itself, and the next copy removes it.
    await tidiedUp(host.clock, store, async (tidying) => void await tidying.remove(PODS, pod));
  }
}
