/** A container that runs in namespaces: commands beside its main process, signals, its files. */
import type { ContainerProcess } from "../model.ts";
import { containerProcess } from "./child_process.ts";
import type { ContainerFiles } from "./container_files.ts";
import { takeFirstLine } from "./first_line.ts";
import type { ProcessSet } from "./listeners.ts";
import type { Capabilities, ContainerSetup, ExecSetup, RunningContainer } from "./runtime.ts";
import { execStartError, startFailure } from "./start_error.ts";
import { resizeTerminal, terminalArguments, terminalEnvironment } from "./terminal.ts";
import { required, type Tools } from "./tools.ts";

/** The privileges with which the namespaces are created. */
export type NamespaceUser = Extract<Capabilities, { isolation: "namespaces" }>["user"];

/** Returns the args of nsenter for a user namespace, if there is one. */
export function userArguments(user: NamespaceUser): string[] {
  return user === "userNamespace" ? ["--user", "--preserve-credentials"] : [];
}

/** The parts of a container in namespaces. */
export interface NamespaceContainerParts {
  tools: Tools;
  user: NamespaceUser;
  /** A link to nsenter, under the name that identifies its messages. */
  enter: string;
  errorName: string;
  setup: ContainerSetup;
  files: ContainerFiles;
  /** The main process, as this program sees it. */
  pid: number;
  main: ContainerProcess;
  child: Deno.ChildProcess;
}

/** A container in namespaces, once its main process runs. */
export class NamespaceContainer implements RunningContainer {
  readonly main: ContainerProcess;
  readonly processes: ProcessSet;
  readonly #parts: NamespaceContainerParts;
  #ended = false;

  constructor(parts: NamespaceContainerParts) {
    this.#parts = parts;
    this.main = parts.main;
    this.processes = { kind: "procFolder", path: `/proc/${parts.pid}/root/proc` };
    parts.child.status.then(() => {
      this.#ended = true;
    });
  }

  async exec({ command, streams }: ExecSetup): Promise<ContainerProcess> {
    const { tools, user, pid, setup, errorName } = this.#parts;
    const words = this.#insideCommand(command);
    const env = streams.tty ? { TERM: "xterm", ...setup.env } : setup.env;
    const child = new Deno.Command(this.#parts.enter, {
      args: [
        ...["-t", String(pid), ...userArguments(user), "-p", "-u", "--"],
        ...(streams.tty
          ? terminalArguments(tools, { words, env, announce: true })
          : [required(tools, "setsid"), ...words]),
      ],
      clearEnv: true,
      env: streams.tty ? terminalEnvironment(tools, env) : env,
      stdin: streams.stdin ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const options = {
      streams,
      errorPrefix: errorName,
      startError: (code: number) => execStartError(command[0] ?? "", startFailure(code)),
    };
    if (!streams.tty) return containerProcess(child, options);
    const { line, rest } = await takeFirstLine(child.stdout);
    const [, terminal = ""] = line.split(" ");
    return containerProcess(
      {
        stdin: streams.stdin ? child.stdin : new WritableStream(),
        stdout: rest,
        stderr: child.stderr,
        status: child.status,
      },
      { ...options, resize: resizeTerminal(tools, terminal) },
    );
  }

  #insideCommand(command: readonly string[]): string[] {
    const { enter, pid, setup } = this.#parts;
    const dir = setup.workingDir;
    // The folder is opened on this side: older versions of nsenter can't open it on the other.
    const workingDir = dir === "/" ? [] : [`--wd=/proc/${pid}/root${dir}`];
    return [enter, "-t", String(pid), "-m", ...workingDir, "--", ...command];
  }

  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      Deno.kill(this.#parts.pid, signal);
    } catch (error) {
      // It ended in between.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  remove(): Promise<void> {
    return this.#parts.files.remove();
  }
}
