/** The far end of a copy as a process of this machine: kodama's scripts in a shell, with the programs of an image. */
import { FarEnd, type OpenFar } from "../../src/copy/far_end.ts";
import { farCommand } from "../../src/copy/far_scripts.ts";
import type { ChannelEnd, ExecChannel, OutputChunk } from "../../src/kube/client.ts";

/** What a container would have. */
export interface FarImage {
  name: string;
  /** Absolute path and first words of the shell. */
  shell: readonly string[];
  /** Of the shell and all that it starts. */
  path: string;
  /** It never ends by itself, and is killed when the link is let go of. */
  endless?: boolean;
}

/** When the link breaks. */
export interface Cut {
  /** Bytes of input that still go through; all where it is absent. */
  afterInput?: number;
  /** Bytes of standard output that still come. */
  afterOutput?: number;
}

/** The images that this machine can play: Debian's programs with dash and bash, and busybox where it is. */
export async function farImages(folder: string): Promise<FarImage[]> {
  const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  const images: FarImage[] = [];
  for (const name of ["dash", "bash"]) {
    const found = await which(name, path);
    if (found !== undefined) images.push({ name, shell: [found], path });
  }
  const busybox = await which("busybox", path);
  if (busybox !== undefined) {
    const bin = `${folder}/busybox`;
    await Deno.mkdir(bin);
    const listed = await new Deno.Command(busybox, { args: ["--list"] }).output();
    for (const applet of new TextDecoder().decode(listed.stdout).trim().split("\n")) {
      await Deno.symlink(busybox, `${bin}/${applet}`);
    }
    images.push({ name: "busybox", shell: [busybox, "sh"], path: bin });
  }
  return images;
}

/** An image that has only some of this machine's programs. */
export async function imageWith(folder: string, programs: readonly string[]): Promise<FarImage> {
  const bin = await Deno.makeTempDir({ dir: folder });
  const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  for (const program of programs) {
    const found = await which(program, path);
    if (found === undefined) throw new Error(`this machine has no ${program}`);
    await Deno.symlink(found, `${bin}/${program}`);
  }
  return { name: programs.join("+"), shell: [await which("sh", path) ?? "/bin/sh"], path: bin };
}

async function which(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(":")) {
    const file = `${folder}/${program}`;
    if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return file;
  }
  return undefined;
}

/** Opens scripts as processes in a folder. `cut` is asked for each. */
export function farProcess(image: FarImage, cwd: string, cut: () => Cut = () => ({})): OpenFar {
  return (script, args) => {
    const mark = `kodama:${crypto.randomUUID()}:`;
    const [, ...words] = farCommand(script, mark, args);
    const [program = "sh", ...first] = image.shell;
    const process = new Deno.Command(program, {
      args: [...first, ...words],
      cwd,
      clearEnv: true,
      env: { PATH: image.path },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const signal = new AbortController().signal;
    const channel = new ProcessChannel(process, { ...cut(), endless: image.endless ?? false });
    return Promise.resolve(new FarEnd(channel, mark, { signal, closed: new DisposableStack() }));
  };
}

class ProcessChannel implements ExecChannel {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #end = Promise.withResolvers<ChannelEnd>();
  readonly #broken = Promise.withResolvers<"broken">();
  #isBroken = false;
  #input = 0;

  constructor(
    private readonly process: Deno.ChildProcess,
    private readonly cut: Cut & { endless: boolean },
  ) {
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
    let output = 0;
    try {
      while (waiting.size > 0) {
        const one = await Promise.race([...waiting.values(), this.#broken.promise]);
        if (one === "broken") return;
        if (one.value === undefined) waiting.delete(one.stream);
        else {
          if (one.stream === "stdout") output += one.value.length;
          const over = output - (this.cut.afterOutput ?? Infinity);
          if (over > 0) {
            yield { stream: "stdout", bytes: one.value.subarray(0, one.value.length - over) };
            return this.#break();
          }
          waiting.set(one.stream, next(one.stream));
          yield { stream: one.stream, bytes: one.value };
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
    const drain = async ([stream, reader]: [string, ReadableStreamDefaultReader<Uint8Array>]) => {
      await waiting.get(stream);
      while (!(await reader.read()).done);
    };
    if (this.cut.endless) this.process.kill("SIGKILL");
    const closing = this.#writer.close().catch(() => {});
    await Promise.all([closing, ...Object.entries(readers).map(drain)]);
    const { code } = await this.process.status;
    this.#end.resolve(
      this.#isBroken
        ? { kind: "cut", reason: "the link was cut by the test" }
        : { kind: "exited", exitCode: code },
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isBroken) return;
    const room = (this.cut.afterInput ?? Infinity) - this.#input;
    this.#input += bytes.length;
    // The bytes belong to the caller again when this resolves; a pipe's writer may still have them.
    const own = bytes.slice(0, Math.max(0, room));
    if (own.length > 0) await this.#writer.write(own).catch(() => {});
    if (room < bytes.length) this.#break();
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
