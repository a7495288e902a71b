/** `kodama workflow rights` names all that a workflow needs, and nothing else: it runs with exactly that Role. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

const namespace = "weka-operator-system";

const workflow = `params:
  namespace: {}
select: { namespace: "\${{ params.namespace }}", match: drive }
permissions: { write: [saved] }
steps:
  - { id: run, exec: hostname }
  - { id: lines, logs: { tail: 2 } }
  - { id: until, wait: running, select: { namespace: ${namespace}, pods: [weka-drive-0] } }
  - { id: port, forward: 80 }
  - id: set
    foreach: [a]
    steps:
      - { id: own, exec: "true", select: { namespace: ${namespace}, pods: [sts/weka-drive] } }
`;

interface Data {
  manifests: { rules: { resources: string[]; verbs: string[] }[] }[];
  rules: { steps: string[] }[];
}

Deno.test(
  unless(
    noKubectl,
    "a workflow runs with exactly the Role that its rights name, and not without a rule",
  ),
  async () => {
    let refused: string[] = [];
    await using cluster = await startTestCluster("weka:computes=0,clients=0", {
      audit: ({ user, verb, objectRef, annotations }) => {
        if (user.username !== "jane") return;
        if (annotations["authorization.k8s.io/decision"] !== "forbid") return;
        refused.push(
          `${verb} ${[objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/")}`,
        );
      },
    });
    const kubectl = Kubectl.on(cluster);
    const kodama = new KodamaInProcess(cluster.env);
    const jane = { env: { KUBECONFIG: `${cluster.folder}/jane` } };
    await Deno.writeTextFile(jane.env.KUBECONFIG, await cluster.cluster.kubeconfigFor("jane", []));
    await Deno.mkdir(`${cluster.folder}/workflows`);
    const file = `${cluster.folder}/workflows/own.yaml`;
    await Deno.writeTextFile(file, workflow);
    const params = ["-p", `namespace=${namespace}`];

    const yaml = await kodama.succeed(["workflow", "rights", file, ...params]);
    const data = JSON.parse(
      await kodama.succeed(["workflow", "rights", file, ...params, "-o", "json"]),
    ) as Data;
    await kubectl.apply(yaml);
    const role = ["--role=kodama-own", "--user=jane", "-n", namespace];
    await kubectl.ok("create", "rolebinding", "jane", ...role);
    const run = ["run", file, ...params, "--yes", "--trust", "-q"];
    await kodama.succeed(run, jane);
    assert.deepEqual(refused, []);

    const [manifest] = data.manifests;
    assert.ok(manifest !== undefined);
    assert.deepEqual(manifest.rules.map(({ resources: [resource] }) => resource), [
      "pods",
      "pods/exec",
      "pods/log",
      "deployments",
      "statefulsets",
      "daemonsets",
      "replicasets",
      "replicationcontrollers",
      "pods/portforward",
    ]);
    assert.deepEqual(data.rules.map(({ steps }) => steps), [
      ["run", "lines", "until", "port", "own"],
      ["run", "own"],
      ["lines"],
      ["until"],
      ["until", "own"],
      ["until"],
      ["until"],
      ["until"],
      ["port"],
    ]);
    // Which of the workloads own the pods of a selection isn't known before.
    const unused = ["deployments", "daemonsets", "replicasets", "replicationcontrollers"];
    for (const [at, { resources: [resource = ""] }] of manifest.rules.entries()) {
      // A port is forwarded when something connects to it.
      if (resource === "pods/portforward" || unused.includes(resource)) continue;
      const rules = manifest.rules.filter((_, index) => index !== at);
      await kubectl.apply(JSON.stringify({ ...manifest, rules }));
      refused = [];
      const { code } = await kodama.run(run, jane);
      assert.notEqual(code, 0, resource);
      assert.ok(refused.some((one) => one.endsWith(` ${resource}`)), `${resource}: ${refused}`);
    }
  },
);
