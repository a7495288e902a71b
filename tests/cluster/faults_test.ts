/** Each fault of `faults.ts` and `slow_link.ts` has its effect, and is undone at its scope's end. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { FaultyRig } from "./faults.ts";
import { runAny } from "./host_commands.ts";
import { SlowLink } from "../harness/slow_link.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const onRig = Deno.env.get(rigVariable) !== undefined;

function onTheRig(
  name: string,
  test: (rig: FaultyRig, namespace: TestNamespace) => Promise<void>,
): void {
  Deno.test({
    name: `fault: ${name}`,
    ignore: cluster === undefined || !onRig,
    fn: async () => {
      assert.ok(cluster);
      await using namespace = await cluster.namespace("fault");
      await using rig = await FaultyRig.find();
      await test(rig, namespace);
    },
  });
}

/** A request with a timeout of a second. Raw, because others start with requests that kubectl retries for long. */
const version = ["get", "--raw", "/version", "--request-timeout=1s"];

onTheRig("a killed API server refuses, and serves again", async (rig, namespace) => {
  {
    await using _killed = await rig.kill("kube-apiserver");
    assert.match((await namespace.tryKubectl(...version)).stderr, /refused/);
  }
  await namespace.kubectl("get", "pods");
});

onTheRig("a frozen API server says nothing, and goes on", async (rig, namespace) => {
  {
    await using _frozen = await rig.freeze("kube-apiserver");
    assert.match(
      (await namespace.tryKubectl(...version)).stderr,
      /deadline|[Tt]imeout/,
    );
  }
  await namespace.kubectl("get", "pods");
});

onTheRig("without kubelet lists go on and execs don't", async (rig, namespace) => {
  await namespace.startPod("one", {});
  {
    await using _killed = await rig.kill("kubelet");
    assert.equal(await namespace.kubectl("get", "pods", "-o", "name"), "pod/one\n");
    assert.notEqual((await namespace.tryKubectl("exec", "one", "--", "true")).code, 0);
  }
  await namespace.kubectl("exec", "one", "--", "true");
});

onTheRig("a restarted kubelet keeps its pods", async (rig, namespace) => {
  await namespace.startPod("one", {});
  await rig.restart("kubelet");
  await namespace.kubectl("exec", "one", "--", "true");
  const restarts = "jsonpath={.status.containerStatuses[0].restartCount}";
  assert.equal(await namespace.kubectl("get", "pod", "one", "-o", restarts), "0");
});

onTheRig("a killed container is started again", async (rig, namespace) => {
  await namespace.startPod("one", {});
  await rig.killContainer(namespace.name, "one", "main");
  const restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1";
  await namespace.kubectl("wait", restarted, "pod/one", hangTimeout);
});

onTheRig("a cut link is silent", async (rig, namespace) => {
  {
    await using _cut = await rig.cut("client");
    assert.match(
      (await namespace.tryKubectl(...version)).stderr,
      /deadline|[Tt]imeout/,
    );
  }
  await namespace.kubectl("get", "pods");
});

onTheRig("a refused link breaks at once", async (rig, namespace) => {
  {
    await using _refused = await rig.refuse("client");
    assert.match((await namespace.tryKubectl(...version)).stderr, /refused|reset/);
  }
  await namespace.kubectl("get", "pods");
});

onTheRig("a lossy link still carries everything", async (rig, namespace) => {
  await namespace.startPod("one", {});
  await using _loss = await rig.lose("client", 0.05);
  const output = await namespace.kubectl("exec", "one", "--", "seq", "1", "20000");
  assert.equal(output.length, 108_894);
});

onTheRig("a throttled link takes its time", async (rig, namespace) => {
  await namespace.startPod("one", {});
  await using _throttled = await rig.throttle(500_000);
  const before = performance.now();
  await namespace.kubectl("exec", "one", "--", "head", "-c", "1000000", "/dev/zero");
  // A lower bound, which no slow machine can break.
  assert.ok(performance.now() - before > 1500);
});

onTheRig(
  "a delaying link delays, and one that holds lets nothing through",
  async (_, namespace) => {
    const { kubeconfig, program } = namespace.cluster;
    const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
    await using link = SlowLink.open(server, { delayMs: 100 });
    const copy = await Deno.makeTempFile();
    await link.kubeconfigFor(kubeconfig, copy);
    const through = [program, "--kubeconfig", copy];
    const before = performance.now();
    assert.equal((await runAny([...through, "get", "--raw", "/version"])).code, 0);
    // Connection, TLS and request: at least two turns of 100 ms each way.
    assert.ok(performance.now() - before > 400);
    {
      using _held = link.hold();
      assert.match((await runAny([...through, ...version])).stderr, /deadline|[Tt]imeout/);
    }
    assert.equal((await runAny([...through, "get", "--raw", "/version"])).code, 0);
    await Deno.remove(copy);
  },
);
