/** Whether a synchronisation's session is there still: one that was deleted elsewhere leaves nothing to wait for. */
import type { Host } from "../../actions/host.ts";
import { KodamaError } from "../../base/errors.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { ConfigMap } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import { PurposeGoneError } from "../../sync/engine/parts.ts";
import type { SyncRecord } from "./sync_folder.ts";

/**
 * Asks the cluster for the session's state, which stays for as long as the session does, its pod being there or not.
 * Where that can't be asked (no link, no right to read it) nothing is known, and nothing is concluded.
 *
 * @throws PurposeGoneError where it is gone, or another session has its name: what was agreed on with the folder of the
 *   one says nothing of the other's.
 */
export async function requireSession(
  host: Host,
  { session, target: { context, namespace } }: Pick<SyncRecord, "session" | "target">,
  signal: AbortSignal,
): Promise<void> {
  if (session === null) return;
  const { state } = sessionNames(session.name);
  let uid: string | undefined;
  try {
    const client = await host.kube(context);
    const object = await client.get<ConfigMap>(CONFIG_MAPS, state, { namespace }, { signal });
    uid = object.metadata?.uid;
  } catch (error) {
    if (!(error instanceof KodamaError) || !isGone(error, state)) return;
    throw new PurposeGoneError(`session "${session.name}" was deleted`);
  }
  if (uid === session.uid) return;
  throw new PurposeGoneError(
    `session "${session.name}" was deleted, and another one of its name was begun since`,
  );
}

/** The API's own words: a proxy that finds no API server may answer 404 as well. */
function isGone({ kind, message }: KodamaError, state: string): boolean {
  return kind === "notFound" && message.startsWith(`configmaps "${state}" not found`);
}
