/** Volumes that existed before a session started are someone's work; those created for it aren't. */
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { ConfigMap, PersistentVolumeClaim } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import type { SessionStore } from "../../session/store.ts";

/** Returns when a session's state was created, in milliseconds by the server's clock; undefined if there is none. */
export async function whenBegun(store: SessionStore, session: string): Promise<number | undefined> {
  const state = await store.get<ConfigMap>(CONFIG_MAPS, sessionNames(session).state);
  return state === undefined ? undefined : Date.parse(String(state.metadata?.creationTimestamp));
}

/** Returns whether a claim is older; always true if there was no session. Both times are the server's own. */
export function isOlder({ metadata }: PersistentVolumeClaim, begunMs: number | undefined): boolean {
  return begunMs === undefined || !(Date.parse(String(metadata?.creationTimestamp)) >= begunMs);
}
