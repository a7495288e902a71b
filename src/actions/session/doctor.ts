/** The findings of `doctor --sessions`. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError, unlessError } from "../../base/errors.ts";
import type { Finding } from "../doctor/doctor.ts";
import type { Host } from "../host.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { wholeList } from "../../kube/http/list.ts";
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
} from "../../kube/resources.ts";
import type { KubeObject } from "../../kube/types.ts";
import { isPassing } from "../../session/manifests/snapshot_pod.ts";
import { anySession, isState, sessionLabel } from "../../session/names.ts";
import {
  anySnapshot,
  type StoredSnapshot,
  storedSnapshots,
} from "../../session/volume_snapshot.ts";
import { snapshotObjects } from "./snapshots/snapshots.ts";
import { plainText } from "../../base/plain_text.ts";

/* Objects with a session's labels, grouped by whether the session still exists. Pure. */

/** The objects of a name in a namespace. */
interface SessionRemains {
  name: string;
  namespace: string;
  /**
   * `orphaned`: without a state they are neither listed nor deleted. `kept`: only claims, as a deletion retains them.
   */
  kind: "whole" | "orphaned" | "kept";
  /** `pod kodama-x`, claims last. */
  objects: readonly string[];
  /** The objects of a copy that is active, or was killed. */
  passing: readonly string[];
}

/** Sorts them; by namespace and name. */
export function remainsOfSessions(objects: readonly KubeObject[]): SessionRemains[] {
  const groups = Map.groupBy(objects, ({ metadata }) => {
    const name = metadata.labels?.[sessionLabel] ?? "";
    return `${metadata.namespace}/${name}`;
  });
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([, group]) => {
    const { namespace = "", labels } = group[0]?.metadata ?? {};
    const nameOf = ({ kind, metadata }: KubeObject) =>
      `${kind.toLowerCase()} ${plainText(metadata.name ?? "", 100)}`;
    const passes = ({ metadata }: KubeObject) =>
      isPassing(metadata.labels?.[sessionLabel] ?? "", metadata.name ?? "");
    const isClaim = (one: KubeObject) => one.kind === "PersistentVolumeClaim";
    const hasState = group.some((one) => one.kind === "ConfigMap" && isState(one));
    return {
      name: plainText(labels?.[sessionLabel] ?? "", 63),
      namespace,
      kind: hasState ? "whole" : group.every(isClaim) ? "kept" : "orphaned",
      objects: [...group.filter((one) => !isClaim(one)), ...group.filter(isClaim)]
        .map(nameOf),
      passing: group.filter(passes).map(nameOf),
    };
  });
}

/** Which sessions are checked. */
interface DoctorSessionsOptions {
  contexts: readonly string[];
  namespace?: string;
  signal: AbortSignal;
}

