/**
 * The roles of every new cluster.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
 */
import type { PolicyRule } from "kubernetes-types/rbac/v1.d.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ResourceType, Store } from "../../model.ts";
import { resources } from "../../resources.ts";
import { masters } from "./authorize.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const workloads = [
  "daemonsets",
  "deployments",
  "deployments/scale",
  "replicasets",
  "replicasets/scale",
  "statefulsets",
  "statefulsets/scale",
];
const contents = [
  "configmaps",
  "events",
  "persistentvolumeclaims",
  "pods",
  "serviceaccounts",
  "services",
];
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
  {
    apiGroups: [""],
    resources: [...contents, "namespaces", "pods/log", "pods/status"],
    verbs: read,
  },
  { apiGroups: ["apps"], resources: workloads, verbs: read },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: read },
  // As metrics-server adds it to the role.
  { apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: read },
];

const editRules: PolicyRule[] = [
  ...viewRules,
  { apiGroups: [""], resources: [...contents, "secrets"], verbs: [...read, ...write] },
  {
    apiGroups: [""],
    resources: ["pods/attach", "pods/exec", "pods/portforward"],
    verbs: ["get", ...write],
  },
  { apiGroups: [""], resources: ["pods/eviction", "serviceaccounts/token"], verbs: ["create"] },
  { apiGroups: ["apps"], resources: workloads, verbs: [...read, ...write] },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: [...read, ...write] },
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

/** Creates the missing ones. A role that was changed stays as it is. */
export function createDefaultRoles(store: Store): void {
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
