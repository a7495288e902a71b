/** A teammate's requirements to attach to a session: its address, and the rights. No credentials. */
import type { KubeObject } from "../../kube/types.ts";
import type { Session } from "../../session/model.ts";
import { ownedBy } from "../../session/state.ts";
import { sessionLabel, sessionNames } from "../../session/names.ts";
import { type LiveStatus, liveStatus } from "../../session/status.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { openSession } from "../session_ref.ts";

/** Which session, and for which user. */
interface ShareOptions extends SessionRef {
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

const group = "rbac.authorization.k8s.io";

/** Returns the rights that a teammate needs to attach to this session, and to no other: a Role, and its subject. Pure. */
export function shareRights(
  { name, namespace }: { name: string; namespace: string },
  user: string,
): KubeObject[] {
  const { pod, state } = sessionNames(name);
  const metadata = {
    name: `kodama-share-${name}`,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "kodama", [sessionLabel]: name },
  };
  const rule = (resource: string, verbs: string[], resourceName: string) => ({
    apiGroups: [""],
    resources: [resource],
    resourceNames: [resourceName],
    verbs,
  });
  const role = {
    apiVersion: `${group}/v1`,
    kind: "Role",
    metadata,
    rules: [
      rule("configmaps", ["get"], state),
      rule("pods", ["get"], pod),
      rule("pods/exec", ["get", "create"], pod),
    ],
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: group, kind: "Role", name: metadata.name },
    subjects: [{ apiGroup: group, kind: "User", name: user }],
  };
  return [role, binding];
}
