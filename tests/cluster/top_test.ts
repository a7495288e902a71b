/** `kodama top` with Kubernetes' own metrics-server. Its values change: what is compared is what it was asked for. */
import assert from "node:assert/strict";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { MetricsServer } from "./metrics_server.ts";
import { until } from "./processes.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();

Deno.test({
  name: "top on a real cluster: what metrics-server measures, beside requests and limits",
  ignore: cluster === undefined || Deno.env.get(rigVariable) === undefined,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-top-");
    await using namespace = await cluster.namespace("top");
    const resources = {
      requests: { cpu: "50m", memory: "16Mi" },
      limits: { cpu: "500m", memory: "32Mi" },
    };
    // Its usage is above zero.
    await namespace.startPod("busy", {
      resources,
      command: ["sh", "-c", "while :; do sleep 0.01; done"],
    });
    await using _metrics = await MetricsServer.start(cluster);
    await until("usage of the pod", async () => {
      const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace.name}/pods/busy`;
      return (await namespace.tryKubectl("get", "--raw", path)).code === 0;
    }, 120_000);
    const kodama = new KodamaInProcess(testEnvironment(folder.path, cluster.kubeconfig));
    const top = async (...args: string[]) =>
      JSON.parse(await kodama.succeed(["top", ...args, "-o", "json"]));
    const [pod] = await top("busy", "-n", namespace.name);
    assert.deepEqual([pod.name, pod.namespace], ["busy", namespace.name]);
    assert.ok(pod.cpuCores.used > 0 && pod.memoryBytes.used > 0, JSON.stringify(pod));
    assert.deepEqual([pod.cpuCores.requested, pod.cpuCores.limit], [0.05, 0.5]);
    assert.deepEqual([pod.memoryBytes.requested, pod.memoryBytes.limit], [
      16 * 2 ** 20,
      32 * 2 ** 20,
    ]);
    const [node] = await top("nodes");
    assert.equal(node.name, "rig");
    assert.ok(node.cpuCores.used > 0 && node.memoryBytes.used > 0, JSON.stringify(node));
  },
});
