/**
 * Containers as plain processes, if the machine has no namespaces for us: a session, a folder and a clean environment
 * of their own, and nothing more. FIDELITY.md lists the limits.
 */
import type { CommandEnd, ContainerProcess, StreamRequest } from "../model.ts";
import { containerProcess, emptyStream, takeFirstLine } from "./child_process.ts";
import type { ProcessSet } from "./listeners.ts";
import type {
  Capabilities,
  ContainerRuntime,
  ContainerSetup,
  ExecSetup,
  RunningContainer,
} from "./runtime.ts";
import { execStartError, type LookupFailure, mainStartError } from "./start_error.ts";
import {
  requiredTool,
  resizeTerminal,
  terminalArguments,
  terminalEnvironment,
  type Tools,
} from "./tools.ts";

// An image without programs has a main process all the same.
const pauseScript = "trap 'exit 0' TERM INT; while read -r _; do :; done";

/** The options of the runtime. */
interface PlainOptions {
  /** A folder that no other process uses. */
  folder: string;
  tools: Tools;
  /** Why no better runtime is available. */
  reason: string;
}

/** Starts the watchdog. */
export function startPlainRuntime({ folder, tools, reason }: PlainOptions): ContainerRuntime {
  const watchdog = startWatchdog(tools);
  const capabilities: Capabilities = { isolation: "plain", reason };
  return {
    capabilities,
    start: (setup) => startContainer(setup, { folder, tools, watchdog }),
    [Symbol.asyncDispose]: () => watchdog[Symbol.asyncDispose](),
  };
}

interface Parts {
  folder: string;
  tools: Tools;
  watchdog: Watchdog;
}

