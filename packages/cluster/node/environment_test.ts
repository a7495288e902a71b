import assert from "node:assert/strict";
import fc from "fast-check";
import type { Container, Pod } from "../../../src/kube/types.ts";
import { resources } from "../resources.ts";
import { createStore } from "../store/store.ts";
import { buildEnvironment, ContainerConfigError, expand, mainCommand } from "./environment.ts";
import type { Image } from "./images.ts";

const image: Image = {
  names: ["tool"],
  base: "host",
  env: { FROM_IMAGE: "image", SHARED: "image" },
  entrypoint: ["run"],
  cmd: ["--default"],
  workingDir: "/",
  pause: false,
  tagVariable: "VERSION",
  rootfs: undefined,
  digest: "",
};
const pod: Pod = {
  metadata: { name: "web-0", namespace: "team", uid: "u1", labels: { app: "web" } },
  spec: { nodeName: "node", containers: [] },
  status: { podIP: "10.244.0.2" },
};

function environmentOf(container: Partial<Container>): Record<string, string> {
  const store = createStore({ now: () => new Date(0), newUid: () => "uid" });
  const metadata = { name: "settings", namespace: "team" };
  store.create(resources.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data: { COLOUR: "green" },
  });
  store.create(resources.secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    data: { TOKEN: btoa("hidden") },
  });
  const resolved = { image, reference: "tool:1.2", id: "", tag: "1.2" };
  return buildEnvironment({ name: "main", ...container }, {
    pod,
    store,
    image: resolved,
    hostname: "web-0",
  });
}

Deno.test("the pod's variables go over the image's, and those over the defaults", () => {
  const env = environmentOf({ env: [{ name: "SHARED", value: "pod" }] });
  assert.equal(env["SHARED"], "pod");
  assert.equal(env["FROM_IMAGE"], "image");
  assert.equal(env["VERSION"], "1.2");
  assert.equal(env["HOSTNAME"], "web-0");
  assert.match(env["PATH"] ?? "", /\/usr\/bin/);
});

Deno.test("every kind of source gives its value", () => {
  const env = environmentOf({
    envFrom: [{ configMapRef: { name: "settings" }, prefix: "C_" }, {
      secretRef: { name: "settings" },
    }],
    resources: { limits: { cpu: "1500m", memory: "64Mi" } },
    env: [
      { name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "COLOUR" } } },
      { name: "TOKEN2", valueFrom: { secretKeyRef: { name: "settings", key: "TOKEN" } } },
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      {
        name: "MEMORY",
        valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } },
      },
      { name: "BOTH", value: "$(POD)-$(COLOUR)" },
    ],
  });
  assert.deepEqual(
    ["C_COLOUR", "TOKEN", "COLOUR", "TOKEN2", "POD", "APP", "IP", "CPU", "MEMORY", "BOTH"]
      .map((name) => env[name]),
    ["green", "hidden", "green", "hidden", "web-0", "web", "10.244.0.2", "2", "64", "web-0-green"],
  );
});

Deno.test("a missing source gets the kubelet's message, unless it is optional", () => {
  const fails = (container: Partial<Container>, message: string) =>
    assert.throws(() => environmentOf(container), new ContainerConfigError(message));
  const from = (valueFrom: NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>) => ({
    env: [{ name: "A", valueFrom }],
  });
  fails({ envFrom: [{ secretRef: { name: "none" } }] }, 'secret "none" not found');
  fails(from({ configMapKeyRef: { name: "none", key: "a" } }), 'configmap "none" not found');
  fails(
    from({ secretKeyRef: { name: "settings", key: "none" } }),
    "couldn't find key none in Secret team/settings",
  );
  fails(from({ fieldRef: { fieldPath: "spec.secrets" } }), "unsupported fieldPath: spec.secrets");
  const optional = from({ configMapKeyRef: { name: "none", key: "a", optional: true } });
  assert.equal(environmentOf(optional)["A"], undefined);
});

Deno.test("references are expanded as the API describes it", () => {
  const cases: [string, string][] = [
    ["$(A)", "1"],
    ["x$(A)$(B)y", "x12y"],
    ["$(NONE)", "$(NONE)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$A $", "$A $"],
    ["$()", "$()"],
  ];
  for (const [text, expected] of cases) assert.equal(expand(text, { A: "1", B: "2" }), expected);
  fc.assert(fc.property(fc.string(), (text) => {
    if (!text.includes("$")) assert.equal(expand(text, { A: "1" }), text);
  }));
});

Deno.test("command and args replace entrypoint and cmd", () => {
  const words = (container: Partial<Container>) =>
    mainCommand({ name: "main", ...container }, image, { A: "1" });
  assert.deepEqual(words({}), ["run", "--default"]);
  assert.deepEqual(words({ args: ["$(A)"] }), ["run", "1"]);
  assert.deepEqual(words({ command: ["other"] }), ["other"]);
  assert.deepEqual(words({ command: ["other"], args: ["x"] }), ["other", "x"]);
});
