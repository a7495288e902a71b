/**
 * Containers as plain processes, if the machine has no namespaces for us: a session, a folder and a clean environment
 * of their own. The folder, `$KODAMA_ROOT`, holds the container's volumes, working folder and temporary files; the
 * paths of these in commands and variables are translated ({@link ContainerPaths}). FIDELITY.md lists the limits.
 */
import type { CommandEnd, ContainerProcess, StreamRequest } from "../model.ts";
import { containerProcess, emptyStream, takeFirstLine } from "./child_process.ts";
import type { ProcessSet } from "./listeners.ts";
import type {
  Capabilities,
  ContainerRuntime,
  ContainerSetup,
  ExecSetup,
  Mount,
  RunningContainer,
} from "./runtime.ts";
import { ContainerPaths, escapePattern, ownFolders } from "./container_paths.ts";
import { execStartError, type LookupFailure, mainStartError } from "./start_error.ts";
import {
  removeFolder,
  requiredTool,
  resizeTerminal,
  systemPath,
  terminalArguments,
  terminalEnvironment,
  type Tools,
} from "./tools.ts";

// An image without programs has a main process all the same.
const pauseScript = "trap 'exit 0' TERM INT; while read -r _; do :; done";

/** The options of the runtime. */
interface PlainOptions {
  /** The node's folder, with the volumes. */
  dataDir: string;
  tools: Tools;
  /** Why no better runtime is available. */
  reason: string;
}

/** Starts the watchdog. */
export async function startPlainRuntime(
  { dataDir, tools, reason }: PlainOptions,
): Promise<ContainerRuntime> {
  // Commands print these paths, prompts show them, and a socket's path has no more than 107 bytes.
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "kodama-" });
  const programs = `${folder}/programs`;
  await Deno.mkdir(programs, { recursive: true });
  await Deno.writeTextFile(`${programs}/hostname`, hostnameScript(tools), { mode: 0o755 });
  const watchdog = startWatchdog(tools, folder);
  const capabilities: Capabilities = { isolation: "plain", reason };
  const parts = {
    ...{ folder, dataDir, programs, tools, watchdog },
    remains: new Remains(tools),
    links: new NestedLinks(),
  };
  return {
    capabilities,
    start: (setup) => startContainer(setup, parts),
    [Symbol.asyncDispose]: () => watchdog[Symbol.asyncDispose](),
  };
}

// The machine's name isn't the pod's.
const hostnameScript = (tools: Tools) =>
  `#!${requiredTool(tools, "sh")}
[ $# = 0 ] || exec ${tools.hostname ?? "hostname"} "$@"
printf '%s\\n' "$HOSTNAME"
`;

interface Parts {
  /** Holds a folder for each container. */
  folder: string;
  dataDir: string;
  /** Programs that stand in for those of the machine. */
  programs: string;
  tools: Tools;
  watchdog: Watchdog;
  remains: Remains;
  links: NestedLinks;
}

async function startContainer(setup: ContainerSetup, parts: Parts): Promise<RunningContainer> {
  const root = `${parts.folder}/${setup.id.slice(0, 8)}`;
  const { workingDir } = setup;
  await Deno.mkdir(root, { recursive: true });
  try {
    await linkVolumes(root, setup, parts.links);
    for (const path of [...ownFolders, workingDir]) {
      await Deno.mkdir(root + path, { recursive: true });
    }
    await Deno.mkdir(`${root}/etc`, { recursive: true });
    await Deno.writeTextFile(`${root}/etc/hostname`, `${setup.hostname}\n`);
    const search: SearchPath = {
      rootfs: setup.image.rootfs,
      machine: setup.image.base === "host",
      path: setup.env["PATH"] ?? "",
      workingDir: root + workingDir,
    };
    const paths = new ContainerPaths(root, {
      owned: [workingDir, "/etc/hostname", ...setup.mounts.map(({ target }) => target)],
      machine: [parts.folder, parts.dataDir],
    });
    const container = new PlainContainer({ ...parts, setup, root, search, paths });
    try {
      await container.start();
    } catch (error) {
      await container.remove();
      throw error;
    }
    return container;
  } catch (error) {
    await parts.links.remove(root);
    throw error;
  }
}

/** Makes the volumes visible below the container's folder, by links. */
async function linkVolumes(
  root: string,
  { mounts }: ContainerSetup,
  links: NestedLinks,
): Promise<void> {
  for (const [index, { source, target, kind }] of mounts.entries()) {
    const path = root + target;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (kind === "memory") await Deno.mkdir(path, { recursive: true });
    else if (mounts.slice(0, index).some((mount) => target.startsWith(`${mount.target}/`))) {
      await links.add(root, path, { source, target });
    } else await Deno.symlink(source, path);
  }
}

/** Links to volumes that are mounted within others, whose files outlive a container and are shared. */
class NestedLinks {
  /** The path of each link, with the roots of the containers that use it. */
  readonly #links = new Map<string, { source: string; roots: Set<string> }>();

  /** Throws if the place holds files, or another volume of a container that runs. */
  async add(
    root: string,
    path: string,
    { source, target }: Pick<Mount, "source" | "target">,
  ): Promise<void> {
    const real = `${await Deno.realPath(path.slice(0, path.lastIndexOf("/")))}/${
      path.slice(path.lastIndexOf("/") + 1)
    }`;
    const present = this.#links.get(real);
    if (present?.source === source) return void present.roots.add(root);
    // The place of an earlier mount: a link, or an empty folder.
    if (present === undefined) await removeEmpty(real);
    await Deno.symlink(source, real).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      const what = present === undefined ? "files" : "another volume";
      throw new Error(
        `the volume at ${target} can't be mounted: at its place in another volume is ${what}, which only a mount ` +
          "could hide (this cluster's containers are plain processes: FIDELITY.md)",
      );
    });
    this.#links.set(real, { source, roots: new Set([root]) });
  }

  /** Removes the links that only this container used. */
  async remove(root: string): Promise<void> {
    for (const [path, { roots }] of this.#links) {
      if (!roots.delete(root) || roots.size > 0) continue;
      this.#links.delete(path);
      await Deno.remove(path).catch(() => {});
    }
  }
}

