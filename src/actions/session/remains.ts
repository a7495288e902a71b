/** Finds the remains of sessions in a cluster: for `doctor`, which says how to clean up. */
import { KodamaError } from "../../base/errors.ts";
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
import { anySession } from "../../session/names.ts";
import { remainsOf, type SessionRemains } from "../../session/remains.ts";

export type { SessionRemains } from "../../session/remains.ts";

const looked: readonly ApiResource[] = [
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
  const lists = await Promise.all(looked.map(async (resource) => {
    try {
      const { items } = await wholeList(() => client.list<KubeObject>(resource, scope, { signal }));
      // The items of a list don't contain their kind.
      return items.map((item) => ({ ...item, kind: resource.kind }));
    } catch (error) {
      const unseen = error instanceof KodamaError && ["notFound", "forbidden"].includes(error.kind);
      if (optional.includes(resource) && unseen) return [];
      throw error;
    }
  }));
  return remainsOf(lists.flat());
}
