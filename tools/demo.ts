// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task demo`: kwekash on the embedded cluster, for real. Everything lies in a temporary folder and is
 * gone afterwards, whatever the way out.
 */

const root = new URL("../", import.meta.url);

/** A kodama whose home is a folder of its own. */
class Demo implements AsyncDisposable {
  #clusterIsUp = false;

  private constructor(readonly folder: string) {}

  static async open(): Promise<Demo> {
    return new Demo(await Deno.makeTempDir({ prefix: "kodama-demo-" }));
  }

  /** Shows a command line as a person would type it, runs it, and returns its exit code. */
  async show(line: string): Promise<number> {
    console.log(`\n$ ${line}`);
    const [program, ...words] = line.split(" ");
    if (program !== "kodama") throw new Error(`the demo runs kodama, not ${program}`);
    if (line.startsWith("kodama cluster up")) this.#clusterIsUp = true;
    return await this.#start(words, "inherit");
  }

  /** Runs kodama from this checkout, with the permissions of an installed one. */
  async #start(words: readonly string[], output: "inherit" | "null"): Promise<number> {
    const permissions = words[0] === "cluster"
      ? ["-P=cluster"]
      : ["-P=kodama", `--allow-write=${this.folder}`];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, "main.ts", ...words],
      cwd: root,
      env: {
        HOME: this.folder,
        KODAMA_CONFIG_DIR: `${this.folder}/config`,
        KUBECONFIG: `${this.folder}/kubeconfig`,
        // Deno's packages stay where they are: a new home folder would fetch them again.
        ...(denoDir === undefined ? {} : { DENO_DIR: denoDir }),
      },
      stdin: "null",
      stdout: output,
      stderr: output,
    }).spawn();
    return (await child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#clusterIsUp) await this.#start(["cluster", "down"], "null");
    await Deno.remove(this.folder, { recursive: true });
  }
}
