import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { deploymentManifest, wireTest } from "./wire_test_case.ts";

const configMap = (data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings" },
  data,
});

wireTest(
  "apply on the client creates, changes, and leaves alone what is the same",
  async ({ kubectl }) => {
    assert.equal(await kubectl.apply(configMap({ a: "1", b: "2" })), "configmap/settings created");
    assert.equal(
      await kubectl.apply(configMap({ a: "1", b: "2" })),
      "configmap/settings unchanged",
    );
    assert.equal(await kubectl.apply(configMap({ a: "3" })), "configmap/settings configured");
    assert.equal(await kubectl.ok("get", "cm", "settings", "-o", "jsonpath={.data}"), '{"a":"3"}');
  },
);

wireTest(
  "apply on the server keeps what others own, and names them in a conflict",
  async ({ kubectl }) => {
    const apply = (data: Record<string, string>, ...args: string[]) =>
      kubectl.run(["apply", "--server-side", "-f", "-", ...args], JSON.stringify(configMap(data)));
    assert.match((await apply({ a: "1" }, "--field-manager=one")).stdout, /serverside-applied/);
    assert.equal((await apply({ b: "2" }, "--field-manager=two")).code, 0);
    assert.equal(
      await kubectl.ok("get", "cm", "settings", "-o", "jsonpath={.data}"),
      '{"a":"1","b":"2"}',
    );
    const refused = await apply({ a: "9" }, "--field-manager=two");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /conflict with "one": \.data\.a/);
    assert.equal((await apply({ a: "9" }, "--field-manager=two", "--force-conflicts")).code, 0);
    assert.equal(await kubectl.ok("get", "cm", "settings", "-o", "jsonpath={.data.a}"), "9");
  },
);

wireTest("create makes objects of many kinds from its own flags", async ({ kubectl }) => {
  assert.equal(await kubectl.ok("create", "namespace", "team"), "namespace/team created");
  assert.equal(
    await kubectl.ok("create", "configmap", "c", "--from-literal=k=v"),
    "configmap/c created",
  );
  assert.equal(
    await kubectl.ok("create", "secret", "generic", "s", "--from-literal=k=v"),
    "secret/s created",
  );
  assert.equal(await kubectl.ok("get", "secret", "s", "-o", "jsonpath={.data.k}"), btoa("v"));
  assert.equal(
    await kubectl.ok("create", "deployment", "web", "--image=busybox", "--", "sleep", "2147483647"),
    "deployment.apps/web created",
  );
  await kubectl.ok("rollout", "status", "deployment/web", hangTimeout);
  assert.match(
    await kubectl.fails("create", "namespace", "team"),
    /^Error from server \(AlreadyExists\): namespaces "team" already exists$/,
  );
  assert.equal(
    await kubectl.ok("run", "tool", "--image=busybox", "--", "sleep", "2147483647"),
    "pod/tool created",
  );
});

wireTest("patch in its three ways, label, annotate, set and replace", async ({ kubectl }) => {
  await kubectl.apply(deploymentManifest("web", 0));
  const field = (path: string) => kubectl.ok("get", "deployment", "web", "-o", `jsonpath=${path}`);
  const patch = (type: string, body: unknown) =>
    kubectl.ok("patch", "deployment", "web", "--type", type, "-p", JSON.stringify(body));
  const containers = [{ name: "side", image: "busybox:2" }];
  await patch("strategic", { spec: { template: { spec: { containers } } } });
  assert.equal(await field("{.spec.template.spec.containers[*].name}"), "side main");
  await patch("merge", { spec: { template: { spec: { containers } } } });
  assert.equal(await field("{.spec.template.spec.containers[*].name}"), "side");
  await patch("json", [{ op: "replace", path: "/spec/replicas", value: 1 }]);
  assert.equal(await field("{.spec.replicas}"), "1");
  await kubectl.ok("label", "deployment", "web", "tier=front");
  await kubectl.ok("annotate", "deployment", "web", "note=x");
  assert.equal(await field("{.metadata.labels.tier}/{.metadata.annotations.note}"), "front/x");
  assert.match(
    await kubectl.fails("label", "deployment", "web", "tier=back"),
    /--overwrite is false/,
  );
  await kubectl.ok("label", "deployment", "web", "tier-");
  assert.equal(await field("{.metadata.labels.tier}"), "");
  await kubectl.ok("set", "image", "deployment/web", "side=busybox:3");
  await kubectl.ok("set", "env", "deployment/web", "A=b");
  assert.equal(
    await field(
      "{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env}",
    ),
    'busybox:3 [{"name":"A","value":"b"}]',
  );
});

