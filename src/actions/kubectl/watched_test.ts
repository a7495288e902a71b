import assert from "node:assert/strict";
import { parseKubectl } from "../../gate/kubectl.ts";
import type { KubectlPreview } from "./preview.ts";
import { watchedObjects } from "./watched.ts";

function watched(line: string, ...names: string[]) {
  const preview: KubectlPreview = names.length === 0 ? { kind: "unknown" } : {
    kind: "objects",
    objects: names.map((text) => {
      const [name = "", namespace] = text.split("@");
      return {
        name,
        effect: "change",
        diff: [],
        ...(namespace === undefined ? {} : { namespace }),
      };
    }),
  };
  return watchedObjects(parseKubectl(line.split(" ")), preview, "shop").map((one) => {
    const objects = one.targets.map((target) =>
      `${target.kind}/${"name" in target ? target.name : ""}`
    );
    return `${one.namespace} ${one.conditions[0]?.kind} ${objects.join(" ")}`;
  });
}

Deno.test("watchedObjects() awaits what becomes ready, by namespace, and every deletion", () => {
  const applied = ["deployment.apps/web@a", "configmap/x@a", "pod/p@b", "namespace/a"];
  assert.deepEqual(watched("apply -f x", ...applied), [
    "a ready deployment/web",
    "b ready pod/p",
    "shop ready namespace/a",
  ]);
  assert.deepEqual(
    watched(
      "delete cm/x certificates.cert-manager.io/y",
      "configmap/x",
      "certificate.cert-manager.io/y",
    ),
    [
      "shop delete configmap/x certificate.cert-manager.io/y",
    ],
  );
  // A kind of another group isn't Kubernetes' own of its name.
  const custom = "statefulset.apps.example.com/db";
  assert.deepEqual(watched("delete -f x", custom, "statefulset.apps/db"), [
    `shop delete ${custom} statefulset/db`,
  ]);
  assert.deepEqual(watched("apply -f x", custom, "pod.metrics.k8s.io/db"), []);
  assert.deepEqual(watched("rollout restart statefulsets.apps.example.com/db"), []);
  assert.deepEqual(watched("rollout restart deploy", "deployment.apps/web", "deployment.apps/db"), [
    "shop ready deployment/web deployment/db",
  ]);
  assert.deepEqual(watched("label cm x a=b", "configmap/x"), []);
  assert.deepEqual(watched("drain n1"), []);
});
