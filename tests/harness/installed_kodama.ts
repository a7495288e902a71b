/** An installed kodama in a folder of its own, with its own home: as after `deno task install`. */
import { install } from "../../tools/install.ts";
import { builtKodama } from "./built_kodama.ts";

/** How a program ended, with all its output. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Disposing of it stops its embedded cluster and removes everything. */
export class InstalledKodama implements AsyncDisposable {
  #clusterIsUp = false;

  private constructor(
    /** The temporary folder: `prefix`, `home`, `work`. */
    readonly folder: string,
    /** The whole environment of programs. `KUBECONFIG` is the cluster's, once it is up. */
    public env: Readonly<Record<string, string>>,
  ) {}

  /** `fresh`: an installation from which nothing has been started, for measurements. */
  static async open({ fresh = false } = {}): Promise<InstalledKodama> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-installed-" });
    const kodama = new InstalledKodama(folder, {
      HOME: `${folder}/home`,
      KODAMA_CONFIG_DIR: `${folder}/home/.kodama`,
      PATH: `${folder}/prefix/bin:${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
    });
    try {
      await Deno.mkdir(`${folder}/home`);
      await Deno.mkdir(kodama.workFolder);
      // The program is shared; its home and its processes are not.
      if (fresh) await install(`${folder}/prefix`);
      else await Deno.symlink(await builtKodama(), `${folder}/prefix`);
      return kodama;
    } catch (error) {
      await kodama[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The working directory of programs. */
  get workFolder(): string {
    return `${this.folder}/work`;
  }

  /** Returns the path of an installed command. */
  command(name: string): string {
    return `${this.folder}/prefix/bin/${name}`;
  }

  /** Starts the embedded cluster; it is stopped at the end. Throws with its output if it fails. */
  async clusterUp(world: string): Promise<void> {
    this.#clusterIsUp = true;
    const { code, stdout, stderr } = await this.run("kodama", [
      "cluster",
      "up",
      "--world",
      world,
    ]);
    if (code !== 0) throw new Error(`kodama cluster up: exit code ${code}\n${stdout}${stderr}`);
    const status = await this.run("kodama", ["cluster", "status", "-o", "json"]);
    const { kubeconfig } = JSON.parse(status.stdout) as { kubeconfig: string };
    this.env = { ...this.env, KUBECONFIG: kubeconfig };
  }

  /** Runs a program of PATH. */
  async run(program: string, words: readonly string[], signal?: AbortSignal): Promise<Ended> {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...words],
      clearEnv: true,
      env: { ...this.env },
      cwd: this.workFolder,
      stdin: "null",
      ...(signal === undefined ? {} : { signal }),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#clusterIsUp) await this.run("kodama", ["cluster", "down"]);
    await Deno.remove(this.folder, { recursive: true });
  }
}
