/** The real kodama, as a process with its own permissions, and its output. */
import { until } from "../processes.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** The report of one target in `-o jsonl`, as far as tests check it. */
export interface Report {
  pod: string;
  outcome: string;
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  replaced: boolean;
  error: string | null;
}

/** How kodama ended. */
export interface Ended {
  code: number;
  reports: Report[];
  stderr: string;
}

/** One run of `kodama exec`, which may still be running; killed at the end of its scope. */
export class KodamaRun implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<{ code: number; stdout: string }>;
  #over = false;
  #stderr = "";

  /** @param words the args after `kodama exec -n NAMESPACE -o jsonl`. */
  constructor(kubeconfig: string, namespace: string, words: readonly string[]) {
    this.#child = kodamaProcess(kubeconfig, ["exec", "-n", namespace, "-o", "jsonl", ...words]);
    this.#output = this.#listen().finally(() => this.#over = true);
  }

  async #listen(): Promise<{ code: number; stdout: string }> {
    const { stdout, stderr, status } = this.#child;
    const hear = async () => {
      const decoder = new TextDecoder();
      for await (const bytes of stderr) this.#stderr += decoder.decode(bytes, { stream: true });
    };
    const [text, { code }] = await Promise.all([new Response(stdout).text(), status, hear()]);
    return { code, stdout: text };
  }

  /** kodama's standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  get over(): boolean {
    return this.#over;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<Ended> {
    const { code, stdout } = await this.#output;
    const lines = stdout.split("\n").filter((line) => line !== "");
    return { code, reports: lines.map((line) => JSON.parse(line)), stderr: this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill("SIGKILL");
    await this.#output;
  }
}

/** Starts kodama with exactly the permissions it is installed with. */
export function kodamaProcess(kubeconfig: string, args: readonly string[]): Deno.ChildProcess {
  const { words: [program = "", ...words], ...surroundings } = kodamaStart(kubeconfig, args);
  return new Deno.Command(program, {
    ...surroundings,
    args: words,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Returns the args that start kodama, and its working directory; `writes` are the folders that it may write to. */
export function kodamaStart(
  kubeconfig: string,
  args: readonly string[],
  writes: readonly string[] = [],
) {
  const allowed = writes.length === 0 ? [] : [`--allow-write=${writes.join(",")}`];
  const flags = ["--quiet", "--no-prompt", "-P=kodama", ...allowed];
  return {
    words: [Deno.execPath(), "run", ...flags, "main.ts", ...args],
    cwd: root,
    clearEnv: true,
    env: {
      KUBECONFIG: kubeconfig,
      PATH: Deno.env.get("PATH") ?? "",
      HOME: Deno.env.get("HOME") ?? "",
      NO_COLOR: "1",
    },
  };
}

/**
 * Returns a command that sleeps for days, and a token in its args that identifies it. It is random: test files that
 * count from the same number would find the processes that another one has left.
 */
export function sleeper(): { words: string[]; token: string } {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  // A sleep may count in 32 bits.
  const token = String(86_400_000 + (random >>> 2));
  return { words: ["sleep", token], token };
}

/** Waits until this many processes `sleep TOKEN` run: the rig's are visible on this machine. */
export async function untilSleeping(run: KodamaRun, token: string, count = 1): Promise<void> {
  await until(`${count} times sleep ${token}`, async () => {
    if (run.over) throw new Error(`kodama ended first: ${JSON.stringify(await run.ended())}`);
    return await countSleeping(token) === count;
  });
}

/** Returns the number of processes `sleep TOKEN`. */
export async function countSleeping(token: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (words === `sleep\0${token}\0`) count++;
  }
  return count;
}
