/** Pods of random sessions, as a real API server judges them in a namespace that enforces the restricted standard. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Finished,
  ownParts,
  randomSessions,
  restoredSession,
  startedSession,
} from "../../src/actions/session/testing/random_sessions.ts";
import { KodamaError } from "../../src/base/errors.ts";
import type { Pod } from "../../src/kube/types.ts";
import { violations } from "../../src/session/testing/pod_security.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { runAny } from "./host_commands.ts";
import { RealCluster } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();

const sessions = 120;

/** Returns what the API server is sent: without what has to exist in the cluster, and with a name of its own. */
function sent({ spec, ...pod }: Pod, name: string, namespace: string): Pod {
  const { serviceAccountName: _account, runtimeClassName: _runtime, ...rest } = spec ??
    { containers: [] };
  return { ...pod, metadata: { ...pod.metadata, name, namespace }, spec: rest };
}

/** Returns the pods of random sessions, by name, and whether the user's own volumes go beyond the standard. */
async function randomPods(namespace: string): Promise<Map<string, { pod: Pod; beyond: boolean }>> {
  const pods = new Map<string, { pod: Pod; beyond: boolean }>();
  for (const one of fc.sample(randomSessions, { numRuns: sessions })) {
    const define: readonly (() => Promise<Finished>)[] = [
      () => startedSession(one),
      () => restoredSession(one),
    ];
    for (const session of define) {
      const { pods: finished } = await session().catch((error: unknown) => {
        if (error instanceof KodamaError) return { pods: [] };
        throw error;
      });
      for (const pod of finished) {
        const name = `pod-${pods.size}`;
        const own = ownParts(session === define[0] ? one : { ...one, flags: {} });
        const beyond = violations(pod).length > 0;
        assert.ok(!beyond || own.volumes.has("own"), `${violations(pod)}`);
        pods.set(name, { pod: sent(pod, name, namespace), beyond });
      }
    }
  }
  return pods;
}

Deno.test({
  name: "a namespace that enforces the restricted standard takes every pod of random sessions",
  ignore: cluster === undefined,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await cluster.namespace("restricted");
    const label = "pod-security.kubernetes.io/enforce=restricted";
    await cluster.kubectl(["label", "namespace", namespace.name, label]);
    const pods = await randomPods(namespace.name);
    const privileged = waitingPod("privileged", { securityContext: { privileged: true } });
    const list = {
      apiVersion: "v1",
      kind: "List",
      items: [...[...pods.values()].map(({ pod }) => pod), privileged],
    };
    const create = namespace.words("create", "--dry-run=server", "-o", "name", "-f", "-");
    const { stdout, stderr } = await runAny(create, { stdin: JSON.stringify(list) });
    const created = new Set([...stdout.matchAll(/^pod\/(\S+)$/gm)].map(([, name]) => name ?? ""));
    const refused = new Set(
      [...stderr.matchAll(/pods "(\S+)" is forbidden: violates PodSecurity "restricted/g)]
        .map(([, name]) => name ?? ""),
    );
    assert.ok(refused.delete("privileged"), stderr);
    const beyond = [...pods].filter(([, one]) => one.beyond).map(([name]) => name);
    // The API server finds others invalid: two containers of one name, or a volume mounted twice.
    assert.deepEqual([...refused].filter((name) => !beyond.includes(name)), [], stderr);
    assert.deepEqual(beyond.filter((name) => created.has(name)), []);
    assert.ok(
      created.size > pods.size / 2,
      `${created.size} of ${pods.size} were taken: ${stderr}`,
    );
  },
});
