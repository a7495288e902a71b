/** A pod for tests: kodama's scripts as processes of this machine, with a home folder of their own. */
import type { ExecChannel, ExecRequest } from "../../kube/client.ts";
import type { ImageShell } from "../../kube/testing/image_shells.ts";
import { ProcessChannel } from "../../kube/testing/process_channel.ts";
import type { Target } from "../../kube/select/target.ts";
import type { PodStreamOpener } from "../pod_script.ts";

/** The target that represents it. */
export const shellTarget: Target = {
  context: "test",
  namespace: "default",
  pod: "kodama-test",
  container: "workspace",
  node: "node",
  ip: "",
};

/** The pod's programs; by default those of this machine. */
export type ShellPodOptions = Partial<Pick<ImageShell, "args" | "path">>;

/** A pod that is a folder. Disposing of it ends its processes, and deletes the folder. */
export class ShellPod implements AsyncDisposable {
  /** Its links can be cut. */
  readonly streams: PodStreamOpener = {
    open: (_target, request) => Promise.resolve(this.#open(request)),
  };
  /** Breaks the next link after N bytes of its output. */
  cutAfter: number | undefined;

  private constructor(readonly home: string, private readonly options: ShellPodOptions) {}

  static async open(options: ShellPodOptions = {}): Promise<ShellPod> {
    return new ShellPod(await Deno.makeTempDir({ prefix: "kodama-agent-" }), options);
  }

  /** The folder of a task. */
  task(number: number): string {
    return `${this.home}/.kodama/tasks/${number}`;
  }

  #open({ command: [, ...args] }: ExecRequest): ExecChannel {
    const [program = "sh", ...first] = this.options.args ?? ["sh"];
    const process = new Deno.Command(program, {
      args: [...first, ...args],
      cwd: this.home,
      clearEnv: true,
      env: { HOME: this.home, PATH: this.options.path ?? Deno.env.get("PATH") ?? "/usr/bin:/bin" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const cut = this.cutAfter === undefined ? {} : { afterOutput: this.cutAfter };
    this.cutAfter = undefined;
    return new ProcessChannel(process, cut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for await (const { name } of this.#tasks()) {
      const claim = await Deno.readTextFile(`${this.home}/.kodama/tasks/${name}/claim`);
      // The runner leads its own session, and thus the group of all processes it has started.
      const runner = Number(claim.split(" ")[0]);
      if (runner > 1) kill(-runner);
    }
    await Deno.remove(this.home, { recursive: true });
  }

  async *#tasks(): AsyncGenerator<Deno.DirEntry, void> {
    try {
      for await (const entry of Deno.readDir(`${this.home}/.kodama/tasks`)) {
        if (/^\d+$/.test(entry.name)) yield entry;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
