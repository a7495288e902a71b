/** kodama's Kubernetes client against a real API server, kubelet and container runtime. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { systemClock } from "../../src/base/clock.ts";
import type {
  ChannelEnd,
  ExecChannel,
  ExecRequest,
  KubeClient,
  PortLink,
} from "../../src/kube/client.ts";
import { LiveList } from "../../src/kube/live_list.ts";
import { systemHost } from "../../src/kube/host.ts";
import { openKubeClient } from "../../src/kube/open_client.ts";
import { PODS } from "../../src/kube/resources.ts";
import type { Pod } from "../../src/kube/types.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const onRig = Deno.env.get(rigVariable) !== undefined;

/** The fixture of a test: the client, and a namespace with a pod `one` in it. */
interface World {
  client: KubeClient;
  namespace: TestNamespace;
  /** Opens an exec in the pod `one`, without standard input or terminal unless requested. */
  exec(command: readonly string[], options?: Partial<ExecRequest>): Promise<ExecChannel>;
}

function onCluster(name: string, test: (world: World) => Promise<void>, ignore = false): void {
  Deno.test({
    name: `client on a real cluster: ${name}`,
    ignore: cluster === undefined || ignore,
    fn: async () => {
      assert.ok(cluster);
      await using namespace = await cluster.namespace("client");
      await namespace.startPod("one", {});
      const host = systemHost((message) => assert.fail(message));
      await using client = await openKubeClient({ kubeconfig: cluster.kubeconfig }, host);
      const where = { namespace: namespace.name, pod: "one", container: "main" };
      const exec: World["exec"] = (command, options) =>
        client.exec({ ...where, command, stdin: false, tty: false, ...options });
      await test({ client, namespace, exec });
    },
  });
}

/** Returns all that a channel receives. */
interface Heard {
  stdout: Uint8Array;
  stderr: string;
  end: ChannelEnd;
}

