/** kodama's own image, as a release has it: in a pod, as a user of no name, with few rights, it reaches another pod. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { bringKodama } from "./kodama_image.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Only a rig takes an image from this machine.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const rules = [
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
  { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
];

/** What Pod Security's `restricted` standard asks for. */
const restricted = {
  runAsUser: 12_345,
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

Deno.test({
  name: "kodama's image execs into a pod from a pod, with the rights of its service account alone",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-image-test-");
    const image = await bringKodama(folder.path);
    await using namespace = await cluster.namespace("image");
    const named = (kind: string, name: string, more: Record<string, unknown>) => ({
      apiVersion: kind.startsWith("Role") ? "rbac.authorization.k8s.io/v1" : "v1",
      kind,
      metadata: { name },
      ...more,
    });
    await namespace.create(
      named("ServiceAccount", "runner", {}),
      named("Role", "runner", { rules }),
      named("RoleBinding", "runner", {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "runner" },
        subjects: [{ kind: "ServiceAccount", name: "runner", namespace: namespace.name }],
      }),
    );
    await namespace.startPod("target", { image: "busybox:1.36" });
    const run = async (name: string, args: readonly string[]) => {
      await namespace.create(named("Pod", name, {
        spec: {
          restartPolicy: "Never",
          serviceAccountName: "runner",
          containers: [{ name, image, args, securityContext: restricted }],
        },
      }));
      const ended = "--for=jsonpath={.status.containerStatuses[0].state.terminated}";
      await namespace.kubectl("wait", ended, `pod/${name}`, hangTimeout);
      const field = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}";
      return {
        code: Number(await namespace.kubectl("get", "pod", name, "-o", field)),
        output: await namespace.kubectl("logs", name),
      };
    };
    const allowed = await run("runner", ["exec", "target", "--", "hostname"]);
    assert.deepEqual(allowed, { code: 0, output: "target\n" });
    const refused = await run("refused", ["pods", "--namespace", "kube-system"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /^error: .*system:serviceaccount:.*:runner/m);
  },
});
