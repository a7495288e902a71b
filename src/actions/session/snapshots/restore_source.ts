/** The parts of a snapshot that a restore needs, from a local file or from the cluster. */
import type { Session } from "../../../session/model.ts";
import type { PodAccess } from "../../../podscript/run_in_pod.ts";
import type { StoredSession } from "../../../session/state.ts";
import type { NewVolumes } from "../bring_up.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import type { ConfigMap, PersistentVolumeClaim } from "../../../kube/types.ts";
import { sessionNames } from "../../../session/names.ts";
import type { SessionStore } from "../../../session/store.ts";

/** Which snapshot. */
export type RestoreFrom =
  /** On this machine. */
  | { kind: "file"; path: string }
  /** In the cluster, in the session's namespace. */
  | { kind: "snapshot"; name: string };

/** The contents of the source, as far as they are known. */
export type RestoreContent =
  | { kind: "file"; files: number; bytes: number }
  | { kind: "snapshot"; name: string; volumes: readonly { name: string; size: string }[] };

/** How its files get into a session. */
interface RestoreFilling {
  /** The source of missing volumes. */
  volumes?: NewVolumes;
  /**
   * Copies the files that aren't in the volumes yet: all of them, or none. Yields its progress, and returns the result.
   */
  fill(pod: PodAccess): AsyncGenerator<string, string>;
}

/** A snapshot that was checked, and is complete. */
export interface RestoreSource {
  /** As it was at the time. */
  session: Session;
  /** Parts of its specification that aren't those of the file: only the user's own settings can set them. */
  replaced: readonly string[];
  takenAt: Date;
  content: RestoreContent;
  open(
    restore: { stored: StoredSession; withSecrets: boolean; readyTimeoutMs: number },
  ): Promise<RestoreFilling>;
}

/* Volumes that existed before a session started are someone's work; those created for it aren't. */

/** Returns when a session's state was created, in milliseconds by the server's clock; undefined if there is none. */
export async function stateCreatedMs(
  store: SessionStore,
  session: string,
): Promise<number | undefined> {
  const state = await store.get<ConfigMap>(CONFIG_MAPS, sessionNames(session).state);
  return state === undefined ? undefined : Date.parse(String(state.metadata?.creationTimestamp));
}

/** Returns whether a claim is older; always true if there was no session. Both times are the server's own. */
export function isOlder(
  { metadata }: PersistentVolumeClaim,
  createdMs: number | undefined,
): boolean {
  return createdMs === undefined || !(Date.parse(String(metadata?.creationTimestamp)) >= createdMs);
}
