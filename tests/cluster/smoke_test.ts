/**
 * The real cluster works: what kodama needs of it, as kubectl sees it. A failure here is the rig's fault and not
 * kodama's.
 */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { network } from "./layout.ts";
import {
  kubeconfigVariable,
  RealCluster,
  rigVariable,
  type TestNamespace,
} from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const onRig = Deno.env.get(rigVariable) !== undefined;

/** A test in a namespace of its own. Without a real cluster it is ignored: `deno task test:cluster` provides one. */
function onCluster(name: string, test: (namespace: TestNamespace) => Promise<void>): void {
  Deno.test({
    name: `real cluster: ${name}`,
    ignore: cluster === undefined,
    fn: async () => {
      assert.ok(cluster, `${kubeconfigVariable} is not set`);
      await using namespace = await cluster.namespace("smoke");
      await test(namespace);
    },
  });
}

/** Returns the output of two processes, separated. */
const both = ["sh", "-c", "echo out; echo err >&2; exit 7"];

onCluster("51 pods run at once and each answers", async (namespace) => {
  await namespace.create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "drive" },
    spec: {
      replicas: 51,
      podManagementPolicy: "Parallel",
      serviceName: "drive",
      selector: { matchLabels: { app: "drive" } },
      template: {
        metadata: { labels: { app: "drive" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "main", image: "busybox:1.36", command: ["sleep", "2147483647"] }],
        },
      },
    },
  });
  await namespace.kubectl("rollout", "status", "statefulset/drive", hangTimeout);
  for (const ordinal of [0, 25, 50]) {
    assert.equal(
      await namespace.kubectl("exec", `drive-${ordinal}`, "--", "hostname"),
      `drive-${ordinal}\n`,
    );
  }
  if (!onRig) return;
  // With one of 51 links' addresses, pods would lose the node when that pod ends.
  const look = `nc -w 1 ${network.nodeAddress} 1; grep '^${network.nodeAddress} ' /proc/net/arp`;
  const seen = await namespace.kubectl("exec", "drive-0", "--", "sh", "-c", look);
  assert.ok(seen.includes(network.bridgeHardwareAddress), seen);
});

onCluster("exec separates exit code, output and error output", async (namespace) => {
  await namespace.startPod("one", {});
  const result = await namespace.tryKubectl("exec", "one", "--", ...both);
  assert.equal(result.code, 7);
  assert.equal(result.stdout, "out\n");
  assert.match(result.stderr, /^err\n/);
  const missing = await namespace.tryKubectl("exec", "one", "--", "no-such-program");
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /no-such-program.*executable file not found/);
});

onCluster("a large output comes whole", async (namespace) => {
  await namespace.startPod("one", {});
  const output = await namespace.kubectl("exec", "one", "--", "seq", "1", "1000000");
  assert.equal(output.length, 6_888_896);
  assert.ok(output.endsWith("\n1000000\n"));
});

onCluster("logs are those of the container, and of the one before it", async (namespace) => {
  const script =
    "echo turn; touch /tmp/said; [ -e /kept/mark ] && exec sleep 2147483647; touch /kept/mark; exit 3";
  await namespace.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "twice" },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "kept", emptyDir: {} }],
      containers: [{
        name: "main",
        image: "busybox:1.36",
        command: ["sh", "-c", script],
        readinessProbe: { exec: { command: ["test", "-e", "/tmp/said"] }, periodSeconds: 1 },
        volumeMounts: [{ name: "kept", mountPath: "/kept" }],
      }],
    },
  });
  const restarts = "jsonpath={.status.containerStatuses[0].restartCount}=1";
  await namespace.kubectl("wait", `--for=${restarts}`, "pod/twice", hangTimeout);
  await namespace.kubectl("wait", "--for=condition=Ready", "pod/twice", hangTimeout);
  assert.equal(await namespace.kubectl("logs", "twice"), "turn\n");
  assert.equal(await namespace.kubectl("logs", "twice", "--previous"), "turn\n");
});

