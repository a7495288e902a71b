/** An installed kodama beside kubectl, and a cluster for both: an embedded one, or the real one that is named. */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { openRealCluster, realKubeconfig } from "../harness/real_scenario.ts";
import type { Job } from "./measure.ts";

/** Disposing of it takes everything away again. */
export class BenchStage implements AsyncDisposable {
  private constructor(
    private readonly owned: AsyncDisposableStack,
    private readonly kodama: InstalledKodama,
    readonly namespace: string,
    /** As a table calls it. */
    readonly kind: "an embedded" | "a real",
  ) {}

  /** @param real the kubeconfig of a real cluster; an embedded one is started where there is none. */
  static async open(real = realKubeconfig()): Promise<BenchStage> {
    await using stack = new AsyncDisposableStack();
    const kodama = stack.use(await InstalledKodama.open({ fresh: true }));
    if (real === undefined) {
      await kodama.clusterUp("empty");
      return new BenchStage(stack.move(), kodama, "default", "an embedded");
    }
    const { namespace, kubeconfig } = stack.use(await openRealCluster(real));
    const path = `${kodama.folder}/kubeconfig`;
    await Deno.writeTextFile(path, kubeconfig, { mode: 0o600 });
    kodama.env = { ...kodama.env, KUBECONFIG: path };
    return new BenchStage(stack.move(), kodama, namespace, "a real");
  }

  /** Where commands run. */
  get folder(): string {
    return this.kodama.workFolder;
  }

  /** A line for a shell, to be measured. */
  job(command: string): Job {
    const { env, workFolder: cwd } = this.kodama;
    return { program: "/bin/sh", words: ["-c", command], env, cwd };
  }

  /** A line for a shell; its standard output. Throws where it fails. */
  async run(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.kodama.run("sh", ["-c", command]);
    if (code === 0) return stdout;
    throw new Error(`${command}: exit code ${code}: ${stderr.slice(0, 500)}`);
  }

  kubectl(words: string): Promise<string> {
    return this.run(`kubectl -n ${this.namespace} ${words}`);
  }

  async apply(manifest: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/manifest.json`, manifest);
    await this.kubectl("apply -f manifest.json");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}