async function startContainer(setup: ContainerSetup, parts: Parts): Promise<RunningContainer> {
  const root = `${parts.folder}/${setup.id}`;
  const workingDir = root + setup.workingDir.replace(/\/$/, "");
  for (const path of [workingDir, `${root}/tmp`, `${root}/root`]) {
    await Deno.mkdir(path, { recursive: true });
  }
  for (const { source, target, kind } of setup.mounts) {
    await Deno.mkdir((root + target).replace(/\/[^/]+\/?$/, ""), { recursive: true });
    if (kind === "memory") await Deno.mkdir(root + target, { recursive: true });
    else await Deno.symlink(source, (root + target).replace(/\/$/, ""));
  }
  const search: SearchPath = {
    rootfs: setup.image.rootfs,
    machine: setup.image.base === "host",
    path: setup.env["PATH"] ?? "",
    workingDir,
  };
  const container = new PlainContainer({ ...parts, setup, root, search });
  try {
    await container.start();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}

interface ContainerParts extends Parts {
  setup: ContainerSetup;
  root: string;
  search: SearchPath;
}

interface Spawned {
  process: ContainerProcess;
  /** The command's own process, leader of its group. */
  pid: number;
}

class PlainContainer implements RunningContainer {
  readonly processes: ProcessSet;
  readonly #parts: ContainerParts;
  readonly #env: Readonly<Record<string, string>>;
  /** Leaders of the groups that belong to the container and have not ended. */
  readonly #groups = new Set<number>();
  #main: Spawned | undefined;
  #ended = false;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
    const { root, search, setup } = parts;
    this.#env = {
      ...setup.env,
      PATH: machinePath(search),
      HOME: `${root}/root`,
      TMPDIR: `${root}/tmp`,
      KODAMA_ROOT: root,
    };
    this.processes = { kind: "environment", entry: `KODAMA_ROOT=${root}` };
  }

  get main(): ContainerProcess {
    if (this.#main === undefined) throw new Error("the container has not started");
    return this.#main.process;
  }

  /** Starts the main process. Call it once, before any other method. */
  async start(): Promise<void> {
    const { setup, tools } = this.#parts;
    const pause = setup.image.pause && setup.command.length === 0;
    const args = pause
      ? [requiredTool(tools, "sh"), "-c", pauseScript]
      : await this.#found(setup.command, mainStartError);
    const streams = {
      stdin: setup.stdin || pause,
      stdout: true,
      stderr: true,
      tty: setup.tty && !pause,
    };
    this.#main = await this.#spawn(args, streams);
  }

  async exec({ command, streams }: ExecSetup): Promise<ContainerProcess> {
    try {
      return (await this.#spawn(await this.#found(command, execStartError), streams)).process;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return notStarted(error.message);
    }
  }

  async #found(
    command: readonly string[],
    message: typeof mainStartError,
  ): Promise<string[]> {
    const [program = "", ...args] = command;
    const found = await lookUp(program, this.#parts.search);
    if (found.kind === "failed") throw new Error(message(program, found.failure));
    return [found.path, ...args];
  }

  async #spawn(command: readonly string[], streams: StreamRequest): Promise<Spawned> {
    const { tools, watchdog, search } = this.#parts;
    const env = streams.tty ? { TERM: "xterm", ...this.#env } : this.#env;
    const [program = "", ...args] = streams.tty
      ? terminalArguments(tools, { args: command, env, announce: true })
      : command;
    const child = new Deno.Command(program, {
      args,
      cwd: search.workingDir,
      clearEnv: true,
      env: streams.tty ? terminalEnvironment(tools, env) : env,
      detached: true,
      stdin: streams.stdin ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const seen = streams.tty ? await takeFirstLine(child.stdout) : undefined;
    const [announced, terminal = ""] = seen?.line.split(" ") ?? [];
    const pid = Number(announced ?? child.pid);
    this.#groups.add(pid);
    await watchdog.add(pid);
    void child.status.then(() => this.#onExit(pid));
    const process = containerProcess({
      stdin: streams.stdin ? child.stdin : new WritableStream(),
      stdout: seen?.rest ?? child.stdout,
      stderr: child.stderr,
      status: child.status,
    }, { streams, ...(seen === undefined ? {} : { resize: resizeTerminal(tools, terminal) }) });
    return { process, pid };
  }

  /**
   * Handles the end of a leader: the main process, and with it the container, or one beside it, whose children
   * continue.
   */
  async #onExit(pid: number): Promise<void> {
    if (pid === this.#main?.pid) {
      this.#ended = true;
      this.#killGroups();
    }
    if (killGroup(pid, "SIGCONT")) return;
    this.#groups.delete(pid);
    await this.#parts.watchdog.remove(pid).catch(() => {});
  }

  #killGroups(): void {
    for (const pid of this.#groups) killGroup(pid, "SIGKILL");
  }

  signal(signal: Deno.Signal): void {
    if (!this.#ended && this.#main !== undefined) killProcess(this.#main.pid, signal);
  }

  async remove(): Promise<void> {
    this.#killGroups();
    for (const pid of this.#groups) await this.#parts.watchdog.remove(pid).catch(() => {});
    await Deno.remove(this.#parts.root, { recursive: true });
  }
}

/** Returns false if no process of the group remains. */
function killGroup(pid: number, signal: Deno.Signal): boolean {
  return killProcess(-pid, signal);
}

function killProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function notStarted(message: string): ContainerProcess {
  const end: CommandEnd = { kind: "notStarted", message };
  return {
    stdin: undefined,
    stdout: emptyStream(),
    stderr: emptyStream(),
    end: Promise.resolve(end),
    resize: () => Promise.resolve(),
    release: () => Promise.resolve(),
  };
}

/*
 * Ends plain processes when this program has ended.
 *
 * Without PID namespaces the kernel does not do it. A small shell reads a pipe on which the node writes the process
 * groups that live; when the pipe ends, for any reason, it kills those that remain.
 */

const script = `groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    remove) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;

/** A running watchdog. Disposing it kills every remaining group. */
interface Watchdog extends AsyncDisposable {
  /** Ties this process group to the node's lifetime. */
  add(group: number): Promise<void>;
  /** Removes a group that has ended by itself. */
  remove(group: number): Promise<void>;
}

/** Starts it, in a session of its own: a Ctrl-C at the node's terminal must not reach it. */
function startWatchdog(tools: Tools): Watchdog {
  const child = new Deno.Command(requiredTool(tools, "sh"), {
    args: ["-c", script],
    clearEnv: true,
    detached: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const send = (verb: string, group: number) =>
    writer.write(new TextEncoder().encode(`${verb} ${group}\n`));
  return {
    add: (group) => send("add", group),
    remove: (group) => send("remove", group),
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}

/* Finds programs for containers that have no root filesystem of their own. */

/** The folders that may hold a program. */
interface SearchPath {
  /** The image's own files, if it has any: they come first. */
  rootfs: string | undefined;
  /** Whether the machine's programs are included. */
  machine: boolean;
  /** The container's `PATH`. */
  path: string;
  /** The base of a relative path. */
  workingDir: string;
}

/** The program's path on this machine, or why there is none. */
type LookupResult = { kind: "found"; path: string } | {
  kind: "failed";
  failure: LookupFailure;
};

/** Resolves a program as execvp(3) does. */
async function lookUp(program: string, search: SearchPath): Promise<LookupResult> {
  let failure: LookupFailure = "notFound";
  for (const candidate of candidates(program, search)) {
    const info = await Deno.stat(candidate).catch(() => undefined);
    if (info === undefined) continue;
    if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return { kind: "found", path: candidate };
    failure = "notExecutable";
  }
  return { kind: "failed", failure };
}

function candidates(program: string, search: SearchPath): string[] {
  const inRoots = (path: string) => [
    ...(search.rootfs === undefined ? [] : [search.rootfs + path]),
    ...(search.machine ? [path] : []),
  ];
  if (program.startsWith("/")) return inRoots(program);
  if (program.includes("/")) return [`${search.workingDir}/${program}`];
  const folders = search.path.split(":").filter((folder) => folder.startsWith("/"));
  // A program of the image precedes any of the machine's, wherever in PATH either is.
  const all = folders.map((folder) => inRoots(`${folder}/${program}`));
  return [...all.map(([first]) => first), ...all.map(([, second]) => second)]
    .filter((path) => path !== undefined);
}

/** `PATH` with the image's own folders, as they are on this machine, in front. */
function machinePath({ rootfs, path }: SearchPath): string {
  if (rootfs === undefined) return path;
  const own = path.split(":").filter((folder) => folder.startsWith("/")).map((folder) =>
    rootfs + folder
  );
  return [...own, path].join(":");
}
