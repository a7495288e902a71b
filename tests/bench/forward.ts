// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:forward [--rounds N] [--samples N] [--delay MS] [--mib N]`: `kodama forward` beside
 * `kubectl port-forward`, and beside the least that copies bytes over the same link (`bare_forward.ts`), to a pod of the
 * current context that it starts and removes. `--mib` is the size of a stream; `--samples` is the number of round trips.
 *
 * With `--delay` all of them reach the API server over a link that takes so many milliseconds each way
 * (`delayed_link.ts`): over a distance a connection carries only its window in each round trip, and more connections
 * carry more.
 *
 * All compete with everything else on the machine, so measures are taken in turn, and processor time is measured beside
 * the clock: if the cluster is on this machine too, what its API server, kubelet and container runtime need for a MiB
 * bounds every forward, however little it needs itself. So does the process of a slow link: with two cores it carries
 * less than what more connections could.
 */
import { median } from "./alternate.ts";
import { DelayedLink } from "./delayed_link.ts";
import { numberAfter } from "./words.ts";

const mib = 1024 * 1024;
const large = numberAfter(Deno.args, "--mib", 128);
/** MiB of the pod's files. */
const size = { large, part: Math.ceil(large / 16) };
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
      // Without a request, whatever else runs on the node comes first.
      resources: { requests: { cpu: "500m" } },
      command: [
        "sh",
        "-c",
        `mkdir /tmp/w && cd /tmp/w && head -c ${size.large * mib} /dev/zero >large && head -c ${
          size.part * mib
        } /dev/zero >part && echo x >small && ((nc -lk -p 8081 -e cat || nc -ll -p 8081 -e cat) 2>&1 &) && exec httpd -f -p 8080 -h /tmp/w`,
      ],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }],
  },
};

