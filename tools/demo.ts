// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task demo`: kwekash on the embedded cluster, for real. Everything is in a temporary folder, which is
 * removed afterwards, whatever the reason for the exit.
 */
import { sayFailure } from "./say_failure.ts";

const root = new URL("../", import.meta.url);

/** Signals by which a person or a system ends it early. */
const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A kodama with a home folder of its own. Disposing of it stops its cluster and removes the folder. */
class Demo implements AsyncDisposable {
  readonly #env: Record<string, string>;
  #clusterIsUp = false;

  constructor(readonly folder: string, denoDir: string) {
    this.#env = {
      HOME: folder,
      KODAMA_CONFIG_DIR: `${folder}/config`,
      // Deno's packages stay in their cache: with a new home folder they would be downloaded again.
      DENO_DIR: denoDir,
    };
  }

  /** Starts the cluster, and passes its kubeconfig to every later command. */
  async clusterUp(words: readonly string[], signal: AbortSignal): Promise<void> {
    this.#clusterIsUp = true;
    await this.show(["cluster", "up", ...words], signal);
    const state = JSON.parse(await this.#capture(["cluster", "status", "-o", "json"])) as {
      kubeconfig: string;
    };
    this.#env["KUBECONFIG"] = state.kubeconfig;
  }

  /** Shows a command line as typed, and runs it to its end. */
  async show(words: readonly string[], signal: AbortSignal): Promise<void> {
    console.log(`\n$ kodama ${words.join(" ")}`);
    signal.throwIfAborted();
    const child = this.#command(words, "inherit").spawn();
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    const { code } = await child.status;
    signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    // 5 is a valid exit code too: a pod's command failed, which the summary has reported.
    if (code !== 0 && code !== 5) throw new Error(`kodama ${words[0]}: exit code ${code}`);
  }

  async #capture(words: readonly string[]): Promise<string> {
    return new TextDecoder().decode((await this.#command(words, "piped").output()).stdout);
  }

  /** kodama from this checkout, with the permissions of an installed one. */
  #command(words: readonly string[], output: "inherit" | "piped"): Deno.Command {
    const permissions = words[0] === "cluster"
      ? ["-P=cluster"]
      : ["-P=kodama", `--allow-write=${this.#env["KODAMA_CONFIG_DIR"]}`];
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, "main.ts", ...words],
      cwd: root,
      env: this.#env,
      stdin: "null",
      stdout: output,
      stderr: output,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#clusterIsUp) await this.#capture(["cluster", "down"]);
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Returns the folder of this Deno's package cache. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}

const whatNext = `
That was a real API server on this machine, its pods local processes; it is gone now. To keep one:

  deno task install                                    # kodama, kpod, kwekash, kubectl kodama
  kodama cluster up --world weka                       # runs until: kodama cluster down

Then try:

  kodama pods -n weka-operator-system                  # what would be used, and what is skipped
  kodama exec -n weka-operator-system -m drive -- uptime
  kwekash -- weka status                               # the same pods, another command
`;

async function main(): Promise<number> {
  const stopped = new AbortController();
  const stop = () => stopped.abort(new DOMException("stopped by a signal", "AbortError"));
  for (const name of endSignals) Deno.addSignalListener(name, stop);
  const { signal } = stopped;
  try {
    const folder = await Deno.makeTempDir({ prefix: "kodama-demo-" });
    await using demo = new Demo(folder, await denoDir());
    await demo.clusterUp(["--world", "weka"], signal);
    await demo.show(["run", "kwekash"], signal);
    await demo.show(["run", "kwekash", "--output-mode", "fold"], signal);
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  }
  console.log(whatNext);
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(main));
