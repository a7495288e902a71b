// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:forward [--rounds N]`: `kodama forward` beside `kubectl port-forward`, in turn, to a pod of the
 * current context that it starts and removes: one stream, 30 connections at once, and how long a short one takes.
 * The medians and their ratio; both compete with everything else on the machine.
 */
import { median } from "./alternate.ts";
import { numberAfter } from "./words.ts";

const mib = 1024 * 1024;
const pod = "kodama-bench-forward";
const manifest = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: pod },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{
      name: "main",
      image: "busybox:1.36",
      imagePullPolicy: "IfNotPresent",
      command: [
        "sh",
        "-c",
        "mkdir /tmp/w && cd /tmp/w && head -c 134217728 /dev/zero >large && head -c 8388608 /dev/zero >part && echo x >small && exec httpd -f -p 8080 -h /tmp/w",
      ],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }],
  },
};

async function kubectl(args: readonly string[], input?: string): Promise<void> {
  const child = new Deno.Command("kubectl", { args: [...args], stdin: "piped", stdout: "null" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input ?? ""));
  await writer.close();
  if (!(await child.status).success) throw new Error(`kubectl ${args.join(" ")} failed`);
}

/** Reads a file of the pod; returns how long it took in milliseconds. */
async function read(port: number, file: string, least: number): Promise<number> {
  const startMs = performance.now();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(`GET /${file} HTTP/1.1\r\nHost: pod\r\n\r\n`));
  const buffer = new Uint8Array(256 * 1024);
  let bytes = 0;
  for (let count; bytes < least && (count = await connection.read(buffer)) !== null;) {
    bytes += count;
  }
  if (bytes < least) throw new Error(`${bytes} bytes of ${file} instead of ${least}`);
  return performance.now() - startMs;
}

/** What is measured; larger is better, except for milliseconds. */
const measures: Record<string, (port: number) => Promise<number>> = {
  "one stream, MiB/s": async (port) => 128 / (await read(port, "large", 128 * mib) / 1000),
  "30 connections, MiB/s": async (port) => {
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => read(port, "part", 8 * mib)));
    return 240 / ((performance.now() - startMs) / 1000);
  },
  "short connection, ms": async (port) => {
    const times: number[] = [];
    for (let turn = 0; turn < 50; turn++) times.push(await read(port, "small", 2));
    return median(times);
  },
  "short connection, 99 %, ms": async (port) => {
    const times: number[] = [];
    for (let turn = 0; turn < 100; turn++) times.push(await read(port, "small", 2));
    return times.toSorted((a, b) => a - b)[98] ?? NaN;
  },
};

async function forwarding(command: readonly string[], port: number): Promise<Deno.ChildProcess> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await read(port, "small", 2).then(() => true, () => false);
    if (isOpen) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${program} opens no port`);
}

const rounds = numberAfter(Deno.args, "--rounds", 3);
const root = new URL("../..", import.meta.url).pathname;
const kodama = [Deno.execPath(), "run", "-q", "-P=kodama", `--config=${root}deno.json`];
const contenders = [
  {
    name: "kodama",
    port: 18_871,
    command: [...kodama, `${root}main.ts`, "forward", pod, "18871:8080"],
  },
  { name: "kubectl", port: 18_872, command: ["kubectl", "port-forward", pod, "18872:8080"] },
];
await kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
const running: Deno.ChildProcess[] = [];
try {
  await kubectl(["wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=60s"]);
  for (const { command, port } of contenders) running.push(await forwarding(command, port));
  for (const [name, measure] of Object.entries(measures)) {
    const results = contenders.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { port }] of contenders.entries()) {
        results[index]?.push(await measure(port));
      }
    }
    const [own = NaN, other = NaN] = results.map((all) => median(all));
    const ratio = (own / other).toFixed(2);
    console.log(
      `${name.padEnd(28)} kodama ${own.toFixed(1)}  kubectl ${other.toFixed(1)}  ${ratio}`,
    );
  }
} finally {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all(running.map(({ status }) => status));
  await kubectl(["delete", "pod", pod, "--wait=false"]);
}
