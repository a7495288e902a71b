/** Whether the session of a synchronisation is still the session that it was started for. */
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { ConfigMap } from "../../kube/types.ts";
import { sessionNames } from "../../session/names.ts";
import { restoredAnnotation } from "../../session/state.ts";
import { PurposeEndedError } from "../../sync/engine/parts.ts";
import type { SyncSpec } from "../../sync/daemon/model.ts";

/**
 * Reads the session's state from the cluster, which exists for as long as the session does, whether its pod exists or
 * not. If it can't be read (no connection, no permission) nothing is known, and nothing is concluded.
 *
 * @throws PurposeEndedError if it was deleted, another session has its name, or its files were restored from a
 * snapshot: the ancestor of the previous folder doesn't apply to the current folder.
 */
export async function requireSession(
  kube: (context: string | undefined) => Promise<KubeClient>,
  { session, target: { context, namespace } }: Pick<SyncSpec, "session" | "target">,
  signal: AbortSignal,
): Promise<void> {
  if (session === null) return;
  const { state } = sessionNames(session.name);
  let uid: string | undefined;
  let restoredAt: string | undefined;
  try {
    const client = await kube(context);
    const object = await client.get<ConfigMap>(CONFIG_MAPS, state, { namespace }, { signal });
    uid = object.metadata?.uid;
    restoredAt = object.metadata?.annotations?.[restoredAnnotation];
  } catch (error) {
    if (!(error instanceof KodamaError) || !isGone(error, state)) return;
    throw new PurposeEndedError(`session "${session.name}" was deleted`);
  }
  if (uid === session.uid && restoredAt === session.restoredAt) return;
  if (uid === session.uid) {
    throw new PurposeEndedError(
      `the files of session "${session.name}" were replaced by those of a snapshot; a start of it ` +
        "that names the folder syncs again, and keeps twice what differs",
    );
  }
  throw new PurposeEndedError(
    `session "${session.name}" was deleted, and another one of its name was started since`,
  );
}

/** The API's own message: a proxy that finds no API server may answer 404 as well. */
function isGone({ kind, message }: KodamaError, state: string): boolean {
  return kind === "notFound" && message.startsWith(`configmaps "${state}" not found`);
}
