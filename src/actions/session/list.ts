/** The sessions of a namespace, or of all: from the cluster alone. */
import { liveStatus } from "../../session/status.ts";
import { type ListedSession, listSessions } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { SessionRow, SessionScope } from "./events.ts";
import { scopeNamespace } from "./place.ts";

/** Which sessions. */
export interface ListOptions extends SessionScope {
  allNamespaces: boolean;
}

/** What is listed, and where it was looked for. */
export interface ListedSessions {
  context: string;
  /** Undefined for all. */
  namespace: string | undefined;
  rows: readonly SessionRow[];
}

/** Lists them, by namespace and name. */
export async function list(
  host: Host,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListedSessions> {
  const { client, namespace } = options.allNamespaces
    ? { client: await host.kube(options.context), namespace: undefined }
    : await scopeNamespace(host, options);
  const listed = await listSessions(client, namespace, { clock: host.clock, signal });
  return { context: client.context, namespace, rows: listed.map(rowOf) };
}

function rowOf(listed: ListedSession): SessionRow {
  if (listed.kind === "unreadable") return listed;
  const { session, pod } = listed;
  const node = pod?.spec?.nodeName ?? "";
  return { kind: "session", session, live: liveStatus(session, pod), node };
}
