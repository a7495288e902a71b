/** The discovery data of what is served, from which both of its forms are made. */
import { reviews } from "./rbac/reviews.ts";
import { measured, metricsGroup, metricsVersion } from "./metrics.ts";
import { served } from "./served.ts";

/** One resource or subresource of a group. */
export interface DiscoveredResource {
  /** With its subresource: `pods/log`. */
  name: string;
  singular: string;
  namespaced: boolean;
  /** The kind of its objects; group and version if they differ from those of the list. */
  kind: string;
  group: string;
  version: string;
  verbs: readonly string[];
  shortNames: readonly string[];
  categories: readonly string[];
}

/** A group in its one version. */
export interface DiscoveredGroup {
  group: string;
  version: string;
  resources: readonly DiscoveredResource[];
}

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

const all: readonly (DiscoveredResource & { home: string })[] = [
  ...served.flatMap(({ type, subresources }) => [
    { ...type, home: type.group, name: type.plural, verbs },
    ...subresources.map((each) => ({
      home: type.group,
      name: `${type.plural}/${each.name}`,
      singular: "",
      namespaced: type.namespaced,
      kind: each.kind,
      group: each.group ?? type.group,
      version: each.version ?? type.version,
      verbs: each.verbs,
      shortNames: [],
      categories: [],
    })),
  ]),
  ...reviews.map(({ group, plural, kind }) => ({
    home: group,
    name: plural,
    singular: kind.toLowerCase(),
    namespaced: false,
    kind,
    group,
    version: "v1",
    verbs: ["create"],
    shortNames: [],
    categories: [],
  })),
  ...measured.map(({ type, kind }) => ({
    home: metricsGroup,
    name: type.plural,
    singular: "",
    namespaced: type.namespaced,
    kind,
    group: metricsGroup,
    version: metricsVersion,
    verbs: ["get", "list"],
    shortNames: [],
    categories: [],
  })),
];

/** Every group, the core one first. */
export const groups: readonly DiscoveredGroup[] = [
  ...Map.groupBy(all, ({ home }) => home),
].map(([group, resources]) => ({
  group,
  version: resources[0]?.version ?? "v1",
  resources: resources.map(({ home: _home, ...resource }) => resource),
}));
