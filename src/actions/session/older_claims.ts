/** Volumes that were there before a session began hold somebody's work; those that were made for it don't. */
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { ConfigMap, PersistentVolumeClaim } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import type { SessionStore } from "../../session/store.ts";

/** When a session's state was made, in milliseconds by the server's clock; undefined where there is none. */
export async function whenBegun(store: SessionStore, session: string): Promise<number | undefined> {
  const state = await store.get<ConfigMap>(CONFIG_MAPS, sessionNames(session).state);
  return state === undefined ? undefined : Date.parse(String(state.metadata?.creationTimestamp));
}

/** Whether a claim was there before; each is where there was no session. Both times are the server's own. */
export function isOlder({ metadata }: PersistentVolumeClaim, begunMs: number | undefined): boolean {
  return begunMs === undefined || !(Date.parse(String(metadata?.creationTimestamp)) >= begunMs);
}
