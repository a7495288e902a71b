/** The state of a session to be created, from any source. */
import { definedOnly } from "../../base/json_value.ts";
import { sessionAllowances, sessionPod } from "../../session/manifests/pod.ts";
import { checkedPod } from "../../session/manifests/pod_standard.ts";
import type { Session } from "../../session/model.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { sessionOwner } from "./owner.ts";
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";

/** The part of it that is known beforehand. */
export interface SessionDraft
  extends Pick<Session, "name" | "spec" | "environment" | "sync" | "origin"> {
  repository: Session["repository"] | undefined;
  template: string | undefined;
}

/**
 * Returns a session that starts now, owned by the user that the cluster sees.
 *
 * @throws KodamaError `config` if its pod may do more than a session's pod may: before anything of it exists.
 */
export async function newSession(
  host: Host,
  { client, namespace }: SessionStore,
  draft: SessionDraft,
  signal: AbortSignal,
): Promise<Session> {
  const { name, repository, spec, environment, sync, template, origin } = draft;
  const owner = await sessionOwner(client, signal);
  const at = host.clock.now().toISOString();
  const session: Session = {
    name,
    namespace,
    ...definedOnly({ owner, repository }),
    spec,
    environment,
    sync,
    ...definedOnly({ template, origin }),
    status: "Starting",
    createdAt: at,
    updatedAt: at,
  };
  checkedPod(sessionPod(session), sessionAllowances(session));
  return session;
}

/**
 * Refuses a session with only some of another session's files: a checkout, or an agent, would take them for all of
 * them.
 *
 * @throws KodamaError `conflict` if the files aren't all there.
 */
export function requireFiles({ origin, name }: Session): void {
  if (origin === undefined || origin.filled) return;
  const again = origin.kind === "clone"
    ? hint`${action("clone", { source: origin.session, name })} resumes it`
    : hint`${action("restore", { name, source: "FILE|SNAPSHOT" })} resumes it`;
  throw new KodamaError(
    "conflict",
    `session "${name}" should have the files of "${origin.session}", and doesn't have them`,
    { hint: hint`${again}; ${action("delete", { name, purge: true })} deletes it` },
  );
}
