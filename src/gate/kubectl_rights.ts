/** The rights in the cluster that a kubectl command line needs, for a Role. Pure. */
import { definedOnly } from "../base/json_value.ts";
import { groupOfKindName } from "../base/api_version.ts";
import { flagValue, isOn } from "./kubectl_rating.ts";
import { type KubectlLine, parseKubectl } from "./kubectl.ts";

/** Verbs on a resource, as in a rule of a Role. */
export interface Right {
  /** Empty for the core group. */
  group: string;
  /** The plural, with a subresource: `pods/exec`. */
  resource: string;
  verbs: readonly string[];
  /** Its objects are in no namespace. */
  isClusterWide?: true;
}

/** The rights of a command line, and where they apply. */
interface KubectlRights {
  rights: readonly Right[];
  /** The namespace of the command line itself; `*` for all. */
  namespace?: string;
}

/** Resources with the names that kubectl knows, by API group. Those of the second table are in no namespace. */
const namespaced: Readonly<Record<string, string>> = {
  "":
    "pods:pod,po services:service,svc configmaps:configmap,cm secrets:secret events:event,ev endpoints:ep " +
    "persistentvolumeclaims:persistentvolumeclaim,pvc serviceaccounts:serviceaccount,sa " +
    "replicationcontrollers:replicationcontroller,rc resourcequotas:resourcequota,quota limitranges:limitrange,limits",
  "apps":
    "deployments:deployment,deploy statefulsets:statefulset,sts daemonsets:daemonset,ds replicasets:replicaset,rs",
  "batch": "jobs:job cronjobs:cronjob,cj",
  "networking.k8s.io": "ingresses:ingress,ing networkpolicies:networkpolicy,netpol",
  "policy": "poddisruptionbudgets:poddisruptionbudget,pdb",
  "autoscaling": "horizontalpodautoscalers:horizontalpodautoscaler,hpa",
};
const clusterWide: Readonly<Record<string, string>> = {
  "": "nodes:node,no namespaces:namespace,ns persistentvolumes:persistentvolume,pv",
  "storage.k8s.io": "storageclasses:storageclass,sc",
};

type Resource = Pick<Right, "group" | "resource" | "isClusterWide">;

const resources: ReadonlyMap<string, Resource> = new Map(
  [[namespaced, false], [clusterWide, true]].flatMap(([table, isClusterWide]) =>
    Object.entries(table as Record<string, string>).flatMap(([group, line]) =>
      line.split(" ").flatMap((entry): [string, Resource][] => {
        const [resource = "", names = ""] = entry.split(":");
        const found = {
          group,
          resource,
          ...(isClusterWide === true ? { isClusterWide } : {}),
        };
        return [resource, ...names.split(",")].map((name) => [name, found]);
      })
    )
  ),
);

/** Resources that verbs without a kind work on. */
const pods: Resource = { group: "", resource: "pods" };
const nodes: Resource = { group: "", resource: "nodes", isClusterWide: true };

/** Verbs of the API by kubectl's, for objects that the command line names. */
const apiVerbs: Readonly<Record<string, readonly string[]>> = {
  get: ["get", "list"],
  describe: ["get", "list"],
  wait: ["get", "list", "watch"],
  delete: ["get", "list", "watch", "delete"],
  patch: ["get", "patch"],
  label: ["get", "list", "patch"],
  annotate: ["get", "list", "patch"],
  scale: ["get", "list"],
  "rollout restart": ["get", "list", "patch"],
  "rollout status": ["get", "list", "watch"],
  "rollout history": ["get", "list"],
  "rollout pause": ["get", "list", "patch"],
  "rollout resume": ["get", "list", "patch"],
  "rollout undo": ["get", "list", "patch"],
  "set image": ["get", "list", "patch"],
  "set env": ["get", "list", "patch"],
  "set resources": ["get", "list", "patch"],
};

/** Verbs that need no right, or a right that every user has. */
const unlimited = new Set([
  "version",
  "config",
  "api-resources",
  "api-versions",
  "explain",
  "auth",
  "options",
]);

/** Returns the rights that `kubectl ARGS` needs; undefined if they aren't known. */
export function kubectlRights(args: readonly string[]): KubectlRights | undefined {
  const line = parseKubectl(args);
  const rights = line.isUnknown ? undefined : rightsOf(line);
  if (rights === undefined) return undefined;
  const namespace = isOn(line, "-A", "--all-namespaces")
    ? "*"
    : flagValue(line, "-n", "--namespace");
  return { rights, ...definedOnly({ namespace }) };
}

function rightsOf(line: KubectlLine): Right[] | undefined {
  const name = line.verb.join(" ");
  const [verb = ""] = line.verb;
  if (unlimited.has(verb)) return [];
  switch (verb) {
    case "exec":
      return [right(pods, ["get"]), right(sub(pods, "exec"), ["create", "get"])];
    case "logs":
      return [right(pods, ["get", "list"]), right(sub(pods, "log"), ["get"])];
    case "top":
      return line.verb[1] === "node" || line.operands[0] === "node"
        ? undefined
        : [right({ group: "metrics.k8s.io", resource: "pods" }, ["get", "list"])];
    case "cordon":
    case "uncordon":
      return [right(nodes, ["get", "list", "patch"])];
    case "drain":
      return [
        right(nodes, ["get", "list", "patch"]),
        { ...right(pods, ["get", "list"]), isClusterWide: true },
        { ...right(sub(pods, "eviction"), ["create"]), isClusterWide: true },
        {
          ...right({ group: "apps", resource: "daemonsets" }, ["get"]),
          isClusterWide: true,
        },
      ];
  }
  const verbs = apiVerbs[name] ?? apiVerbs[verb];
  // The contents of a file aren't known here.
  const hasFile = line.flags.some(({ name }) =>
    /^(?:-f|--filename|-k|--kustomize|--raw)$/.test(name)
  );
  if (verbs === undefined || hasFile) return undefined;
  const named = namedResources(line.operands);
  if (named === undefined) return undefined;
  const isWatched = isOn(line, "-w", "--watch", "--watch-only");
  return named.flatMap((resource) => [
    right(resource, isWatched ? [...verbs, "watch"] : verbs),
    ...(verb === "scale" ? [right(sub(resource, "scale"), ["get", "patch", "update"])] : []),
    ...(verb === "describe" ? [right({ group: "", resource: "events" }, ["list"])] : []),
    ...(name === "rollout undo" || name === "rollout history"
      ? [right({ group: "apps", resource: "replicasets" }, ["list"])]
      : []),
  ]);
}

/** Returns the resources of `pods,svc NAME`, `deploy/web sts/db`; undefined if a resource isn't known. */
function namedResources(operands: readonly string[]): Resource[] | undefined {
  const [first] = operands;
  if (first === undefined) return undefined;
  const names = first.includes("/")
    ? operands.map((operand) => operand.split("/")[0] ?? "")
    : first.split(",");
  const found = names.map((name) => {
    const [word = ""] = name.toLowerCase().split(".");
    const known = resources.get(word);
    return known?.group === (groupOfKindName(name) ?? known?.group) ? known : undefined;
  });
  return found.every((one) => one !== undefined) ? [...new Set(found)] : undefined;
}

function right(resource: Resource, verbs: readonly string[]): Right {
  return { ...resource, verbs };
}

function sub({ group, resource, isClusterWide }: Resource, name: string): Resource {
  return {
    group,
    resource: `${resource}/${name}`,
    ...definedOnly({ isClusterWide }),
  };
}
