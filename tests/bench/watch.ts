// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:watch [--seconds N] [--guard]`: `kodama watch` of 2,000 pods that change 200 times a second, for a
 * minute as `-o jsonl` and a minute as the live table in tmux. What is printed is compared with what the server has
 * sent; processor time and memory are the kernel's, of kodama's process. With `--guard` the exit code is 1 if a change
 * is missing, or a bound is exceeded.
 *
 * The server sends tables with whole objects, as an API server does, of pods with 4 KB.
 */
import { PseudoTerminal } from "../harness/pseudo_terminal.ts";

const pods = 2000;
const perSecond = 200;
/** Of one core, in percent, and the growth of the memory after the first third, in percent. */
const bounds = { displayPercent: 30, growthPercent: 20 };

/** The server, and what it has sent. */
class ChangingCluster implements AsyncDisposable {
  sent = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();

  constructor(private readonly seconds: number) {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: this.#stop.signal },
      ({ url }) => this.#answer(new URL(url)),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  #answer({ pathname, searchParams }: URL): Response {
    if (pathname !== "/api/v1/namespaces/bench/pods") {
      return Response.json({ kind: "Status", code: 404, message: "not here" }, { status: 404 });
    }
    if (searchParams.get("watch") === "true") return new Response(this.#changes());
    const start = Number(searchParams.get("continue") ?? 0);
    const end = Math.min(pods, start + Number(searchParams.get("limit")));
    const names = Array.from({ length: end - start }, (_, index) => start + index);
    return Response.json({
      ...tableOf(names.map((index) => podOf(index, 0)), columns),
      metadata: { resourceVersion: "1", ...(end < pods ? { continue: String(end) } : {}) },
    });
  }

  #changes(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const startedMs = performance.now();
    let timer: ReturnType<typeof setInterval> | undefined;
    return new ReadableStream({
      start: (controller) => {
        timer = setInterval(() => {
          const elapsed = Math.min(this.seconds, (performance.now() - startedMs) / 1000);
          const due = Math.floor(elapsed * perSecond);
          for (; this.sent < due; this.sent++) {
            const object = tableOf([podOf(this.sent % pods, this.sent + 1)], null);
            controller.enqueue(encoder.encode(`${JSON.stringify({ type: "MODIFIED", object })}\n`));
          }
        }, 5);
      },
      cancel: () => clearInterval(timer),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.finished;
  }
}

const columns = ["Name", "Ready", "Status", "Restarts", "Age"].map((name) => ({
  name,
  type: "string",
  priority: 0,
}));

function tableOf(objects: readonly ReturnType<typeof podOf>[], columnDefinitions: unknown) {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion: objects[0]?.metadata.resourceVersion },
    columnDefinitions,
    rows: objects.map((object) => ({
      cells: [
        object.metadata.name,
        "1/1",
        object.status.phase,
        String(object.status.restarts),
        "5m",
      ],
      object,
    })),
  };
}

const padding = "x".repeat(3500);

function podOf(index: number, change: number) {
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: `web-${index}`,
      namespace: "bench",
      uid: `uid-${index}`,
      resourceVersion: String(change + 1),
      creationTimestamp: "2026-01-01T00:00:00Z",
      annotations: { change: String(change), padding },
    },
    status: {
      phase: change % 3 === 0 ? "Running" : "Pending",
      restarts: Math.floor(change / pods),
    },
  };
}

/** Processor time in seconds and memory in MB of a process, by `/proc`. */
async function costOf(pid: number): Promise<{ cpuSeconds: number; memoryMb: number }> {
  const stat = await read(["cat", `/proc/${pid}/stat`]);
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = await read(["cat", `/proc/${pid}/status`]);
  const memoryKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    memoryMb: memoryKb / 1024,
  };
}

/** The output of a program. Deno opens `/proc` only for what may do everything: programs read it. */
async function read([program = "", ...args]: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: [...args] }).output();
  return new TextDecoder().decode(stdout);
}

const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a run of some seconds costs, without its start, and how the memory grows after the first third. */
async function costDuring(pid: number, seconds: number) {
  const start = await costOf(pid);
  await waitMs(seconds * 1000 / 3);
  const third = await costOf(pid);
  await waitMs(seconds * 2000 / 3);
  const end = await costOf(pid);
  return {
    percent: (end.cpuSeconds - start.cpuSeconds) / seconds * 100,
    growthPercent: (end.memoryMb / third.memoryMb - 1) * 100,
    memoryMb: end.memoryMb,
  };
}

