/** A session stopped: its pod goes, and all that it holds stays. */
import { PODS } from "../../kube/resources.ts";
import type { Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import type { Host } from "../host.ts";
import type { SessionPlace } from "./events.ts";
import { writeLocalSession } from "./local_file.ts";
import { noSession, openStore } from "./place.ts";
import { untilGone } from "./wait_ready.ts";

/** Which session, and how long its pod may take to end. */
export interface StopOptions extends SessionPlace {
  goneTimeoutMs: number;
  signal: AbortSignal;
}

/** What became of it. */
export interface Stopped {
  session: Session;
  /** There was no pod to take away. */
  already: boolean;
  /** Why this machine doesn't remember it, where it couldn't. */
  unkept?: string;
}

/**
 * Stops it. The state says so first: whoever looks meanwhile sees a session that is ending, and not one that broke.
 *
 * @throws KodamaError `notFound` where there is no such session; `timeout` where the pod doesn't end.
 */
export async function stop(host: Host, options: StopOptions): Promise<Stopped> {
  const { name, signal, goneTimeoutMs } = options;
  const store = await openStore(host, options, signal);
  const there = await store.read(name);
  if (there === undefined) throw noSession(name, store);
  const kept = there.session.status === "Stopped" ? there : await store.change(
    there,
    ({ message: _, ...session }) => ({ ...session, status: "Stopped" }),
  );
  const { endSync } = await import("./sync_here.ts");
  const { context } = store.client;
  await endSync(host, { ...kept.session, context, uid: kept.uid }, { forget: false, signal });
  const removed = await store.remove(PODS, sessionNames(name).pod);
  if (removed) await untilGone(host, store, { name, limitMs: goneTimeoutMs, signal });
  const unkept = await writeLocalSession(host, kept.session, store.client.context);
  const { session } = kept;
  return { session, already: !removed, ...(unkept === undefined ? {} : { unkept }) };
}
