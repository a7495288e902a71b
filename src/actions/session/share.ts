/** What a teammate has to know of a session to attach to it: where it is, and which rights are needed. No credentials. */
import type { KubeObject } from "../../kube/types.ts";
import type { Session } from "../../session/model.ts";
import { ownedBy } from "../../session/owned.ts";
import { shareRights } from "../../session/share_rights.ts";
import { type LiveStatus, liveStatus } from "../../session/status.ts";
import type { Host } from "../host.ts";
import type { SessionPlace } from "./events.ts";
import { openSession } from "./place.ts";

/** Which session, and for whom. */
export interface ShareOptions extends SessionPlace {
  /** As the cluster knows the teammate; a place to be filled where it is absent. */
  user?: string;
  signal: AbortSignal;
}

/** What the note says. */
export interface ShareNote {
  session: Session;
  live: LiveStatus;
  /** `https://host:port` of the API server. */
  server: string;
  /** A Role and a RoleBinding, which the cluster removes when the session is deleted. */
  rights: readonly KubeObject[];
}

/** Stands where the teammate's name isn't known. */
const someone = "TEAMMATE";

/**
 * Gathers it; nothing is changed.
 *
 * @throws KodamaError `notFound` where there is no such session.
 */
export async function share(host: Host, options: ShareOptions): Promise<ShareNote> {
  const { user, signal } = options;
  const { store, kept, pod } = await openSession(host, options, signal);
  const { session } = kept;
  return {
    session,
    live: liveStatus(session, pod),
    server: withoutUser(store.client.server),
    rights: shareRights(session, user ?? someone).map((right) => ownedBy(kept, right)),
  };
}

/** An address may hold a name and a password, which are nobody else's. */
function withoutUser(server: string): string {
  const url = new URL(server);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}