onCluster("a claim is bound to a volume that outlives its pod", async (namespace) => {
  await namespace.create({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "work" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  });
  const volumes = { volumes: [{ name: "work", persistentVolumeClaim: { claimName: "work" } }] };
  const mounted = { volumeMounts: [{ name: "work", mountPath: "/work" }] };
  await namespace.startPod("writer", mounted, volumes);
  await namespace.kubectl("exec", "writer", "--", "sh", "-c", "echo kept > /work/file");
  await namespace.kubectl("delete", "pod", "writer");
  await namespace.startPod("reader", mounted, volumes);
  assert.equal(await namespace.kubectl("exec", "reader", "--", "cat", "/work/file"), "kept\n");
});

onCluster("attach reaches the running process's streams", async (namespace) => {
  await namespace.startPod("echo", { command: ["cat"], stdin: true, stdinOnce: true });
  const child = new Deno.Command(namespace.words()[0] ?? "", {
    args: namespace.words("attach", "--quiet", "--stdin", "echo").slice(1),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("over and back\n"));
  await writer.close();
  assert.equal(new TextDecoder().decode((await child.output()).stdout), "over and back\n");
});

onCluster("port-forward reaches a port of the pod", async (namespace) => {
  const serve = "echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp";
  await namespace.startPod("web", {
    command: ["sh", "-c", serve],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  });
  const child = new Deno.Command(namespace.words()[0] ?? "", {
    args: namespace.words("port-forward", "pod/web", ":8080").slice(1),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = /127\.0\.0\.1:(\d+) ->/.exec((await lines.read()).value ?? "")?.[1];
  const answer = await fetch(`http://127.0.0.1:${port}/index.html`);
  assert.equal(await answer.text(), "hello\n");
  child.kill("SIGKILL");
  await child.status;
  await lines.cancel();
});

onCluster("cp carries a file there and back", async (namespace) => {
  await namespace.startPod("one", {});
  const folder = await Deno.makeTempDir();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  await Deno.writeFile(`${folder}/there`, bytes);
  await namespace.kubectl("cp", `${folder}/there`, "one:/tmp/file");
  await namespace.kubectl("cp", "one:/tmp/file", `${folder}/back`);
  assert.deepEqual(await Deno.readFile(`${folder}/back`), bytes);
  await Deno.remove(folder, { recursive: true });
});

onCluster("RBAC holds: an account without a role may read nothing", async (namespace) => {
  const account = `--as=system:serviceaccount:${namespace.name}:default`;
  const result = await namespace.tryKubectl("get", "pods", account);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /Forbidden.*cannot list resource "pods"/);
});

if (onRig) {
  onCluster("the image without a shell has none", async (namespace) => {
    await namespace.startPod("bare", { image: "kodama.test/shellless:1", command: undefined });
    const result = await namespace.tryKubectl("exec", "bare", "--", "sh", "-c", "true");
    assert.match(result.stderr, /executable file not found/);
    assert.equal(await namespace.kubectl("exec", "bare", "--", "hostname"), "bare\n");
  });

  onCluster("the Debian image has bash, git, coreutils and tmux", async (namespace) => {
    await namespace.startPod("debian", { image: "debian:12" });
    const script = "git --version && tmux -V && stat --version | head -n 1";
    const output = await namespace.kubectl("exec", "debian", "--", "bash", "-c", script);
    assert.match(output, /git version .*\ntmux .*\nstat \(GNU coreutils\)/);
  });

  onCluster("a pod reaches the API server as its account", async (namespace) => {
    await namespace.startPod("inside", { image: "debian:12" });
    const script = `
      token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
      exec 3<>/dev/tcp/$KUBERNETES_SERVICE_HOST/$KUBERNETES_SERVICE_PORT && echo connected`;
    const output = await namespace.kubectl("exec", "inside", "--", "bash", "-c", script);
    assert.equal(output, "connected\n");
  });
}