async function removeEmpty(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (info?.isSymlink || info?.isDirectory) await Deno.remove(path).catch(() => {});
}

interface ContainerParts extends Parts {
  setup: ContainerSetup;
  root: string;
  search: SearchPath;
  paths: ContainerPaths;
}

interface Spawned {
  process: ContainerProcess;
  /** The command's own process, leader of its group. */
  pid: number;
}

class PlainContainer implements RunningContainer {
  readonly processes: ProcessSet;
  readonly #env: Readonly<Record<string, string>>;
  /** Leaders of the groups that belong to the container and have not ended. */
  readonly #groups = new Set<number>();
  #main: Spawned | undefined;
  #ended = false;

  constructor(private readonly parts: ContainerParts) {
    const { root, search, setup, paths, programs } = parts;
    const path = machinePath(search);
    this.#env = {
      HOME: `${root}/root`,
      TMPDIR: `${root}/tmp`,
      ...Object.fromEntries(
        Object.entries(setup.env).map(([name, value]) => [name, paths.translate(value)]),
      ),
      // Shells print it, where it leads to the same folder as the volume's own path.
      PWD: search.workingDir,
      PATH: search.machine ? `${programs}:${path}` : path,
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
    const { setup, tools } = this.parts;
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
    const { paths, search, programs } = this.parts;
    const [program = "", ...args] = command;
    const own = paths.translate(program);
    let found = await lookUp(own, search);
    // A program of the machine may lie in a folder that a container has for itself: an installed Deno in a home.
    if (found.kind === "failed" && own !== program) found = await lookUp(program, search);
    if (found.kind === "failed") throw new Error(message(program, found.failure));
    const path = program === "hostname" && search.machine ? `${programs}/hostname` : found.path;
    return [path, ...args.map((arg) => paths.translate(arg))];
  }

  async #spawn(command: readonly string[], streams: StreamRequest): Promise<Spawned> {
    const { tools, watchdog, search } = this.parts;
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
    // It was started while the container ended.
    if (this.#ended) killGroup(pid, "SIGKILL");
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
    await this.parts.watchdog.remove(pid).catch(() => {});
  }

  #killGroups(): void {
    for (const pid of this.#groups) killGroup(pid, "SIGKILL");
  }

  signal(signal: Deno.Signal): void {
    if (!this.#ended && this.#main !== undefined) killProcess(this.#main.pid, signal);
  }

  async remove(): Promise<void> {
    this.#killGroups();
    for (const pid of this.#groups) await this.parts.watchdog.remove(pid).catch(() => {});
    const { remains, links, root } = this.parts;
    await remains.kill(root);
    await links.remove(root);
    await removeFolder(root);
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
 * Processes that left their group, as each does that makes a session of its own, are known by their environment. Only
 * proc(5) shows that; elsewhere they outlive their container.
 */

/**
 * Kills those of which an entry of the environment matches $1, those that they start meanwhile included. Others' can't be
 * read, which grep's exit code reports as an error.
 */
const killScript = `
left=100
while pids=$(grep -lsz -e "$1" /proc/[0-9]*/environ); [ "$pids" ] && [ $left -gt 0 ]; do
  left=$((left - 1))
  for pid in $pids; do pid=\${pid#/proc/}; kill -9 "\${pid%/environ}"; done
done 2>/dev/null
`;

/** Ends the processes that containers have left, of several containers at once: each search reads all processes. */
class Remains {
  readonly #waiting = new Set<string>();
  #running = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(private readonly tools: Tools) {}

  /** Kills the processes of the container whose folder this is. */
  async kill(root: string): Promise<void> {
    if (Deno.build.os !== "linux") return;
    this.#waiting.add(root);
    // A search under way may have passed these processes already.
    await (this.#next ??= this.#running = this.#running.then(() => this.#search()));
  }

  async #search(): Promise<void> {
    const roots = [...this.#waiting].map((root) => `^KODAMA_ROOT=${escapePattern(root)}$`);
    this.#waiting.clear();
    this.#next = undefined;
    await new Deno.Command(requiredTool(this.tools, "sh"), {
      args: ["-c", killScript, "sh", roots.join("\n")],
      clearEnv: true,
      env: { PATH: systemPath, LC_ALL: "C" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
  }
}

/*
 * Ends plain processes, and removes their files, when this program has ended.
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
[ ! -e /proc/self/environ ] || {
${killScript}
}
rm -rf -- "$2"
`;

/** A running watchdog. Disposing it kills every remaining group. */
interface Watchdog extends AsyncDisposable {
  /** Ties this process group to the node's lifetime. */
  add(group: number): Promise<void>;
  /** Removes a group that has ended by itself. */
  remove(group: number): Promise<void>;
}

/** Starts it, in a session of its own: a Ctrl-C at the node's terminal must not reach it. */
function startWatchdog(tools: Tools, folder: string): Watchdog {
  const child = new Deno.Command(requiredTool(tools, "sh"), {
    args: ["-c", script, "sh", `^KODAMA_ROOT=${escapePattern(folder)}/`, folder],
    clearEnv: true,
    env: { PATH: systemPath, LC_ALL: "C" },
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
