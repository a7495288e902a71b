import assert from "node:assert/strict";
import { resources } from "../../resources.ts";
import { checkAllowed } from "../api.ts";
import type { User } from "../message.ts";
import { testApi } from "../testing/api.ts";
import { type Attributes, authorize } from "./authorize.ts";
import { createInitialObjects } from "./bootstrap.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";

function cluster() {
  const api = testApi();
  createInitialObjects(api.store);
  api.store.create(resources.roles, {
    apiVersion,
    kind: "Role",
    metadata: { name: "reader", namespace: "default" },
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["secrets"], resourceNames: ["one"], verbs: ["get"] },
      { apiGroups: ["apps"], resources: ["*/scale"], verbs: ["*"] },
    ],
  });
  api.store.create(resources.roleBindings, {
    apiVersion,
    kind: "RoleBinding",
    metadata: { name: "readers", namespace: "default" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [
      { kind: "User", name: "ann" },
      { kind: "Group", name: "devs" },
      { kind: "ServiceAccount", name: "bot", namespace: "other" },
    ],
  });
  return api;
}

const ann: User = { name: "ann", groups: ["system:authenticated"] };

function attributes(
  verb: string,
  resource: string,
  more: { namespace?: string; name?: string; group?: string } = {},
): Attributes {
  const { namespace = "default", name = "", group = "" } = more;
  return { kind: "resource", verb, resource, namespace, name, group };
}

const decisions: [string, User, Attributes, boolean][] = [
  ["a verb of the role", ann, attributes("list", "pods"), true],
  ["another verb", ann, attributes("delete", "pods"), false],
  ["a subresource that isn't named", ann, attributes("get", "pods/exec"), false],
  ["another namespace", ann, attributes("list", "pods", { namespace: "other" }), false],
  ["all namespaces", ann, attributes("list", "pods", { namespace: "" }), false],
  ["the one name", ann, attributes("get", "secrets", { name: "one" }), true],
  ["another name", ann, attributes("get", "secrets", { name: "two" }), false],
  ["any scale", ann, attributes("update", "deployments/scale", { group: "apps" }), true],
  ["a group's member", { name: "x", groups: ["devs"] }, attributes("get", "pods"), true],
  [
    "a service account",
    { name: "system:serviceaccount:other:bot", groups: [] },
    attributes("get", "pods"),
    true,
  ],
  [
    "its namesake elsewhere",
    { name: "system:serviceaccount:default:bot", groups: [] },
    attributes("get", "pods"),
    false,
  ],
  [
    "a master",
    { name: "x", groups: ["system:masters"] },
    attributes("delete", "nodes", { namespace: "" }),
    true,
  ],
  ["discovery", ann, { kind: "path", verb: "get", path: "/apis/apps/v1" }, true],
  ["another path", ann, { kind: "path", verb: "get", path: "/metrics" }, false],
];

for (const [name, user, attributes, allowed] of decisions) {
  Deno.test(`${name}: ${allowed ? "allowed" : "denied"}`, () => {
    assert.equal(authorize(cluster().store, user, attributes).allowed, allowed);
  });
}

const denials: [Attributes, string][] = [
  [
    attributes("list", "pods", { namespace: "" }),
    'pods is forbidden: User "ann" cannot list resource "pods" in API group "" at the cluster scope',
  ],
  [
    attributes("create", "pods/exec", { name: "a" }),
    'pods "a" is forbidden: User "ann" cannot create resource "pods/exec" in API group "" in the namespace "default"',
  ],
  [
    attributes("delete", "deployments", { group: "apps", name: "web" }),
    'deployments.apps "web" is forbidden: User "ann" cannot delete resource "deployments" in API group "apps" in the namespace "default"',
  ],
  [
    { kind: "path", verb: "get", path: "/metrics" },
    'forbidden: User "ann" cannot get path "/metrics"',
  ],
];

for (const [attributes, message] of denials) {
  Deno.test(`the message of the 403: ${message}`, () => {
    assert.throws(() => checkAllowed(cluster().context, ann, attributes), { message });
  });
}