/** Finds objects whose session no longer exists, context by context. */
export async function* doctorSessions(
  host: Host,
  { contexts, namespace, signal }: DoctorSessionsOptions,
): AsyncGenerator<Finding, void> {
  for (const name of contexts.length === 0 ? [undefined] : contexts) {
    const id = "sessions";
    try {
      const client = await host.kube(name);
      const { context } = client;
      const all = await sessionRemains(client, namespace, signal);
      const whole = all.filter(({ kind }) => kind === "whole").length;
      for (const remains of all) {
        const found = findingOf(remains);
        if (found !== undefined) yield { id, context, ...found };
      }
      const isWhole = new Set(
        all.filter(({ kind }) => kind === "whole").map((one) => `${one.namespace}/${one.name}`),
      );
      const hasSession = (inNamespace: string, session: string) =>
        isWhole.has(`${inNamespace}/${session}`);
      const snapshots = await snapshotFindings(client, { namespace, hasSession, signal });
      for (const found of snapshots) yield { id, context, ...found };
      if (all.every(({ kind }) => kind !== "orphaned")) {
        yield { id, context, status: "ok", detail: `${whole} there, and nothing without one` };
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      signal.throwIfAborted();
      const context = name === undefined ? {} : { context: name };
      yield { id, ...context, status: "fail", detail: error.message };
    }
  }
}

function findingOf(
  { name, namespace, kind, objects, passing }: SessionRemains,
): Pick<Finding, "status" | "detail" | "advice"> | undefined {
  switch (kind) {
    case "whole":
      return passing.length === 0 ? undefined : {
        status: "ok",
        detail:
          `of a copy of "${name}" in namespace "${namespace}" that is in progress, or was killed: ${
            passing.join(", ")
          }`,
        advice: `the next copy removes these; so does ` +
          `kubectl delete -n ${namespace} ${passing.map((one) => one.replace(" ", "/")).join(" ")}`,
      };
    case "kept":
      return {
        status: "ok",
        detail: `the data of "${name}" in namespace "${namespace}" is retained: ${
          objects.join(", ")
        }`,
        advice: hint`${action("start", { name, namespace })} uses it again; ${
          action("delete", { name, namespace, purge: true })
        } deletes it`,
      };
    case "orphaned":
      return {
        status: "warn",
        detail: `without a session "${name}" in namespace "${namespace}": ${objects.join(", ")}`,
        advice: hint`${action("delete", { name, namespace })} deletes them, and retains its claims`,
      };
  }
}

/* Finds the remains of sessions in a cluster: for `doctor`, which says how to clean up. */

const inspectedResources: readonly ApiResource[] = [
  PODS,
  SECRETS,
  CONFIG_MAPS,
  NETWORK_POLICIES,
  ROLES,
  ROLE_BINDINGS,
  PERSISTENT_VOLUME_CLAIMS,
];

/** Kinds that not every user may list, or not every cluster has. */
const optional: readonly ApiResource[] = [NETWORK_POLICIES, ROLES, ROLE_BINDINGS];

/** Searches a namespace, or if none is named all that may be listed: at least the context's own. */
export async function sessionRemains(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<SessionRemains[]> {
  try {
    return await remainsIn(client, namespace, signal);
  } catch (error) {
    const forbidden = error instanceof KodamaError && error.kind === "forbidden";
    if (!forbidden || namespace !== undefined) throw error;
    return await remainsIn(client, client.defaultNamespace, signal);
  }
}

async function remainsIn(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<SessionRemains[]> {
  const scope = { labelSelector: anySession, ...(namespace === undefined ? {} : { namespace }) };
  const lists = await Promise.all(inspectedResources.map(async (resource) => {
    const list = await unlessError(
      optional.includes(resource) ? ["notFound", "forbidden"] : [],
      wholeList(() => client.list<KubeObject>(resource, scope, { signal })),
    );
    // The items of a list don't contain their kind.
    return (list?.items ?? []).map((item) => ({ ...item, kind: resource.kind }));
  }));
  return remainsOfSessions(lists.flat());
}

/* The snapshot findings of `doctor --sessions`: those that can't be used, and those whose session is missing. */

/** Returns the findings; none if the cluster has no snapshots, or they may not be listed. */
async function snapshotFindings(
  client: KubeClient,
  { namespace, hasSession, signal }: {
    namespace: string | undefined;
    hasSession: (namespace: string, name: string) => boolean;
    signal: AbortSignal;
  },
): Promise<Pick<Finding, "status" | "detail" | "advice">[]> {
  const snapshots = await seen(client, namespace, signal);
  return snapshots.flatMap((snapshot) => {
    const found = snapshotFinding(snapshot, hasSession(snapshot.namespace, snapshot.session));
    return found === undefined ? [] : [found];
  });
}

async function seen(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<StoredSnapshot[]> {
  try {
    return storedSnapshots(
      await snapshotObjects(client, { namespace, selector: anySnapshot, signal }),
    );
  } catch (error) {
    signal.throwIfAborted();
    const unseen = error instanceof KodamaError && ["conflict", "forbidden"].includes(error.kind);
    if (!unseen) throw error;
    if (error.kind !== "forbidden" || namespace !== undefined) return [];
    return await seen(client, client.defaultNamespace, signal);
  }
}

function snapshotFinding(
  { name, namespace, session, state, volumes }: StoredSnapshot,
  hasSession: boolean,
): Pick<Finding, "status" | "detail" | "advice"> | undefined {
  const removal = hint`${action("snapshots.delete", { name, namespace })} deletes it`;
  if (state === "Incomplete" || state === "Failed") {
    const why = volumes.find(({ error }) => error !== undefined)?.error?.message;
    return {
      status: "warn",
      detail: `snapshot ${name} in namespace "${namespace}" is ${state}` +
        (why === undefined ? "" : `: ${why}`),
      advice: removal,
    };
  }
  if (hasSession) return undefined;
  return {
    status: "ok",
    detail: `snapshot ${name} of "${session}", which isn't there, in namespace "${namespace}"`,
    advice: hint`${
      action("restore", { name: session, source: name, namespace })
    } restores it; ${removal}`,
  };
}
