/** What a teammate needs to attach to a session: its address, and the rights needed. No credentials. */
import type { KubeObject } from "../../kube/types.ts";
import type { Session } from "../../session/model.ts";
import { ownedBy } from "../../session/state.ts";
import { shareRights } from "../../session/share_rights.ts";
import { type LiveStatus, liveStatus } from "../../session/status.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { openSession } from "../session_ref.ts";

/** Which session, and for which user. */
export interface ShareOptions extends SessionRef {
  /** The teammate's name in the cluster; a placeholder if absent. */
  user?: string;
  signal: AbortSignal;
}

/** The content of the note. */
export interface ShareNote {
  session: Session;
  live: LiveStatus;
  /** `https://host:port` of the API server. */
  server: string;
  /** A Role and a RoleBinding, which the cluster removes when the session is deleted. */
  rights: readonly KubeObject[];
}

/** The placeholder for an unknown name. */
const someone = "TEAMMATE";

/**
 * Returns the note; changes nothing.
 *
 * @throws KodamaError `notFound` if there is no such session.
 */
export async function share(host: Host, options: ShareOptions): Promise<ShareNote> {
  const { user, signal } = options;
  const { store, stored, pod } = await openSession(host, options, signal);
  const { session } = stored;
  return {
    session,
    live: liveStatus(session, pod),
    server: withoutUser(store.client.server),
    rights: shareRights(session, user ?? someone).map((right) => ownedBy(stored, right)),
  };
}

/** An address may contain a user name and a password, which must not be shared. */
function withoutUser(server: string): string {
  const url = new URL(server);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}