async function hear(channel: ExecChannel): Promise<Heard> {
  const parts: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  for await (const { stream, bytes } of channel.output) parts[stream].push(bytes.slice());
  const join = async (list: Uint8Array[]) =>
    new Uint8Array(await new Blob(list as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  return {
    stdout: await join(parts.stdout),
    stderr: new TextDecoder().decode(await join(parts.stderr)),
    end: await channel.end,
  };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

onCluster("exit codes 0 to 255 come as they are", async ({ exec }) => {
  for (const exitCode of [0, 1, 2, 126, 127, 137, 255]) {
    const { end } = await hear(await exec(["sh", "-c", `exit ${exitCode}`]));
    assert.deepEqual(end, { kind: "exited", exitCode });
  }
});

onCluster("standard output and standard error stay apart", async ({ exec }) => {
  const heard = await hear(await exec(["sh", "-c", "echo out; echo err >&2"]));
  assert.deepEqual([text(heard.stdout), heard.stderr], ["out\n", "err\n"]);
});

onCluster("a command that the image lacks is refused", async ({ exec }) => {
  const { end } = await hear(await exec(["no-such-program"]));
  assert.equal(end.kind, "refused");
  assert.match(end.kind === "refused" ? end.status.message ?? "" : "", /executable file not found/);
});

onCluster("64 MiB of output come whole and in order", async ({ exec }) => {
  const command = "dd if=/dev/urandom of=/tmp/big bs=1M count=64 2>/dev/null; sha256sum < /tmp/big";
  const digest = text((await hear(await exec(["sh", "-c", command]))).stdout).slice(0, 64);
  const { stdout, end } = await hear(await exec(["cat", "/tmp/big"]));
  assert.equal(stdout.length, 64 * 1024 * 1024);
  const received = await crypto.subtle.digest("SHA-256", stdout as Uint8Array<ArrayBuffer>);
  assert.equal(new Uint8Array(received).toHex(), digest);
  assert.deepEqual(end, { kind: "exited", exitCode: 0 });
});

onCluster("20 000 short writes to each stream are all there", async ({ exec }) => {
  const script = "i=0; while [ $i -lt 20000 ]; do echo $i; echo $i >&2; i=$((i+1)); done; exit 9";
  const { stdout, stderr, end } = await hear(await exec(["sh", "-c", script]));
  const expected = Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join("");
  assert.equal(text(stdout), expected);
  assert.equal(stderr, expected);
  assert.deepEqual(end, { kind: "exited", exitCode: 9 });
});

onCluster("input is read to its end, and comes back", async ({ exec }) => {
  const bytes = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31 % 251);
  const channel = await exec(["cat"], { stdin: true });
  const writing = channel.write(bytes).then(() => channel.closeStdin());
  const { stdout, end } = await hear(channel);
  assert.equal(await writing, true);
  assert.deepEqual(end, { kind: "exited", exitCode: 0 });
  assert.equal(stdout.length, bytes.length);
  assert.ok(stdout.every((byte, index) => byte === bytes[index]));
});

onCluster("unread input doesn't delay the end", async ({ exec }) => {
  const channel = await exec(["sh", "-c", "exit 4"], { stdin: true });
  // More than the server buffers, and containerd 1.6 doesn't report the end: to kubectl neither.
  const writing = channel.write(new Uint8Array(64 * 1024)).catch((error) => error);
  const { end } = await hear(channel);
  assert.deepEqual(end, { kind: "exited", exitCode: 4 });
  await writing;
});

onCluster("a terminal has the requested size", async ({ exec }) => {
  // kubelet passes sizes and input on separately, so the size may arrive after later input.
  const looking =
    `for turn in $(seq 200); do [ "$(stty size)" = "45 123" ] && exit 6; sleep 0.1; done`;
  const channel = await exec(["sh", "-c", `read line; ${looking} 2>/dev/null`], {
    stdin: true,
    tty: true,
  });
  await channel.resize({ columns: 123, rows: 45 });
  await channel.write(new TextEncoder().encode("go\n"));
  const { stdout, end } = await hear(channel);
  assert.equal(text(stdout), "go\r\n");
  assert.deepEqual(end, { kind: "exited", exitCode: 6 });
});

onCluster("a pod or container that isn't there is not found", async ({ exec }) => {
  await assert.rejects(exec(["true"], { pod: "two" }), { kind: "notFound" });
  await assert.rejects(exec(["true"], { container: "other" }), /other/);
});

onCluster("a container that ends takes its execs with it", async ({ exec, namespace }) => {
  const channel = await exec(["sh", "-c", "echo ready; exec sleep 1000"]);
  const heard = hear(channel);
  await namespace.kubectl("delete", "pod", "one", "--grace-period=0", "--force");
  const { end } = await heard;
  assert.notDeepEqual(end, { kind: "exited", exitCode: 0 });
});

onCluster("50 execs at once each give their own output", async ({ client, namespace }) => {
  await namespace.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "many" },
    spec: {
      replicas: 50,
      selector: { matchLabels: { app: "many" } },
      template: {
        metadata: { labels: { app: "many" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "main", image: "busybox:1.36", command: ["sleep", "2147483647"] }],
        },
      },
    },
  });
  await namespace.kubectl("rollout", "status", "deployment/many", hangTimeout);
  const scope = { namespace: namespace.name, labelSelector: "app=many" };
  const pods = (await Array.fromAsync(client.list<Pod>(PODS, scope))).flatMap((page) => page.items);
  const names = pods.map((pod) => pod.metadata?.name ?? "").sort();
  assert.equal(names.length, 50);
  const answers = await Promise.all(names.map(async (pod) => {
    const channel = await client.exec({
      ...{ namespace: namespace.name, pod, container: "main", stdin: false, tty: false },
      command: ["sh", "-c", "hostname; seq 1 5000; hostname >&2; exit 3"],
    });
    return await hear(channel);
  }));
  const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join("");
  for (const [index, { stdout, stderr, end }] of answers.entries()) {
    assert.equal(text(stdout), `${names[index]}\n${numbers}`);
    assert.equal(stderr, `${names[index]}\n`);
    assert.deepEqual(end, { kind: "exited", exitCode: 3 });
  }
});

onCluster("attach takes part in what runs", async ({ client, namespace }) => {
  await namespace.startPod("echo", { command: ["cat"], stdin: true, stdinOnce: true });
  const where = { namespace: namespace.name, pod: "echo", container: "main" };
  const channel = await client.attach({ ...where, stdin: true, tty: false });
  await channel.write(new TextEncoder().encode("over and back\n"));
  await channel.closeStdin();
  assert.equal(text((await hear(channel)).stdout), "over and back\n");
});

onCluster("a forwarded port carries bytes both ways", async ({ client, namespace }) => {
  const serve = "echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp";
  await namespace.startPod("web", {
    command: ["sh", "-c", serve],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  });
  using link = await client.portLink({ namespace: namespace.name, pod: "web" });
  assert.match(await page(link), /^HTTP\/1\.[01] 200 OK[^]*hello\n$/);
});

/** Returns the answer of the pod's web server. */
async function page(link: PortLink): Promise<string> {
  using stream = await link.open(8080);
  await stream.write(new TextEncoder().encode("GET /index.html HTTP/1.0\r\n\r\n"));
  let text = "";
  for (let bytes; (bytes = await stream.read()) !== null;) text += new TextDecoder().decode(bytes);
  return text;
}

