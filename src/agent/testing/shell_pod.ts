/** A pod for tests: kodama's scripts as processes of this machine, with a home folder of their own. */
import type { ChannelEnd, ExecChannel, ExecRequest, OutputChunk } from "../../kube/client.ts";
import type { Target } from "../../kube/target.ts";
import type { FarWorld } from "../far_call.ts";

/** The target that stands for it. */
export const shellTarget: Target = {
  context: "test",
  namespace: "default",
  pod: "kodama-test",
  container: "workspace",
  node: "node",
  ip: "",
};

/** What a pod has. */
export interface ShellPodOptions {
  /** First words of the shell. */
  shell?: readonly string[];
  /** Of programs. */
  path?: string;
}

/** A pod that is a folder. Disposing of it ends what runs in it, and takes the folder away. */
export class ShellPod implements AsyncDisposable {
  /** Given to every script; a link can be cut by it. */
  readonly world: FarWorld = {
    nonce: "test",
    open: (_target, request) => Promise.resolve(this.#open(request)),
  };
  /** Breaks the next link after so many bytes of its output. */
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
    const [program = "sh", ...first] = this.options.shell ?? ["sh"];
    const process = new Deno.Command(program, {
      args: [...first, ...args],
      cwd: this.home,
      clearEnv: true,
      env: { HOME: this.home, PATH: this.options.path ?? Deno.env.get("PATH") ?? "/usr/bin:/bin" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const cutAfter = this.cutAfter;
    this.cutAfter = undefined;
    return new ProcessChannel(process, cutAfter ?? Infinity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for await (const { name } of this.#tasks()) {
      const claim = await Deno.readTextFile(`${this.home}/.kodama/tasks/${name}/claim`);
      // The runner leads a session of its own, and with it the group of all that it has started.
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

class ProcessChannel implements ExecChannel {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #end = Promise.withResolvers<ChannelEnd>();
  readonly #broken = Promise.withResolvers<"broken">();
  #isBroken = false;

  constructor(private readonly process: Deno.ChildProcess, private readonly cutAfter: number) {
    this.#writer = process.stdin.getWriter();
    // A script that ended takes no more.
    this.#writer.closed.catch(() => {});
  }

  get end(): Promise<ChannelEnd> {
    return this.#end.promise;
  }

  get output(): AsyncIterable<OutputChunk> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<OutputChunk, void> {
    const readers = {
      stdout: this.process.stdout.getReader(),
      stderr: this.process.stderr.getReader(),
    };
    const next = async (stream: "stdout" | "stderr") => ({
      stream,
      ...await readers[stream].read(),
    });
    const waiting = new Map([["stdout", next("stdout")], ["stderr", next("stderr")]] as const);
    let room = this.cutAfter;
    try {
      while (waiting.size > 0) {
        const one = await Promise.race([...waiting.values(), this.#broken.promise]);
        if (one === "broken") return;
        if (one.value === undefined) waiting.delete(one.stream);
        else {
          waiting.set(one.stream, next(one.stream));
          const bytes = one.value.subarray(0, room);
          if (one.stream === "stdout") room -= bytes.length;
          yield { stream: one.stream, bytes };
          if (room <= 0) return this.#break();
        }
      }
    } finally {
      await this.#finish(readers, waiting);
    }
  }

  /** What nobody reads any more is read to its end all the same, as a container's runtime does. */
  async #finish(
    readers: Readonly<Record<string, ReadableStreamDefaultReader<Uint8Array>>>,
    waiting: ReadonlyMap<string, Promise<unknown>>,
  ): Promise<void> {
    await this.#writer.close().catch(() => {});
    const drains = Object.entries(readers).map(async ([stream, reader]) => {
      await waiting.get(stream);
      while (!(await reader.read()).done);
    });
    await Promise.all(drains);
    const { code } = await this.process.status;
    this.#end.resolve(
      this.#isBroken
        ? { kind: "cut", reason: "the link was cut by the test" }
        : { kind: "exited", exitCode: code },
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes.slice());
  }

  async closeStdin(): Promise<boolean> {
    await this.#writer.close().catch(() => {});
    return true;
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#break();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #break(): void {
    this.#isBroken = true;
    this.#broken.resolve("broken");
  }
}
