/**
 * The kinds that an API server serves, in all of their spellings: `pods`, `po`, `Pod`, `deploy`, `certificates`,
 * `certificates.cert-manager.io`, `deployments.v1.apps`.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { KodamaError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { plainText } from "../base/plain_text.ts";
import type { ApiResource, KubeClient } from "./client.ts";
import {
  CONFIG_MAPS,
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  EVENTS,
  isSameKind,
  JOBS,
  kindName,
  NAMESPACES,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  SERVICES,
  STATEFUL_SETS,
} from "./resources.ts";

/** Kinds that every server has, with kubectl's short names: finding them costs no request. */
const wellKnown: readonly (readonly [ApiResource, ...string[]])[] = [
  [PODS, "po"],
  [SERVICES, "svc"],
  [CONFIG_MAPS, "cm"],
  [SECRETS],
  [NAMESPACES, "ns"],
  [EVENTS, "ev"],
  [PERSISTENT_VOLUME_CLAIMS, "pvc"],
  [PERSISTENT_VOLUMES, "pv"],
  [REPLICATION_CONTROLLERS, "rc"],
  [DEPLOYMENTS, "deploy"],
  [STATEFUL_SETS, "sts"],
  [DAEMON_SETS, "ds"],
  [REPLICA_SETS, "rs"],
  [JOBS],
  [CRON_JOBS, "cj"],
  [NETWORK_POLICIES, "netpol"],
  [ROLES],
  [ROLE_BINDINGS],
];

/** A kind as discovery describes it. */
interface ServedKind extends ApiResource {
  names: readonly string[];
  categories: readonly string[];
}

interface ResourceList {
  groupVersion: string;
  resources: {
    name: string;
    singularName?: string;
    shortNames?: string[];
    categories?: string[];
    kind: string;
    namespaced: boolean;
  }[];
}

interface GroupList {
  groups: { preferredVersion?: { groupVersion: string }; versions: { groupVersion: string }[] }[];
}

/** Returns the kind that a name without a group means on every server; undefined for other names. */
export function wellKnownKind(name: string): ApiResource | undefined {
  const wanted = name.toLowerCase();
  return wellKnown.find(([one, ...short]) =>
    [one.plural, one.kind.toLowerCase(), ...short].includes(wanted)
  )?.[0];
}

/**
 * Returns the collection that a kind's name means on a server.
 *
 * @throws KodamaError `notFound` with the nearest name.
 */
export async function findResource(
  client: Pick<KubeClient, "raw" | "context">,
  name: string,
  signal: AbortSignal,
): Promise<ApiResource> {
  const known = wellKnownKind(name);
  if (known !== undefined) return known;
  const [wanted = "", ...qualifier] = name.toLowerCase().split(".");
  const served = await servedKinds(client, qualifier, signal);
  const found = served.find(({ names }) => names.includes(wanted));
  if (found !== undefined) {
    return resourceOf(found);
  }
  const all = [...wellKnown.map(([{ plural }]) => plural), ...served.map(({ plural }) => plural)];
  const shown = plainText(name, 80);
  throw new KodamaError(
    "notFound",
    `the server of context "${client.context}" has no kind "${shown}"${await didYouMean(
      wanted,
      all,
    )}`,
  );
}

/** Returns the kinds of a category, such as `all`, each in the version that the server prefers. */
export async function findCategory(
  client: Pick<KubeClient, "raw">,
  category: string,
  signal: AbortSignal,
): Promise<ApiResource[]> {
  const served = await servedKinds(client, [], signal);
  const own = served.filter(({ categories }) => categories.includes(category));
  return own.filter((one, index) => index === own.findIndex((other) => isSameKind(one, other))).map(
    resourceOf,
  );
}

/** Returns the kind alone; the well-known object, as callers compare, however the kind was named. */
function resourceOf({ names: _, categories: _categories, ...resource }: ServedKind): ApiResource {
  const known = wellKnown.find(([one]) =>
    isSameKind(one, resource) && one.version === resource.version
  );
  return known?.[0] ?? resource;
}

/** Returns every kind that a server serves, with its short names, and those that every server has first. */
export async function listKinds(
  client: Pick<KubeClient, "raw">,
  signal: AbortSignal,
): Promise<readonly { resource: ApiResource; names: readonly string[] }[]> {
  const known = wellKnown.map(([resource, ...names]) => ({ resource, names }));
  const served = await servedKinds(client, [], signal);
  const isKnown = new Set(known.map(({ resource }) => kindName(resource)));
  const others = new Map(
    served.map((one) => [kindName(one), { resource: resourceOf(one), names: one.names }]),
  );
  return [
    ...known,
    ...[...others.entries()].filter(([key]) => !isKnown.has(key)).map(([, one]) => one),
  ];
}

/** Returns every served kind; of a qualified name `KIND.GROUP` or `KIND.VERSION.GROUP`, those of the group. */
async function servedKinds(
  client: Pick<KubeClient, "raw">,
  qualifier: readonly string[],
  signal: AbortSignal,
): Promise<ServedKind[]> {
  const { groups } = await client.raw<GroupList>("GET", "/apis", { signal });
  const versions = [
    "v1",
    ...groups.flatMap(({ preferredVersion, versions }) => [
      ...(preferredVersion === undefined ? [] : [preferredVersion.groupVersion]),
      ...versions.map(({ groupVersion }) => groupVersion),
    ]),
  ];
  const [first = "", ...others] = qualifier;
  const matches = (groupVersion: string) => {
    const [group = "", version = ""] = groupVersion.includes("/")
      ? groupVersion.split("/")
      : ["", groupVersion];
    return qualifier.length === 0 || group === qualifier.join(".") ||
      version === first && group === others.join(".");
  };
  const lists = await Promise.all(
    [...new Set(versions.filter(matches))].map(async (groupVersion) => {
      const path = groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`;
      try {
        return await client.raw<ResourceList>("GET", path, { signal });
      } catch (error) {
        // The server of one aggregated API may be down: the others are as good as before.
        if (error instanceof KodamaError && !signal.aborted) return undefined;
        throw error;
      }
    }),
  );
  return lists.flatMap((list) => list === undefined ? [] : kindsOf(list));
}

function kindsOf({ groupVersion, resources }: ResourceList): ServedKind[] {
  const [group = "", version = ""] = groupVersion.includes("/")
    ? groupVersion.split("/")
    : ["", groupVersion];
  return resources.filter(({ name }) => !name.includes("/")).map((one) => ({
    group,
    version,
    plural: one.name,
    kind: one.kind,
    namespaced: one.namespaced,
    names: [one.name, one.kind.toLowerCase(), one.singularName ?? "", ...one.shortNames ?? []],
    categories: one.categories ?? [],
  }));
}
