/** A server whose pods change all the time, and what a program that shows them costs: for benchmarks. */

/** How much changes. */
export interface ChangesOptions {
  pods: number;
  perSecond: number;
  seconds: number;
}

/** The server, and what it has sent. */
export class ChangingCluster implements AsyncDisposable {
  sent = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();

  constructor(private readonly options: ChangesOptions) {
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
    const { pods } = this.options;
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
    const { pods, perSecond, seconds } = this.options;
    let timer: ReturnType<typeof setInterval> | undefined;
    const end = () => clearInterval(timer);
    this.#stop.signal.addEventListener("abort", end);
    return new ReadableStream({
      start: (controller) => {
        timer = setInterval(() => {
          // A connection that breaks doesn't cancel its stream.
          if (controller.desiredSize === null) return end();
          const elapsed = Math.min(seconds, (performance.now() - startedMs) / 1000);
          const due = Math.floor(elapsed * perSecond);
          for (; this.sent < due; this.sent++) {
            const object = tableOf([podOf(this.sent % pods, this.sent + 1)], null);
            controller.enqueue(encoder.encode(`${JSON.stringify({ type: "MODIFIED", object })}\n`));
          }
        }, 5);
      },
      cancel: end,
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
      restarts: Math.floor(change / 2000),
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

export const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What a run of some seconds costs, without its start, and how the memory grows after the first third: the kernel's
 * count, which rises and falls with V8's garbage, or what `live` returns.
 */
export async function costDuring(pid: number, seconds: number, live?: () => Promise<number>) {
  const memory = async ({ memoryMb }: { memoryMb: number }) => await live?.() ?? memoryMb;
  const start = await costOf(pid);
  await waitMs(seconds * 1000 / 3);
  const third = await memory(await costOf(pid));
  await waitMs(seconds * 2000 / 3);
  const end = await costOf(pid);
  return {
    percent: (end.cpuSeconds - start.cpuSeconds) / seconds * 100,
    growthPercent: (await memory(end) / third - 1) * 100,
    memoryMb: end.memoryMb,
  };
}

/** The args of kodama's process, from source with these flags of Deno unless a launcher is named, and its environment. */
export async function programOf(
  folder: string,
  server: string,
  args: readonly string[],
  { launcher, flags = [] }: { launcher?: string | undefined; flags?: readonly string[] } = {},
) {
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
    words: launcher === undefined
      ? [Deno.execPath(), "run", "-q", "--no-check", "-P=kodama", ...flags, main, ...args]
      : [launcher, ...args],
    env: { ...env, PATH: Deno.env.get("PATH") ?? "", DENO_DIR: await denoFolder() },
  };
}

async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** The Deno whose environment has the kubeconfig: tmux, which starts it, doesn't report its id. */
export async function pidOf(kubeconfig: string): Promise<number> {
  const script = 'for one in $(grep -ls "$0" /proc/[0-9]*/environ); do ' +
    'case $(cat "${one%environ}comm") in deno*) echo "$one" ;; esac; done';
  const [, pid] = /^\/proc\/(\d+)\//.exec(await read(["sh", "-c", script, kubeconfig])) ?? [];
  if (pid === undefined) throw new Error("kodama's process isn't there");
  return Number(pid);
}