onCluster("a watch reports pods that are created and deleted", async ({ client, namespace }) => {
  const stop = new AbortController();
  const seen: string[] = [];
  const list = new LiveList<Pod>(
    [{ client, resource: PODS, scope: { namespace: namespace.name } }],
    { clock: systemClock, signal: stop.signal },
  );
  for await (const event of list.events()) {
    if (event.kind === "inSync") await namespace.kubectl("delete", "pod", "one", "--wait=false");
    if (event.kind !== "changed") continue;
    for (const { kind, object } of event.changes) {
      if (kind !== "modified") seen.push(`${kind} ${object.metadata?.name}`);
    }
    if (seen.length === 2) break;
  }
  stop.abort();
  assert.deepEqual(seen, ["added one", "deleted one"]);
});

/** A client of a service account whose role allows reading pods, and one verb on streams into them. */
async function clientWith(namespace: TestNamespace, verb: string): Promise<KubeClient> {
  const streams = "pods/exec,pods/attach,pods/portforward";
  const bind = `--serviceaccount=${namespace.name}:limited`;
  await namespace.kubectl("create", "serviceaccount", "limited");
  for (
    const [name, verbs, resources] of [["reader", "get,list,watch", "pods"], [
      "streams",
      verb,
      streams,
    ]]
  ) {
    const rule = [`--verb=${verbs}`, `--resource=${resources}`];
    await namespace.kubectl("create", "role", String(name), ...rule);
    await namespace.kubectl("create", "rolebinding", String(name), `--role=${name}`, bind);
  }
  const token = (await namespace.kubectl("create", "token", "limited")).trim();
  const config = JSON.parse(
    await namespace.kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json"),
  );
  config.users[0].user = { token };
  const host = systemHost((message) => assert.fail(message));
  const readText = () => Promise.resolve(JSON.stringify(config));
  return await openKubeClient({ kubeconfig: "/limited" }, { ...host, readText });
}

onCluster(
  "a role with `create` alone opens every kind of stream, as with kubectl",
  async (world) => {
    const { namespace } = world;
    const script = "echo hello > /tmp/index.html; httpd -p 8080 -h /tmp; exec cat";
    await namespace.startPod("web", {
      command: ["sh", "-c", script],
      stdin: true,
      stdinOnce: true,
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    });
    await using client = await clientWith(namespace, "create");
    const where = { namespace: namespace.name, pod: "web", container: "main" };
    const exec = (script: string, options: { stdin?: boolean; tty?: boolean } = {}) =>
      client.exec({
        ...where,
        stdin: false,
        tty: false,
        ...options,
        command: ["sh", "-c", script],
      });

    const plain = await hear(await exec("echo out; echo err >&2; exit 3"));
    assert.deepEqual([text(plain.stdout), plain.stderr], ["out\n", "err\n"]);
    assert.deepEqual(plain.end, { kind: "exited", exitCode: 3 });

    const counting = await exec("wc -c", { stdin: true });
    await counting.write(new Uint8Array(100_000));
    assert.equal(await counting.closeStdin(), true);
    assert.equal(text((await hear(counting)).stdout).trim(), "100000");

    // Without a size nothing is read, and the size may arrive after later input.
    const looking =
      `for turn in $(seq 200); do [ "$(stty size)" = "45 123" ] && exit 6; sleep 0.1; done`;
    const terminal = await exec(`read line; ${looking} 2>/dev/null`, { stdin: true, tty: true });
    await terminal.resize({ columns: 123, rows: 45 });
    await terminal.write(new TextEncoder().encode("go\n"));
    const seen = await hear(terminal);
    assert.equal(text(seen.stdout), "go\r\n");
    assert.deepEqual(seen.end, { kind: "exited", exitCode: 6 });

    using link = await client.portLink({ namespace: namespace.name, pod: "web" });
    assert.match(await page(link), /^HTTP\/1\.[01] 200 OK[^]*hello\n$/);
    using closed = await link.open(9);
    await assert.rejects(closed.read(), { reason: "refused" });

    const attached = await client.attach({ ...where, stdin: true, tty: false });
    await attached.write(new TextEncoder().encode("over and back\n"));
    await attached.closeStdin();
    assert.equal(text((await hear(attached)).stdout), "over and back\n");
  },
);

onCluster(
  "a role without `create` is refused with the verb that it lacks",
  async ({ namespace }) => {
    await using client = await clientWith(namespace, "delete");
    const where = { namespace: namespace.name, pod: "one", container: "main" };
    await assert.rejects(client.exec({ ...where, command: ["true"], stdin: false, tty: false }), {
      kind: "forbidden",
      message: /cannot create resource "pods\/exec"/,
      hint: /allow the verb "create" on "pods\/exec"/,
    });
  },
);

onCluster("where there is no shell, a shell is refused and a program runs", async (world) => {
  await world.namespace.startPod("bare", {
    image: "kodama.test/shellless:1",
    command: undefined,
  });
  const shell = await hear(await world.exec(["sh", "-c", "true"], { pod: "bare" }));
  assert.equal(shell.end.kind, "refused");
  const program = await hear(await world.exec(["hostname"], { pod: "bare" }));
  assert.equal(text(program.stdout), "bare\n");
}, !onRig);
