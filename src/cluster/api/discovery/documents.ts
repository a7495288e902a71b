/**
 * The documents of discovery: the aggregated ones that present clients request, and the older ones.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { type ApiResponse, json } from "../message.ts";
import { parseAccept } from "../negotiate.ts";
import { type DiscoveredGroup, type DiscoveredResource, groups } from "./groups.ts";

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Returns the document at a path of discovery; undefined if there is none. */
export function discoveryDocument(
  path: string,
  options: { accept: string; serverAddress: string },
): ApiResponse | undefined {
  const segments = path.split("/").filter((each) => each !== "");
  if (segments[0] === "api") return coreDocument(segments, options);
  if (segments[0] !== "apis") return undefined;
  const [, name, version] = segments;
  const named = groups.filter(({ group }) => group !== "");
  if (name === undefined) {
    if (wantsAggregated(options.accept)) return aggregated(named);
    return json({ kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupEntry) });
  }
  const group = named.find((each) => each.group === name);
  if (group === undefined || segments.length > 3) return undefined;
  if (version === undefined) {
    return json({ kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) });
  }
  return version === group.version ? resourceList(group) : undefined;
}

function coreDocument(
  segments: readonly string[],
  options: { accept: string; serverAddress: string },
): ApiResponse | undefined {
  const core = groups.filter(({ group }) => group === "");
  if (segments.length === 2 && segments[1] === "v1") return core[0] && resourceList(core[0]);
  if (segments.length > 1) return undefined;
  if (wantsAggregated(options.accept)) return aggregated(core);
  return json({
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: options.serverAddress }],
  });
}

function wantsAggregated(accept: string): boolean {
  return parseAccept(accept).some(({ type, parameters }) =>
    type === "application/json" && parameters.get("as") === "APIGroupDiscoveryList" &&
    parameters.get("v") === "v2"
  );
}

function groupEntry({ group, version }: DiscoveredGroup): Record<string, unknown> {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
}

function resourceList({ group, version, resources }: DiscoveredGroup): ApiResponse {
  return json({
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources.map((each) => ({
      name: each.name,
      singularName: each.singular,
      namespaced: each.namespaced,
      ...(each.group === group ? {} : { group: each.group, version: each.version }),
      kind: each.kind,
      verbs: each.verbs,
      ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
      ...(each.categories.length === 0 ? {} : { categories: each.categories }),
    })),
  });
}

function aggregated(list: readonly DiscoveredGroup[]): ApiResponse {
  const body = {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: list.map(({ group, version, resources }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: [{ version, freshness: "Current", resources: aggregatedResources(resources) }],
    })),
  };
  return { kind: "json", code: 200, body, contentType: aggregatedType };
}

function responseKind({ group, version, kind }: DiscoveredResource): Record<string, string> {
  return { group, version, kind };
}

function aggregatedResources(resources: readonly DiscoveredResource[]): unknown[] {
  return resources.filter(({ name }) => !name.includes("/")).map((each) => {
    const below = resources.filter(({ name }) => name.startsWith(`${each.name}/`));
    return {
      resource: each.name,
      responseKind: responseKind(each),
      scope: each.namespaced ? "Namespaced" : "Cluster",
      singularResource: each.singular,
      verbs: each.verbs,
      ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
      ...(each.categories.length === 0 ? {} : { categories: each.categories }),
      ...(below.length === 0 ? {} : {
        subresources: below.map((sub) => ({
          subresource: sub.name.slice(each.name.length + 1),
          responseKind: responseKind(sub),
          verbs: sub.verbs,
        })),
      }),
    };
  });
}
