import assert from "node:assert/strict";
import { Kubectl } from "../harness/kubectl.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { startPod, type Wire, wireTest } from "./wire_test_case.ts";

/** kubectl as somebody who may read pods in `default`, and nothing else. */
async function reader({ kubectl, test }: Wire): Promise<Kubectl> {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "reader", namespace: "default" },
    rules: [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] }],
  };
  await kubectl.apply(role);
  await kubectl.apply({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "readers", namespace: "default" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "readers" }],
  });
  const path = `${test.folder}/reader`;
  await Deno.writeTextFile(path, await test.cluster.kubeconfigFor("ann", ["readers"]));
  return new Kubectl({ ...test.env, KUBECONFIG: path });
}

wireTest("a role allows what it says, and the refusal names who, what and where", async (wire) => {
  await startPod(wire.kubectl, "one");
  const ann = await reader(wire);
  assert.equal(await ann.ok("get", "pods", "-o", "name"), "pod/one");
  assert.equal(await ann.ok("logs", "one"), "");
  assert.equal(
    await ann.fails("get", "secrets"),
    'Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource "secrets" in API group "" in the namespace "default"',
  );
  assert.match(
    await ann.fails("get", "pods", "-A"),
    /pods is forbidden: User "ann" cannot list resource "pods" in API group "" at the cluster scope$/,
  );
  assert.match(
    await ann.fails("exec", "one", "--", "true"),
    /pods "one" is forbidden: User "ann" cannot (create|get) resource "pods\/exec" in API group ""/,
  );
  assert.match(await ann.fails("delete", "pod", "one"), /cannot delete resource "pods"/);
});

wireTest("auth can-i answers for oneself, for others and in a list", async (wire) => {
  const ann = await reader(wire);
  assert.equal(await ann.ok("auth", "can-i", "list", "pods"), "yes");
  const refused = await ann.run(["auth", "can-i", "create", "pods/exec"]);
  assert.deepEqual([refused.code, refused.stdout], [1, "no\n"]);
  assert.match(
    await ann.ok("auth", "can-i", "--list"),
    /^pods\/log +\[\] +\[\] +\[get list watch\]$/m,
  );
  const asAnn = ["--as=ann", "--as-group=readers"];
  assert.equal(await wire.kubectl.ok("auth", "can-i", "get", "pods", ...asAnn), "yes");
  assert.match(await wire.kubectl.fails("get", "nodes", ...asAnn), /User "ann" cannot list/);
  assert.match(await wire.kubectl.ok("auth", "whoami"), /^Username +kubernetes-admin$/m);
});

wireTest(
  "a token of a service account speaks for it, and a wrong one for no user",
  async ({ kubectl, test }) => {
    const token = await kubectl.ok("create", "token", "default");
    const config = `${test.folder}/nobody`;
    const text = await Deno.readTextFile(test.kubeconfig);
    const user = "users:\n- name: kodama\n  user: {}\n";
    await Deno.writeTextFile(config, text.slice(0, text.indexOf("users:")) + user);
    const withToken = (value: string) =>
      new Kubectl({ ...test.env, KUBECONFIG: config }).run(["get", "pods", "--token", value]);
    assert.match(
      (await withToken(token)).stderr,
      /User "system:serviceaccount:default:default" cannot list resource "pods"/,
    );
    assert.match((await withToken("wrong")).stderr, /You must be logged in to the server/);
  },
);

wireTest("a watch from a forgotten version gets 410 Gone", async ({ kubectl }) => {
  await kubectl.apply(waitingPod("one", {}, { nodeName: "elsewhere" }));
  for (const value of ["1", "2", "3"]) {
    await kubectl.ok("label", "pod", "one", `n=${value}`, "--overwrite");
  }
  const watch = "/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=1&resourceVersion=";
  const [line = ""] = (await kubectl.ok("get", "--raw", `${watch}1`)).split("\n");
  const event = JSON.parse(line) as { type: string; object: Record<string, unknown> };
  assert.deepEqual([event.type, event.object["code"], event.object["reason"]], [
    "ERROR",
    410,
    "Expired",
  ]);
}, { cluster: { historyPerKind: 2 } });