async function kubectl(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("kubectl", { args: [...args], stdin: "piped", stdout: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`kubectl ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
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

interface Load {
  connections: number;
  file: string;
  fileMib: number;
}

const loads: Record<string, Load> = {
  "one stream": { connections: 1, file: "large", fileMib: size.large },
  "30 connections": { connections: 30, file: "part", fileMib: size.part },
};

/** Processor time in milliseconds, by whose it is. */
interface ProcessorTime {
  cluster: number;
  forward: number;
  /** The process of a slow link. */
  link: number;
}

/** Of the cluster's processes on this machine, of a forward, and of the link. */
function processorTime(pid: number): ProcessorTime {
  const time = { cluster: 0, forward: 0, link: 0 };
  const others = new Map([[String(pid), "forward"], [String(link?.pid), "link"]] as const);
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [program = "", verb = ""] = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      const isCluster = [program, verb].some((one) =>
        /(?:^|\/)(?:kube-apiserver|kubelet|containerd|crio)$/.test(one)
      );
      const whose = isCluster ? "cluster" : others.get(name);
      if (whose === undefined) continue;
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // utime and stime of proc(5), in hundredths of a second.
      const ms = (Number(fields[11]) + Number(fields[12])) * 10;
      time[whose] += ms;
    } catch (error) {
      // It has ended.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return time;
}

/** One measurement of a load. */
interface Transfer extends ProcessorTime {
  mibPerSecond: number;
}

async function transfer(
  { port, pid }: { port: number; pid: number },
  { connections, file, fileMib }: Load,
): Promise<Transfer> {
  const total = connections * fileMib;
  const before = processorTime(pid);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () => read(port, file, fileMib * mib)),
  );
  const elapsedMs = performance.now() - startMs;
  const after = processorTime(pid);
  return {
    mibPerSecond: total / (elapsedMs / 1000),
    cluster: (after.cluster - before.cluster) / total,
    forward: (after.forward - before.forward) / total,
    link: (after.link - before.link) / total,
  };
}

function medians(all: readonly Transfer[]): Transfer {
  const of = (field: keyof Transfer) => median(all.map((one) => one[field]));
  return {
    mibPerSecond: of("mibPerSecond"),
    cluster: of("cluster"),
    forward: of("forward"),
    link: of("link"),
  };
}

/** Sends 64 bytes over an open connection to the pod, and waits for them; returns milliseconds. */
async function roundTrip(connection: Deno.Conn): Promise<number> {
  const bytes = new Uint8Array(64);
  const startMs = performance.now();
  await connection.write(bytes);
  for (let count = 0; count < bytes.length;) {
    const more = await connection.read(bytes);
    if (more === null) throw new Error("the echo has ended");
    count += more;
  }
  return performance.now() - startMs;
}

function percentile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? NaN;
}

function isOpen(port: number): Promise<boolean> {
  return Deno.connect({ hostname: "127.0.0.1", port }).then((connection) => {
    connection.close();
    return true;
  }, () => false);
}

async function forwarding(
  command: readonly string[],
  { port, env }: { port: number; env: Record<string, string> },
): Promise<Deno.ChildProcess> {
  const [program = "", ...args] = command;
  if (await isOpen(port)) throw new Error(`port ${port} is in use: another benchmark runs`);
  const options = { args, env, stdin: "null", stdout: "null", stderr: "null" } as const;
  const child = new Deno.Command(program, options).spawn();
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await read(port, "small", 2).then(() => true, () => false)) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${program} opens no port`);
}

const rounds = numberAfter(Deno.args, "--rounds", 3);
const samples = numberAfter(Deno.args, "--samples", 2000);
const delayMs = numberAfter(Deno.args, "--delay", 0);
const root = new URL("../..", import.meta.url).pathname;
const deno = [Deno.execPath(), "run", "-q", "--no-check", `--config=${root}deno.json`];
const namespace = await kubectl(["config", "view", "--minify", "-o", "jsonpath={..namespace}"]);
const bare = [
  ...deno,
  "-P=tools",
  `${root}tests/bench/bare_forward.ts`,
  namespace || "default",
  pod,
];
const contenders = Object.entries({
  kodama: [...deno, "-P=kodama", `${root}main.ts`, "forward", pod],
  kubectl: ["kubectl", "port-forward", pod],
  bare,
}).map(([name, command], index) => {
  const [port, echo] = [18_871 + 2 * index, 18_872 + 2 * index];
  return { name, port, echo, command: [...command, `${port}:8080`, `${echo}:8081`] };
});
await kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
await using link = delayMs === 0 ? undefined : await DelayedLink.start(delayMs);
const env: Record<string, string> = link === undefined ? {} : { KUBECONFIG: link.kubeconfig };
const running: { name: string; port: number; echo: number; child: Deno.ChildProcess }[] = [];
try {
  await kubectl(["wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=180s"]);
  for (const { command, ...one } of contenders) {
    running.push({ ...one, child: await forwarding(command, { port: one.port, env }) });
  }
  for (const [name, load] of Object.entries(loads)) await compareTransfers(name, load);
  await compareRoundTrips();
  await compareShortConnections();
} finally {
  for (const { child } of running) child.kill("SIGTERM");
  await Promise.all(running.map(({ child }) => child.status));
  await kubectl(["delete", "pod", pod, "--wait=false"]);
}

/** Returns all with their indexes, each time from another one on: none of them is always the one behind a slow one. */
function rotated<T>(all: readonly T[], turn: number): [number, T][] {
  const indexed = [...all.entries()];
  const first = turn % all.length;
  return [...indexed.slice(first), ...indexed.slice(0, first)];
}

function report(name: string, values: readonly (readonly [string, string])[]): void {
  console.log(`${name.padEnd(26)} ${values.map(([of, value]) => `${of} ${value}`).join("  ")}`);
}

async function compareTransfers(name: string, load: Load): Promise<void> {
  const results = running.map((): Transfer[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { port, child }] of rotated(running, round)) {
      results[index]?.push(await transfer({ port, pid: child.pid }, load));
    }
  }
  const middle = results.map(medians);
  const each = (text: (one: Transfer) => string) =>
    running.map(({ name }, index) => [name, text(middle[index] as Transfer)] as const);
  const [own, other, least] = middle as [Transfer, Transfer, Transfer];
  report(`${name}, MiB/s`, [
    ...each((one) => one.mibPerSecond.toFixed(0)),
    ["kodama/kubectl", (own.mibPerSecond / other.mibPerSecond).toFixed(2)],
  ]);
  const [ours = [], theirs = []] = results;
  const pairs = ours.map((one, round) => one.mibPerSecond / (theirs[round]?.mibPerSecond ?? NaN));
  report("  of each round", [
    ["kodama/kubectl", pairs.map((one) => one.toFixed(2)).join(" ")],
    ["load", (Deno.loadavg()[0] ?? NaN).toFixed(1)],
  ]);
  report("  its own ms of CPU/MiB", each((one) => one.forward.toFixed(2)));
  if (link !== undefined) {
    report("  the link's ms/MiB", [
      ...each((one) => one.link.toFixed(2)),
      ["MiB/s of a connection at most", link.mibPerSecond.toFixed(0)],
    ]);
  }
  if (own.cluster === 0) return;
  report("  the cluster's ms/MiB", each((one) => one.cluster.toFixed(2)));
  // All of them share the cores of this machine: with these saturated, throughput is the inverse of the sum.
  const sum = ({ cluster, forward, link }: Transfer) => cluster + forward + link;
  report("  × kubectl by CPU", [
    ["kodama", (sum(other) / sum(own)).toFixed(2)],
    ["bare", (sum(other) / sum(least)).toFixed(2)],
    ["a forward that costs nothing", (sum(other) / (own.cluster + own.link)).toFixed(2)],
  ]);
}

/** One at a time, in turn: whatever else the machine does falls on all of them. */
async function compareRoundTrips(): Promise<void> {
  const connections = await Promise.all(
    running.map(({ echo }) => Deno.connect({ hostname: "127.0.0.1", port: echo })),
  );
  const times = running.map((): number[] => []);
  for (let turn = 0; turn < samples; turn++) {
    for (const [index, connection] of rotated(connections, turn)) {
      times[index]?.push(await roundTrip(connection));
    }
  }
  for (const connection of connections) connection.close();
  reportTimes("round trip", times);
}

async function compareShortConnections(): Promise<void> {
  const times = running.map((): number[] => []);
  for (let turn = 0; turn < samples; turn++) {
    for (const [index, { port }] of rotated(running, turn)) {
      times[index]?.push(await read(port, "small", 2));
    }
  }
  reportTimes("short connection", times);
}

function reportTimes(name: string, times: readonly (readonly number[])[]): void {
  for (const [title, share] of [["median", 0.5], ["99 %", 0.99]] as const) {
    const values = times.map((one) => percentile(one, share));
    const [own = NaN, , least = NaN] = values;
    report(`${name}, ${title}, ms`, [
      ...running.map(({ name }, index) => [name, values[index]?.toFixed(2) ?? ""] as const),
      ["kodama adds", (own - least).toFixed(2)],
    ]);
  }
}
