/**
 * A machine whose containers are functions: a node on it starts no process, writes no file, and knows no time but its
 * clock's. The node, its pods' lives and the API above them are the real ones.
 */
import { passed } from "../../../../src/base/abort.ts";
import type { Clock } from "../../../../src/base/clock.ts";
import type { CommandEnd, ContainerProcess, StreamRequest } from "../../model.ts";
import { emptyStream } from "../child_process.ts";
import { type Image, ImageStore } from "../images.ts";
import type { NodeMachine } from "../node.ts";
import type { ContainerRuntime, ContainerSetup, RunningContainer } from "../runtime.ts";
import { MemoryFiles } from "./memory_files.ts";
import { Pipe } from "./pipe.ts";

/** A process as its script sees it. */
export interface ScriptedProcess {
  /** `main`: the end of the process is that of its container. */
  readonly role: "main" | "exec";
  readonly command: readonly string[];
  readonly container: ContainerSetup;
  /** Ends when the writer closes it or disconnects; at once if it wasn't requested. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Aborts when the process is killed: nothing that its script does then has an effect. */
  readonly killed: AbortSignal;
  /** Resolves when the pipe has room. */
  print(output: string | Uint8Array, stream?: "stdout" | "stderr"): Promise<void>;
  /** Resolves after a time; false if the process is killed before. */
  passed(delayMs: number): Promise<boolean>;
}

/** The behaviour of a process; returns its exit code. It runs whatever its first word is. */
export type Script = (process: ScriptedProcess) => Promise<number>;

/** A script for the main process of a container: it runs until a signal ends it. */
export const untilSignal: Script = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener("abort", () => resolve(0), { once: true }));

/** A {@link NodeMachine} for tests. */
export interface ScriptedMachine extends NodeMachine {
  /** Cuts the streams of every running exec, as a kubelet that ends does: its processes continue. */
  loseStreams(reported: CommandEnd): void;
}

/** Creates one; `run` is the script of every process. Every image exists. */
export function scriptedMachine({ clock, run }: { clock: Clock; run: Script }): ScriptedMachine {
  const runtime = new ScriptedRuntime(clock, run);
  return {
    runtime,
    images: {
      resolve: (text) => new ImageStore([{ ...image, names: [nameOf(text)] }]).resolve(text),
    },
    files: new MemoryFiles(),
    loseStreams: (reported) => runtime.loseStreams(reported),
  };
}

const image: Image = {
  names: [],
  base: "host",
  env: {},
  entrypoint: [],
  cmd: ["main"],
  workingDir: "/",
  pause: false,
  rootfs: undefined,
  digest: "0".repeat(64),
};

/** Returns the last part of a repository, without registry, tag and digest. */
function nameOf(reference: string): string {
  return /([^/:@]*)(?::[^/@]*)?(?:@.*)?$/.exec(reference)?.[1] ?? "";
}

class ScriptedRuntime implements ContainerRuntime {
  readonly capabilities = { isolation: "plain", reason: "its containers are scripts" } as const;
  readonly #containers = new Set<ScriptedContainer>();

  constructor(private readonly clock: Clock, private readonly run: Script) {}

  start(setup: ContainerSetup): Promise<RunningContainer> {
    const container = new ScriptedContainer(setup, this.clock, this.run);
    this.#containers.add(container);
    container.main.end.finally(() => this.#containers.delete(container));
    return Promise.resolve(container);
  }

  loseStreams(reported: CommandEnd): void {
    for (const container of this.#containers) container.loseStreams(reported);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#containers) container.kill();
    return Promise.resolve();
  }
}

const signalCodes: Partial<Record<Deno.Signal, number>> = { SIGKILL: 137, SIGTERM: 143 };

class ScriptedContainer implements RunningContainer {
  readonly main: RunningScript;
  readonly processes = { kind: "environment", entry: "KODAMA_SCRIPTED=" } as const;
  readonly #execs = new Set<RunningScript>();

  constructor(
    private readonly setup: ContainerSetup,
    private readonly clock: Clock,
    private readonly run: Script,
  ) {
    const { stdin, tty, command } = setup;
    this.main = this.#start("main", command, { stdin, stdout: true, stderr: true, tty });
  }

  exec(
    { command, streams }: { command: readonly string[]; streams: StreamRequest },
  ): Promise<ContainerProcess> {
    const process = this.#start("exec", command, streams);
    this.#execs.add(process);
    process.over.finally(() => this.#execs.delete(process));
    return Promise.resolve(process);
  }

  signal(signal: Deno.Signal): void {
    this.main.kill(signalCodes[signal] ?? 137);
  }

  loseStreams(reported: CommandEnd): void {
    for (const process of this.#execs) process.lose(reported);
  }

  kill(): void {
    this.main.kill(137);
    for (const process of this.#execs) process.kill(137);
  }

  remove(): Promise<void> {
    this.kill();
    return Promise.resolve();
  }

  #start(role: "main" | "exec", command: readonly string[], streams: StreamRequest) {
    const { clock, run, setup: container } = this;
    return new RunningScript({ role, command, container, streams, clock, run });
  }
}

interface ScriptOptions {
  role: "main" | "exec";
  command: readonly string[];
  container: ContainerSetup;
  streams: StreamRequest;
  clock: Clock;
  run: Script;
}

class RunningScript implements ContainerProcess {
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly end: Promise<CommandEnd>;
  /** Resolves when the process itself is over, whatever was reported of it. */
  readonly over: Promise<void>;
  readonly #input = new Pipe();
  readonly #output = { stdout: new Pipe(), stderr: new Pipe() };
  readonly #killed = new AbortController();
  readonly #reported = Promise.withResolvers<CommandEnd>();

  constructor({ role, command, container, streams, clock, run }: ScriptOptions) {
    const pipes = this.#output;
    const input = this.#input;
    if (streams.stdin) {
      this.stdin = new WritableStream({
        write: (bytes) => input.write(bytes),
        close: () => input.end(),
      });
    } else input.end();
    this.stdout = streams.stdout ? pipes.stdout.readable() : emptyStream();
    this.stderr = streams.stderr && !streams.tty ? pipes.stderr.readable() : emptyStream();
    if (!streams.stdout) pipes.stdout.discard();
    if (!streams.stderr && !streams.tty) pipes.stderr.discard();
    this.end = this.#reported.promise;
    const { signal: killed } = this.#killed;
    const ran = run({
      role,
      command,
      container,
      input,
      killed,
      print: (output, stream = "stdout") => {
        const bytes = typeof output === "string" ? new TextEncoder().encode(output) : output;
        return pipes[streams.tty ? "stdout" : stream].write(bytes);
      },
      passed: (delayMs) => passed(clock, delayMs, { signal: killed }),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    killed.addEventListener("abort", () => resolve(), { once: true });
    ran.then((exitCode) => {
      this.#finish({ kind: "exited", exitCode });
      resolve();
    });
  }

  /** Ends the process with a signal's exit code. */
  kill(exitCode: number): void {
    this.#finish({ kind: "exited", exitCode });
    this.#killed.abort();
  }

  /** Reports an end of the streams while the process continues. */
  lose(reported: CommandEnd): void {
    this.#finish(reported);
    this.#input.end();
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  release(): Promise<void> {
    this.#input.end();
    for (const pipe of Object.values(this.#output)) pipe.discard();
    return Promise.resolve();
  }

  #finish(end: CommandEnd): void {
    for (const pipe of Object.values(this.#output)) pipe.end();
    this.#reported.resolve(end);
  }
}
