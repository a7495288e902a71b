/** `kodama forward` on a real cluster: a pod that is replaced under load, large transfers, and what it counts. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { kubeconfigVariable, RealCluster, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const mib = 1024 * 1024;
/** Of each large transfer; `KODAMA_FORWARD_MIB=1024` is what a release is tried with. */
const largeMib = Number(Deno.env.get("KODAMA_FORWARD_MIB") ?? 64);
const largeBytes = largeMib * mib;

function onCluster(name: string, test: (namespace: TestNamespace) => Promise<void>): void {
  Deno.test({
    name: `forward on a real cluster: ${name}`,
    ignore: cluster === undefined,
    fn: async () => {
      assert.ok(cluster, `${kubeconfigVariable} is not set`);
      await using namespace = await cluster.namespace("forward");
      await test(namespace);
    },
  });
}

interface Event {
  kind: string;
  port?: number;
  toPod?: number;
  fromPod?: number;
  to?: string;
  failure?: { reason: string };
}

/** A `kodama forward` that runs, with the events of its `-o jsonl`. */
class Forwarding implements AsyncDisposable {
  readonly events: Event[] = [];
  #changed = Promise.withResolvers<void>();
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(namespace: TestNamespace, args: readonly string[]) {
    const root = new URL("../../", import.meta.url);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-P=kodama", "main.ts", "forward", ...args],
        ...["-n", namespace.name, "-o", "jsonl", `--kubeconfig=${cluster?.kubeconfig}`],
      ],
      cwd: root,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.events.push(...lines.map((line) => JSON.parse(line) as Event));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  /** Returns the first value that is found in the events. */
  async until<T>(find: (events: readonly Event[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = find(this.events);
      if (found !== undefined) return found;
      await this.#changed.promise;
    }
  }

  ports(count: number): Promise<number[]> {
    return this.until((events) => {
      const ports = events.flatMap(({ kind, port }) => kind === "listening" ? port ?? [] : []);
      return events.some(({ kind }) => kind === "ready") && ports.length === count
        ? ports
        : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#reading;
  }
}

/**
 * Reads a page of the pod; returns false if it isn't complete. It doesn't wait for the end of the connection, which
 * containerd 1.6 delays by a second.
 */
async function isAnswered(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    const buffer = new Uint8Array(4096);
    let text = "";
    for (let count; (count = await connection.read(buffer)) !== null;) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
      if (text.endsWith("whole\n")) return text.startsWith("HTTP/1.1 200");
    }
    return false;
  } catch {
    return false;
  }
}

onCluster(
  "1,000 requests in turn and 100 at once, while the pod is replaced",
  async (namespace) => {
    const serve =
      "mkdir /tmp/w && echo whole >/tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w";
    const labels = { app: "site" };
    await namespace.create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "site" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{
              name: "main",
              image: "busybox:1.36",
              command: ["sh", "-c", serve],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
            }],
          },
        },
      },
    });
    await namespace.kubectl("rollout", "status", "deployment/site", hangTimeout);
    await using forwarding = new Forwarding(namespace, ["deploy/site", ":8080"]);
    const [port = 0] = await forwarding.ports(1);
    let failed = 0;
    const request = async () => {
      if (!await isAnswered(port)) failed++;
    };
    const remove = () => namespace.kubectl("delete", "pod", "-l", "app=site", "--wait=false");
    let removing: Promise<string> | undefined;
    for (let turn = 0; turn < 1000; turn++) {
      if (turn === 300) removing = remove();
      await request();
    }
    await removing;
    await Promise.all([remove(), ...Array.from({ length: 100 }, request)]);
    const ended = await forwarding.until((events) => {
      const all = events.filter(({ kind }) => kind === "closed");
      return all.length === 1100 ? all : undefined;
    });
    const reported = ended.filter(({ failure }) => failure !== undefined).length;
    assert.ok(failed <= reported, `${failed} failed, ${reported} are reported`);
    // Those under way when a pod was deleted: one in turn, and those of the 100 that the pod had accepted.
    assert.ok(failed <= 101, `${failed} failed`);
    assert.ok(await isAnswered(port));
  },
);

async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}

onCluster(
  `${largeMib} MiB each way, byte for byte, and counted as the pod counts them`,
  async (namespace) => {
    const serve = [
      `head -c ${largeBytes} /dev/urandom >/tmp/large`,
      "(nc -l -p 9001 </tmp/large &)",
      `(sleep 1000 | nc -l -p 9002 | head -c ${largeBytes} >/tmp/sent) &`,
      "exec sleep 2147483647",
    ].join("\n");
    await namespace.startPod("large", { command: ["sh", "-c", serve] });
    const inPod = (...command: string[]) => namespace.kubectl("exec", "large", "--", ...command);
    await inPod("sh", "-c", "until grep -q ':232A ' /proc/net/tcp*; do sleep 0.1; done");
    await using forwarding = new Forwarding(namespace, ["large", ":9001", ":9002"]);
    const [from = 0, to = 0] = await forwarding.ports(2);

    using download = await Deno.connect({ hostname: "127.0.0.1", port: from });
    let received = 0;
    const counted = async function* () {
      const buffer = new Uint8Array(mib);
      while (received < largeBytes) {
        const count = await download.read(buffer);
        if (count === null) return;
        received += count;
        yield buffer.subarray(0, count);
      }
    };
    const downloaded = await sha256Of(counted());
    assert.equal(received, largeBytes);
    assert.equal(`${downloaded}  /tmp/large\n`, await inPod("sha256sum", "/tmp/large"));

    using upload = await Deno.connect({ hostname: "127.0.0.1", port: to });
    const piece = crypto.getRandomValues(new Uint8Array(65_536));
    const sent = await sha256Of((async function* () {
      for (let index = 0; index < largeBytes / piece.length; index++) {
        piece[0] = index;
        for (let rest = piece.subarray(0); rest.length > 0;) {
          rest = rest.subarray(await upload.write(rest));
        }
        yield piece;
      }
    })());
    await inPod(
      "sh",
      "-c",
      `until [ $(stat -c %s /tmp/sent) = ${largeBytes} ]; do sleep 0.1; done`,
    );
    assert.equal(`${sent}  /tmp/sent\n`, await inPod("sha256sum", "/tmp/sent"));
    assert.equal(await inPod("sh", "-c", "stat -c %s /tmp/sent"), `${largeBytes}\n`);

    download.close();
    upload.close();
    const closed = await forwarding.until((events) => {
      const all = events.filter(({ kind }) => kind === "closed");
      return all.length === 2 ? all : undefined;
    });
    const sums = closed.map(({ toPod = 0, fromPod = 0 }) => [toPod, fromPod]);
    assert.deepEqual(sums.toSorted(([a = 0], [b = 0]) => a - b), [[0, largeBytes], [
      largeBytes,
      0,
    ]]);
  },
);
