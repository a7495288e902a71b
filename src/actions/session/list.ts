/** The sessions of a namespace, or of all: from the cluster alone. */
import { liveStatus } from "../../session/status.ts";
import { type ListedSession, listSessions } from "../../session/store.ts";
import type { Host } from "../host.ts";
import type { Session } from "../../session/model.ts";
import type { SessionRow, SessionScope } from "./events.ts";
import type { SyncWord } from "./sync_step.ts";
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
  const { syncKey, syncsHere, syncWord } = await import("./sync_step.ts");
  const [listed, syncs] = await Promise.all([
    listSessions(client, namespace, { clock: host.clock, signal }),
    syncsHere(host),
  ]);
  const rows = listed.map((one) => rowOf(one, (session) => syncWord(syncs.get(syncKey(session)))));
  return { context: client.context, namespace, rows };
}

function rowOf(listed: ListedSession, syncOf: (session: Session) => SyncWord): SessionRow {
  if (listed.kind === "unreadable") return listed;
  const { session, pod } = listed;
  const node = pod?.spec?.nodeName ?? "";
  return { kind: "session", session, live: liveStatus(session, pod), node, sync: syncOf(session) };
}
