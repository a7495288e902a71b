/**
 * What the embedded cluster makes of manifests of every kind, beside what Kubernetes made of them:
 * `deno task wire:record dry_run` writes its answer into `dry_run/expected.json`.
 */
import assert from "node:assert/strict";
import { valueAt } from "../../packages/cluster/model.ts";
import { dryRun, expectedFile } from "./dry_run/dry_run.ts";
import { wireTest } from "./wire_test_case.ts";

/** The fields of objects that differ, and why. */
const differences: readonly [objects: RegExp, field: string, reason: string][] = [
  [/^Pod /, "metadata.generation", "pods count no changes here"],
  [/^DaemonSet /, "metadata.annotations", "the generation of the template is deprecated"],
  [/^PersistentVolume(Claim)? /, "metadata.finalizers", "no controller protects volumes in use"],
  [/^PersistentVolume /, "status.lastPhaseTransitionTime", "phases have no times"],
  [/^HorizontalPodAutoscaler /, "status.currentMetrics", "a list that was never set is absent"],
  [/^ClusterRole /, "rules", "an empty list stays one"],
];

wireTest(
  "a dry run of every kind gives the object that Kubernetes makes of it",
  async ({ kubectl }) => {
    const happened = await dryRun(kubectl);
    const expected = JSON.parse(await Deno.readTextFile(expectedFile)) as Record<string, object>;
    for (const [name, real] of Object.entries(expected)) {
      for (const [, field] of differences.filter(([objects]) => objects.test(name))) {
        assert.notDeepEqual(
          valueAt(happened[name], field),
          valueAt(real, field),
          `${name}: ${field}`,
        );
        const path = field.split(".");
        const last = path.pop() ?? "";
        for (const object of [real, happened[name]]) {
          const parent = path.length === 0 ? object : valueAt(object, path.join("."));
          delete (parent as Record<string, unknown>)[last];
        }
      }
      assert.deepEqual(happened[name], real, name);
    }
  },
);
