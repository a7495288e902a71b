/** The files of a session, running or not: from its own pod, or from a pod created only for them. */
import { PODS } from "../../kube/resources.ts";
import type { Pod } from "../../kube/types.ts";
import { filesPod, filesPodName } from "../../session/manifests/snapshot_pod.ts";
import { ownedBy, type StoredSession } from "../../session/state.ts";
import type { PodAccess } from "../../podscript/run_in_pod.ts";
import { liveStatus } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { runningTarget, targetOf } from "../find_session.ts";
import { openSession } from "../session_ref.ts";
import { cleanUp } from "./cleanup.ts";
import { untilGone, untilReady } from "./wait_ready.ts";

/** Does the work with a pod that has the files; yields the reasons for waiting. */
type WithFiles = <T>(
  work: (from: PodAccess) => AsyncGenerator<string, T>,
) => AsyncGenerator<string, T>;

/** A session, and the access to its files. */
interface SessionFiles {
  stored: StoredSession;
  /** Its volumes are read in a pod of their own. */
  isStopped: boolean;
  withFiles: WithFiles;
}

/**
 * Reads the session.
 *
 * @throws KodamaError `notFound` if there is no such session; `conflict` if it neither runs nor is stopped.
 */
export async function sessionFiles(
  host: Host,
  ref: SessionRef,
  { readyTimeoutMs, signal }: { readyTimeoutMs: number; signal: AbortSignal },
): Promise<SessionFiles> {
  const opened = await openSession(host, ref, signal);
  const { store, stored, pod } = opened;
  if (isStopped(stored, pod)) {
    const limits = { limitMs: readyTimeoutMs, signal };
    return {
      stored,
      isStopped: true,
      withFiles: (work) => fromStopped(host, store, { stored, ...limits }, work),
    };
  }
  const target = runningTarget(opened);
  const { client } = store;
  return {
    stored,
    isStopped: false,
    withFiles: (work) => work({ client, target, clock: host.clock, signal }),
  };
}

/** No one writes to its volumes: its pod is missing, or has ended for good. */
function isStopped({ session }: StoredSession, pod: Pod | undefined): boolean {
  return pod?.metadata?.deletionTimestamp === undefined &&
    liveStatus(session, pod).status === "Stopped";
}

interface Reading {
  stored: StoredSession;
  limitMs: number;
  signal: AbortSignal;
}

/** Yields each text that differs from the text before. */
async function* changes<T>(texts: AsyncGenerator<string, T>): AsyncGenerator<string, T> {
  let before: string | undefined;
  try {
    for (;;) {
      const next = await texts.next();
      if (next.done === true) return next.value;
      if (next.value !== before) yield next.value;
      before = next.value;
    }
  } finally {
    await texts.return(undefined as never);
  }
}

async function* fromStopped<T>(
  host: Host,
  store: SessionStore,
  { stored, limitMs, signal }: Reading,
  work: (from: PodAccess) => AsyncGenerator<string, T>,
): AsyncGenerator<string, T> {
  const { name } = stored.session;
  const pod = filesPodName(name);
  const wait = { name, pod, limitMs, signal };
  // The pod of a killed copy may be about to end.
  await store.remove(PODS, pod);
  await untilGone(host, store, wait);
  try {
    yield `a pod for the files of "${name}"`;
    await store.ensurePod(stored.session, ownedBy(stored, filesPod(stored.session)));
    const there = yield* changes(untilReady(host, store, wait));
    const target = targetOf(store, there);
    return yield* work({ client: store.client, target, clock: host.clock, signal });
  } finally {
    // A remaining pod ends by itself, and the next copy removes it.
    await cleanUp(host.clock, store, async (cleaning) => void await cleaning.remove(PODS, pod));
  }
}
