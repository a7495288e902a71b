/** Finds a session: by flags first, then where it was last used from here, then by the settings and the context. */
import { isKind } from "../base/workload_kinds.ts";
import { action, type Hint, hint, option } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import { PODS } from "../kube/resources.ts";
import type { Pod } from "../kube/types.ts";
import { checkedSessionName, sessionNames } from "../session/names.ts";
import type { StoredSession } from "../session/state.ts";
import { SessionStore } from "../session/store.ts";
import type { Host } from "./host.ts";
import { settingSources } from "./config/setting_sources.ts";
import type { SessionRef, SessionScope } from "./session/events.ts";
import { readLocalSession } from "./session/local_file.ts";

/** Opens the store of a session's namespace. Throws UsageError if the name isn't a valid session name. */
export async function openStore(
  host: Host,
  ref: SessionRef,
  signal: AbortSignal,
): Promise<SessionStore> {
  checkedSessionName(ref.name);
  const local = await readLocalSession(host, ref.name);
  const context = ref.context ?? (await knownContext(host, local?.context));
  const client = await host.kube(context);
  const namespace = ref.namespace ?? local?.namespace ?? await namespaceOfSettings(host) ??
    client.defaultNamespace;
  return new SessionStore(client, namespace, host.clock, signal);
}

/** A session as the cluster stores it, with its pod, and the store of both. */
export interface OpenedSession {
  store: SessionStore;
  stored: StoredSession;
  /** Absent if there is none: the session is stopped, or its pod isn't created yet. */
  pod: Pod | undefined;
}

/**
 * Reads a session and its pod, both at once: usually the session is running.
 *
 * @throws KodamaError `notFound` if there is no such session; UsageError if the name isn't a valid session name.
 */
export async function openSession(
  host: Host,
  ref: SessionRef,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const { name } = ref;
  const store = await openStore(host, ref, signal);
  const [stored, pod] = await Promise.all([
    store.read(name),
    store.get<Pod>(PODS, sessionNames(name).pod),
  ]);
  if (stored === undefined) {
    throw noSession(name, store, { isPod: await isPod(name, store) });
  }
  return { store, stored, pod };
}

/** Returns whether a pod that may be read has this name, which is taken for a session's by hands that know kubectl. */
async function isPod(name: string, store: SessionStore): Promise<boolean> {
  try {
    return await store.get<Pod>(PODS, name) !== undefined;
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return false;
  }
}

/** A file from an old kubeconfig may name a context that no longer exists. */
async function knownContext(host: Host, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  return (await host.contexts()).some((context) => context.name === name) ? name : undefined;
}

/** The scope of a list. */
export interface SessionListScope extends SessionScope {
  allNamespaces: boolean;
}

/** Returns the namespace of a list, undefined for all. */
export async function listScope(host: Host, { allNamespaces, ...scope }: SessionListScope) {
  return allNamespaces
    ? { client: await host.kube(scope.context), namespace: undefined }
    : await scopeNamespace(host, scope);
}

/** Returns the namespace for several sessions; where each was last used is ignored. */
export async function scopeNamespace(host: Host, { context, namespace }: SessionScope) {
  const client = await host.kube(context);
  return {
    client,
    namespace: namespace ?? await namespaceOfSettings(host) ?? client.defaultNamespace,
  };
}

/**
 * Returns the settings' own namespace, if set: the default is the context's, which is `default` if the context names
 * none.
 */
async function namespaceOfSettings(host: Host): Promise<string | undefined> {
  const sources = await settingSources(host);
  if (sources.repository === undefined && sources.user === undefined) return undefined;
  const { effectiveSettings } = await import("../config/settings.ts");
  const setting = (await effectiveSettings(sources)).find(({ key }) =>
    key === "defaults.namespace"
  );
  return setting === undefined || setting.origin.kind === "default"
    ? undefined
    : String(setting.value);
}

/** For names of other Kubernetes objects given by mistake. */
const podsHint = hint`\`${action("pods")}\` lists pods; the names of sessions are in \`${
  action("list")
}\``;

function otherObjects(name: string): Hint | undefined {
  if (["pod", "pods", "po"].includes(name)) return podsHint;
  return isKind(name)
    ? hint`\`kubectl get ${name}\` lists those objects; the names of sessions are in \`${
      action("list")
    }\``
    : undefined;
}

/** Returns the error of a session that doesn't exist. */
export function noSession(
  name: string,
  { namespace, client }: SessionStore,
  options: { isPod?: boolean } = {},
): KodamaError {
  const podHint = hint`it is the name of a pod: \`${
    action("shell", { pod: name })
  }\` opens a shell in it`;
  return new KodamaError(
    "notFound",
    `there is no session "${name}" in namespace "${namespace}" (context ${client.context})`,
    {
      hint: options.isPod === true ? podHint : otherObjects(name) ??
        hint`\`${action("list", { allNamespaces: true })}\` lists the sessions; ${
          option("namespace")
        } selects another namespace`,
    },
  );
}
