import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import { type Component, sessionLabels } from "../../session/names.ts";
import { remainsOfSessions } from "./doctor.ts";

function object(kind: string, name: string, session: string, component: Component): KubeObject {
  const labels = sessionLabels({ name: session, spec: {} }, component);
  return { apiVersion: "v1", kind, metadata: { name, namespace: "dev", labels } };
}

Deno.test("what sessions left is sorted by whether its session is there; copies that were killed are named", () => {
  const [whole, orphaned, kept] = remainsOfSessions([
    object("ConfigMap", "kodama-session-a", "a", "state"),
    object("Pod", "kodama-files-a", "a", "files"),
    object("PersistentVolumeClaim", "kodama-workspace-b", "b", "workspace"),
    object("Pod", "kodama-files-b", "b", "files"),
    object("PersistentVolumeClaim", "kodama-workspace-c", "c", "workspace"),
  ]);
  assert.deepEqual([whole?.kind, whole?.passing], ["whole", ["pod kodama-files-a"]]);
  assert.deepEqual([orphaned?.kind, orphaned?.objects], [
    "orphaned",
    ["pod kodama-files-b", "persistentvolumeclaim kodama-workspace-b"],
  ]);
  assert.deepEqual([kept?.kind, kept?.passing], ["kept", []]);
});
