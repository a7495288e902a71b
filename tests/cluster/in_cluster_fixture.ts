/** Pods for tests of runs in the cluster, and kodama with their namespace as its own. */
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { RealCluster, type TestNamespace } from "./test_namespace.ts";

/** So many pods are started at once: with hundreds, kubelet's limit for starting one passes for most of them. */
const wave = 30;

/** Starts `web-0`, `web-1` and so on; returns their names. */
export async function startPods(namespace: TestNamespace, replicas: number): Promise<string[]> {
  const container = { name: "a", image: "busybox:1.36", command: ["sleep", "100000"] };
  await namespace.create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "web" },
    spec: {
      replicas: 0,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { terminationGracePeriodSeconds: 0, containers: [container] },
      },
    },
  });
  for (let started = 0; started < replicas;) {
    started = Math.min(started + wave, replicas);
    await namespace.kubectl("scale", "sts/web", `--replicas=${started}`);
    await namespace.kubectl("rollout", "status", "sts/web", "--timeout=300s");
  }
  return Array.from({ length: replicas }, (_, index) => `web-${index}`);
}

/** Returns kodama on a machine of its own: a folder, from which it is used in the namespace. */
export async function kodamaIn(namespace: TestNamespace, folder: string): Promise<SourceKodama> {
  const kubeconfig = `${folder}/kubeconfig`;
  const own = await namespace.kubectl("config", "view", "--raw", "--minify", "--flatten");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(kubeconfig, own, { mode: 0o600 });
  await new RealCluster(kubeconfig, namespace.cluster.program)
    .kubectl(["config", "set-context", "--current", "--namespace", namespace.name]);
  return await SourceKodama.on({ env: testEnvironment(folder, kubeconfig), folder });
}

/** A target in the data of `runs show -o json`. */
export interface ShownTarget {
  name: string;
  outcome: string;
  exitCode: number | null;
  stdout: string | null;
}

/** Returns the targets of the first step, by the names of their pods. */
export function targetsOf(
  { steps: [step] }: { steps: { targets: ShownTarget[] }[] },
): Record<string, ShownTarget> {
  return Object.fromEntries(step?.targets.map((target) => [target.name, target]) ?? []);
}

/** Returns the outcome of each pod. */
export function outcomesOf(run: { steps: { targets: ShownTarget[] }[] }): Record<string, string> {
  return Object.fromEntries(
    Object.entries(targetsOf(run)).map(([name, { outcome }]) => [name, outcome]),
  );
}

/** Returns the name of the pod that is a shard of a run now. */
export async function podOfShard(
  namespace: TestNamespace,
  run: string,
  shard: number,
): Promise<string> {
  const labels = [
    `batch.kubernetes.io/job-name=kodama-${run}`,
    `batch.kubernetes.io/job-completion-index=${shard}`,
  ].join();
  const running = ["--field-selector", "status.phase=Running"];
  const path = "jsonpath={.items[0].metadata.name}";
  return await namespace.kubectl("get", "pods", "-l", labels, ...running, "-o", path);
}

/** Drains a node of one pod: the API that `kubectl drain` uses. */
export async function evict(namespace: TestNamespace, pod: string): Promise<void> {
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: pod, namespace: namespace.name },
  };
  const path = `/api/v1/namespaces/${namespace.name}/pods/${pod}/eviction`;
  await namespace.cluster.kubectl(["create", "--raw", path, "-f", "-"], {
    stdin: JSON.stringify(eviction),
  });
}
