/**
 * The roles and the priority classes of every new cluster.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
 */
import type { PolicyRule } from "kubernetes-types/rbac/v1.d.ts";
import type { KubeObject } from "../../../../src/kube/types.ts";
import type { ResourceType, Store } from "../../model.ts";
import { resources } from "../../resources.ts";
import { masters } from "./authorize.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];

/** The contents of namespaces by group: `edit` may write them, `view` may read them. */
const contents: Readonly<Record<string, readonly string[]>> = {
  "": [
    "configmaps",
    "endpoints",
    "events",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "replicationcontrollers/scale",
    "serviceaccounts",
    "services",
  ],
  "apps": [
    "daemonsets",
    "deployments",
    "deployments/scale",
    "replicasets",
    "replicasets/scale",
    "statefulsets",
    "statefulsets/scale",
  ],
  "autoscaling": ["horizontalpodautoscalers"],
  "batch": ["cronjobs", "jobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  "policy": ["poddisruptionbudgets"],
};

function contentRules(verbs: string[]): PolicyRule[] {
  return Object.entries(contents)
    .map(([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs }));
}

const discovery = [
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
  "/healthz",
  "/livez",
  "/openapi",
  "/openapi/*",
  "/readyz",
  "/version",
  "/version/",
];

const viewRules: PolicyRule[] = [
  ...contentRules(read),
  {
    apiGroups: [""],
    resources: ["limitranges", "namespaces", "pods/log", "pods/status", "resourcequotas"],
    verbs: read,
  },
  { apiGroups: ["apps"], resources: ["controllerrevisions"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  // As metrics-server adds it to the role.
  { apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: read },
];

const editRules: PolicyRule[] = [
  ...viewRules,
  ...contentRules([...read, ...write]),
  { apiGroups: [""], resources: ["secrets"], verbs: [...read, ...write] },
  {
    apiGroups: [""],
    resources: ["pods/attach", "pods/exec", "pods/portforward"],
    verbs: ["get", ...write],
  },
  { apiGroups: [""], resources: ["pods/eviction", "serviceaccounts/token"], verbs: ["create"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: [...read, ...write] },
];

const roles: Readonly<Record<string, PolicyRule[]>> = {
  "cluster-admin": [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ],
  "admin": [
    ...editRules,
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["rolebindings", "roles"],
      verbs: [...read, ...write],
    },
  ],
  "edit": editRules,
  "view": viewRules,
  "system:basic-user": [
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ],
  "system:discovery": [{ nonResourceURLs: discovery, verbs: ["get"] }],
  "system:public-info-viewer": [{
    nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"],
    verbs: ["get"],
  }],
};

const bindings: Readonly<Record<string, readonly string[]>> = {
  "cluster-admin": [masters],
  "system:basic-user": ["system:authenticated"],
  "system:discovery": ["system:authenticated"],
  "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
};

/** https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/ */
const priorityClasses = [
  { name: "system-cluster-critical", value: 2_000_000_000, what: "cluster critical pods" },
  { name: "system-node-critical", value: 2_000_001_000, what: "node critical pods" },
];

/** Creates the missing ones. A role that was changed stays as it is. */
export function createInitialObjects(store: Store): void {
  for (const { name, value, what } of priorityClasses) {
    createUnlessThere(store, resources.priorityClasses, {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name },
      value,
      description: `Used for system ${what}.`,
      preemptionPolicy: "PreemptLowerPriority",
    });
  }
  for (const [name, rules] of Object.entries(roles)) {
    const role = { apiVersion, kind: "ClusterRole", metadata: { name, labels }, rules };
    createUnlessThere(store, resources.clusterRoles, role);
  }
  for (const [name, groups] of Object.entries(bindings)) {
    createUnlessThere(store, resources.clusterRoleBindings, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name, labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: groups.map((name) => ({
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Group",
        name,
      })),
    });
  }
}

function createUnlessThere(store: Store, type: ResourceType, object: KubeObject): void {
  if (store.get(type, "", object.metadata.name ?? "") === undefined) {
    store.create(type, structuredClone(object));
  }
}
