/**
 * A link to the API server with a round-trip time, as a process of its own: what it needs isn't the benchmark's. A
 * connection has the window that Linux gives one by default, 3 MiB in each round trip. `delayed_link.ts SERVER MS`.
 */
import { SlowLink } from "../harness/slow_link.ts";

/** Half of 6 MiB, the limit of `net.ipv4.tcp_rmem`, is a window; half of the round trip is one way. */
const windowBytes = 3 * 1024 * 1024 / 2;

const config = new URL("../../deno.json", import.meta.url).pathname;
const deno = ["run", "-q", "--no-check", `--config=${config}`, "-P=tools"];

/** A link that runs, and a kubeconfig that leads over it. */
export class DelayedLink implements AsyncDisposable {
  private constructor(
    readonly kubeconfig: string,
    /** What one connection carries at most. */
    readonly mibPerSecond: number,
    private readonly child: Deno.ChildProcess,
  ) {}

  /** The id of its process. */
  get pid(): number {
    return this.child.pid;
  }

  /** Starts one to the server of the current context. */
  static async start(delayMs: number): Promise<DelayedLink> {
    const text = await output("kubectl", ["config", "view", "--raw", "--minify", "--flatten"]);
    const server = /^ *server: (\S+)$/m.exec(text)?.[1] ?? "";
    const child = new Deno.Command(Deno.execPath(), {
      args: [...deno, new URL(import.meta.url).pathname, server, String(delayMs)],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const address = new TextDecoder().decode(value).trim();
    const kubeconfig = await Deno.makeTempFile({ prefix: "kodama-bench-" });
    await Deno.writeTextFile(kubeconfig, text.replace(server, address));
    const mibPerSecond = windowBytes / 1024 / 1024 / (delayMs / 1000);
    return new DelayedLink(kubeconfig, mibPerSecond, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.child.stdout.cancel();
    await this.child.status;
    await Deno.remove(this.kubeconfig);
  }
}

async function output(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  const [server = "", delayMs = "0"] = Deno.args;
  const link = SlowLink.open(server, { delayMs: Number(delayMs), windowBytes });
  await new Blob([`${link.server}\n`]).stream().pipeTo(Deno.stdout.writable);
}