/** The args of kodama's process, and its environment. */
async function programOf(folder: string, server: string) {
  const kubeconfig = `${folder}/kubeconfig`;
  await Deno.writeTextFile(
    kubeconfig,
    JSON.stringify({
      "clusters": [{ name: "bench", cluster: { server } }],
      "users": [{ name: "bench", user: { token: "t" } }],
      "contexts": [{
        name: "bench",
        context: { cluster: "bench", user: "bench", namespace: "bench" },
      }],
      "current-context": "bench",
    }),
  );
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const env = {
    KUBECONFIG: kubeconfig,
    KODAMA_CONFIG_DIR: folder,
    HOME: folder,
    TERM: "xterm-256color",
  };
  return {
    words: [Deno.execPath(), "run", "-q", "--no-check", "-P=kodama", main, "watch", "pods"],
    env: { ...env, PATH: Deno.env.get("PATH") ?? "", DENO_DIR: await denoFolder() },
  };
}

async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function asData(folder: string, seconds: number): Promise<string[]> {
  await using cluster = new ChangingCluster(seconds);
  const { words: [program = "", ...args], env } = await programOf(folder, cluster.url);
  const child = new Deno.Command(program, {
    args: [...args, "-o", "jsonl"],
    env,
    clearEnv: true,
    stdout: "piped",
  }).spawn();
  const changes: number[] = [];
  let [initial, text] = [0, ""];
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const { type, object } = JSON.parse(line);
        if (type === "added") initial += 1;
        if (type === "modified") changes.push(Number(object.metadata.annotations.change));
      }
    }
  })();
  while (cluster.sent === 0) await waitMs(50);
  const cost = await costDuring(child.pid, seconds);
  await waitMs(1000);
  child.kill("SIGINT");
  await Promise.all([reading, child.status]);
  const inOrder = changes.every((change, index) => change === index + 1);
  console.log(
    `jsonl: ${initial} pods, ${cluster.sent} changes sent, ${changes.length} received, ` +
      `${inOrder ? "in order" : "NOT in order"}; ${line(cost)}`,
  );
  return [
    ...(initial === pods ? [] : ["pods are missing"]),
    ...(changes.length === cluster.sent && inOrder ? [] : ["changes are missing"]),
    ...(cost.growthPercent <= bounds.growthPercent ? [] : ["memory grows"]),
  ];
}

async function asTable(folder: string, seconds: number): Promise<string[]> {
  await using cluster = new ChangingCluster(seconds);
  const { words, env } = await programOf(folder, cluster.url);
  await using terminal = await PseudoTerminal.open(words, { env, columns: 120, rows: 40 });
  await terminal.until("the table", /web-1 /);
  const cost = await costDuring(await pidOf(env.KUBECONFIG), seconds);
  const screen = await terminal.screen();
  await terminal.press("q");
  console.log(`live table: ${cluster.sent} changes sent; ${line(cost)}`);
  return [
    ...(/^pods in bench .*2000$/m.test(screen) ? [] : ["the table isn't complete"]),
    ...(cost.percent <= bounds.displayPercent ? [] : ["the display costs too much"]),
    ...(cost.growthPercent <= bounds.growthPercent ? [] : ["memory grows"]),
  ];
}

/** The Deno whose environment has the kubeconfig: tmux, which starts it, doesn't report its id. */
async function pidOf(kubeconfig: string): Promise<number> {
  const script = 'for one in $(grep -ls "$0" /proc/[0-9]*/environ); do ' +
    'case $(cat "${one%environ}comm") in deno*) echo "$one" ;; esac; done';
  const [, pid] = /^\/proc\/(\d+)\//.exec(await read(["sh", "-c", script, kubeconfig])) ?? [];
  if (pid === undefined) throw new Error("kodama's process isn't there");
  return Number(pid);
}

function line(cost: { percent: number; growthPercent: number; memoryMb: number }): string {
  return `${cost.percent.toFixed(1)} % of a core, ${cost.memoryMb.toFixed(0)} MB, ` +
    `${cost.growthPercent.toFixed(1)} % more than after a third`;
}

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--seconds");
  const seconds = at < 0 ? 60 : Number(args[at + 1]);
  const folder = await Deno.makeTempDir({ prefix: "kodama-bench-watch-" });
  try {
    const problems = [...await asData(folder, seconds), ...await asTable(folder, seconds)];
    for (const problem of problems) console.log(problem);
    return args.includes("--guard") && problems.length > 0 ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.exit(await main(Deno.args));