wireTest("a replacement of an old version is a conflict", async ({ kubectl }) => {
  await kubectl.apply(configMap({ a: "1" }));
  const old = await kubectl.ok("get", "cm", "settings", "-o", "json");
  await kubectl.apply(configMap({ a: "2" }));
  const { code, stderr } = await kubectl.run(["replace", "-f", "-"], old);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Conflict\).*Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again/,
  );
});

wireTest("what doesn't fit its kind is refused with the field's name", async ({ kubectl }) => {
  const refused = async (object: unknown) =>
    (await kubectl.run(["create", "-f", "-"], JSON.stringify(object))).stderr;
  assert.match(
    await refused(waitingPod("Upper")),
    /The Pod "Upper" is invalid: metadata\.name: Invalid value: "Upper"/,
  );
  assert.match(
    await refused({ ...waitingPod("p"), spec: { containers: [] } }),
    /spec\.containers: Required value/,
  );
  assert.match(
    await refused(waitingPod("p", { imagge: "x" })),
    /unknown field "spec\.containers\[0\]\.imagge"/,
  );
  const labels = { app: "web" };
  const deployment = deploymentManifest("web", 1);
  const spec = { ...deployment["spec"] as object, selector: { matchLabels: { app: "other" } } };
  assert.match(
    await refused({ ...deployment, spec, metadata: { name: "web", labels } }),
    /selector/,
  );
});

wireTest("a dry run changes nothing, and diff shows what would be", async ({ kubectl }) => {
  assert.equal(
    await kubectl.apply(configMap({ a: "1" }), "--dry-run=server"),
    "configmap/settings created (server dry run)",
  );
  assert.match(await kubectl.fails("get", "cm", "settings"), /NotFound/);
  await kubectl.apply(configMap({ a: "1" }));
  const diff = await kubectl.run(["diff", "-f", "-"], JSON.stringify(configMap({ a: "2" })));
  assert.equal(diff.code, 1, diff.stderr);
  assert.match(diff.stdout, /^- {2}a: "1"\n\+ {2}a: "2"$/m);
});

wireTest(
  "delete: by name, by label, in the foreground, and a namespace with all in it",
  async ({ kubectl }) => {
    for (const name of ["a", "b", "c"]) await kubectl.apply(waitingPod(name));
    assert.match(await kubectl.ok("delete", "pod", "a"), /^pod "a" deleted/);
    await kubectl.ok("delete", "pods", "-l", "app=b");
    assert.equal(await kubectl.ok("get", "pods", "-o", "name"), "pod/c");
    await kubectl.apply(deploymentManifest("web", 2));
    await kubectl.ok("rollout", "status", "deployment/web", hangTimeout);
    await kubectl.ok("delete", "deployment", "web", "--cascade=foreground", hangTimeout);
    assert.equal(await kubectl.ok("get", "deployments,replicasets", "-o", "name"), "");
    await kubectl.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
    await kubectl.ok(
      "apply",
      "-n",
      "team",
      "-f",
      await file(kubectl.cwd, deploymentManifest("web", 1)),
    );
    await kubectl.ok("-n", "team", "rollout", "status", "deployment/web", hangTimeout);
    await kubectl.ok("delete", "namespace", "team", hangTimeout);
    assert.match(await kubectl.fails("get", "namespace", "team"), /NotFound/);
  },
);

wireTest("deleting with --cascade=orphan leaves the pods", async ({ kubectl }) => {
  await kubectl.apply(deploymentManifest("web", 2));
  await kubectl.ok("rollout", "status", "deployment/web", hangTimeout);
  await kubectl.ok("delete", "deployment", "web", "--cascade=orphan", hangTimeout);
  const pods = await kubectl.ok("get", "pods", "-l", "app=web", "-o", "name");
  assert.equal(pods.split("\n").length, 2);
  const [owner] =
    (await kubectl.ok("get", "rs", "-o", "jsonpath={.items[0].metadata.ownerReferences}"))
      .split("\n");
  assert.equal(owner, "");
});

async function file(folder: string | undefined, object: unknown): Promise<string> {
  const path = `${folder}/manifest.json`;
  await Deno.writeTextFile(path, JSON.stringify(object));
  return path;
}
