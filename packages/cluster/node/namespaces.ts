/**
 * Containers in namespaces of their own (mount, PID, UTS), made with util-linux.
 *
 * A start runs `nsenter` (into the holder), `unshare`, one shell script and the container's command, each becoming the
 * next except the two forks that PID namespaces need. An exec runs `nsenter` twice: into the PID namespace with the
 * machine's programs still at hand, so that a session (or a terminal) is created without anything from the image, then
 * into the mount namespace.
 */
import { containerProcess, takeFirstLine } from "./child_process.ts";
import { type ContainerFiles, fstabField, prepareContainerFiles } from "./container_files.ts";
import { deviceFiles, type HostView, prepareHostView } from "./host_view.ts";
import type {
  Capabilities,
  ContainerRuntime,
  ContainerSetup,
  ExecSetup,
  RunningContainer,
} from "./runtime.ts";
import { execStartError, mainStartError, startFailure } from "./start_error.ts";
import {
  requiredTool,
  resizeTerminal,
  terminalArguments,
  terminalEnvironment,
  type Tools,
} from "./tools.ts";
import type { ContainerProcess } from "../model.ts";
import type { ProcessSet } from "./listeners.ts";

// The first line, for the node, is written when all is ready. Standard error carries it because standard output is the
// container's from its first byte; a terminal has one stream alone. The container's PATH is already in effect, and
// isn't searched for the runtime's own programs.
const setupScript = (tools: Tools) =>
  `set -e
read -r pid _ </proc/self/stat
mode=$1 fstab=$2 root=$3 name=$4 enter=$5 dir=$6
shift 6
echo "$name" 2>/dev/null >/proc/sys/kernel/hostname || ${requiredTool(tools, "hostname")} "$name"
# The table names the container's layers by names in its folder.
cd "$root/.."
${requiredTool(tools, "mount")} -n -a -T "$fstab"
cd "$root"
${requiredTool(tools, "mount")} -n --move . /
[ -d ".$dir" ] || ${requiredTool(tools, "mkdir")} -p ".$dir"
case $mode in
  tty) echo "$pid $(${requiredTool(tools, "tty")})" ;;
  *) echo "$pid" >&2 ;;
esac
if [ "$mode" = pause ]; then
  trap 'exit 0' TERM INT
  while read -r _; do :; done
  exit 0
fi
set -- "$enter" --root=. --wd=".$dir" -- "$@"
# A terminal comes with a session; without one the command gets its own.
if [ "$mode" = tty ]; then exec "$@"; else exec ${requiredTool(tools, "setsid")} "$@"; fi
`;

// Process 1 of the new PID namespace is what this shell forks first. unshare(1) could fork by itself, but it fails in
// its own way, with exit code 1, if that process was killed; a shell reports 137. With a terminal, it is script(1) that
// runs the set-up in a shell of its own.
const launchScript = (tools: Tools) =>
  `setup() {
${setupScript(tools)}
}
exec 3<&0
"$@" <&3 3<&- &
exec 3<&- >/dev/null 2>&1
wait $!
`;

/** The options of the runtime. */
interface NamespaceOptions {
  /** An empty folder that no other process uses. */
  folder: string;
  tools: Tools;
  user: NamespaceUser;
}

/** Starts the holder and creates the machine's view. Throws if this machine doesn't allow it. */
export async function startNamespaceRuntime(options: NamespaceOptions): Promise<ContainerRuntime> {
  const { folder, tools, user } = options;
  const view = await prepareHostView(`${folder}/host`);
  // A program prints its own name in its messages. No process in a container can know this one.
  const errorName = `runtime-${crypto.randomUUID()}`;
  const enter = `${folder}/${errorName}`;
  await Deno.symlink(requiredTool(tools, "nsenter"), enter);
  const holder = await startHolder(tools, view, user);
  const workingDirInside = await entersByPathInside(tools);
  return new NamespaceRuntime({
    folder,
    tools,
    user,
    view,
    holder,
    enter,
    errorName,
    workingDirInside,
  });
}

/** Returns whether nsenter has `--wdns`, as of util-linux 2.38. */
async function entersByPathInside(tools: Tools): Promise<boolean> {
  const { success } = await new Deno.Command(requiredTool(tools, "nsenter"), {
    args: ["--wdns=/", "--", requiredTool(tools, "sh"), "-c", ":"],
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

interface Parts extends NamespaceOptions {
  view: HostView;
  holder: Holder;
  /** A link to nsenter, under the name that identifies its messages. */
  enter: string;
  errorName: string;
  /** Whether nsenter can change to a folder of the namespaces that it enters. */
  workingDirInside: boolean;
}

class NamespaceRuntime implements ContainerRuntime {
  readonly capabilities: Capabilities;

  constructor(private readonly parts: Parts) {
    this.capabilities = { isolation: "namespaces", user: parts.user };
  }

  async start(setup: ContainerSetup): Promise<RunningContainer> {
    const { folder, view, user } = this.parts;
    const files = await prepareContainerFiles(setup, {
      folder: `${folder}/${setup.id}`,
      view,
      userNamespace: user === "userNamespace",
    });
    try {
      return await startContainer(this.parts, setup, files);
    } catch (error) {
      await files.remove();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.holder[Symbol.asyncDispose]();
    await Deno.remove(this.parts.enter);
    await Deno.remove(`${this.parts.folder}/host`, { recursive: true });
  }
}

async function startContainer(
  parts: Parts,
  setup: ContainerSetup,
  files: ContainerFiles,
): Promise<RunningContainer> {
  const { tools, user, holder, errorName } = parts;
  const mode = setup.image.pause && setup.command.length === 0
    ? "pause"
    : setup.tty
    ? "tty"
    : "plain";
  const env = setup.tty ? { TERM: "xterm", ...setup.env } : setup.env;
  const args = setupArgs(parts, setup, files, mode);
  const child = new Deno.Command(requiredTool(tools, "nsenter"), {
    args: [
      ...["-t", String(holder.pid), ...userArguments(user), "-m", "-p", "--"],
      ...[requiredTool(tools, "unshare"), "-m", "-u", "-p", "--"],
      ...[requiredTool(tools, "sh"), "-c", launchScript(tools), "sh"],
      ...(mode === "tty"
        ? terminalArguments(tools, {
          args: [requiredTool(tools, "sh"), "-c", setupScript(tools), "sh", ...args],
          env,
        })
        : ["setup", ...args]),
    ],
    clearEnv: true,
    env: mode === "tty" ? terminalEnvironment(tools, env) : env,
    stdin: setup.stdin || mode === "pause" ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const first = await takeFirstLine(mode === "tty" ? child.stdout : child.stderr);
  const [pid, terminal] = first.line.split(" ");
  if (!first.complete || !/^\d+$/.test(pid ?? "")) {
    throw await failedSetup(child, mode === "tty" ? "tty" : "pipe", first);
  }
  const main = containerProcess({
    stdin: setup.stdin || mode === "pause" ? child.stdin : new WritableStream(),
    stdout: mode === "tty" ? first.rest : child.stdout,
    stderr: mode === "tty" ? child.stderr : first.rest,
    status: child.status,
  }, {
    streams: {
      stdin: setup.stdin || mode === "pause",
      stdout: true,
      stderr: true,
      tty: mode === "tty",
    },
    errorPrefix: errorName,
    startError: (code) => mainStartError(setup.command[0] ?? "", startFailure(code)),
    ...(terminal === undefined ? {} : { resize: resizeTerminal(tools, terminal) }),
  });
  return new NamespaceContainer({ ...parts, setup, files, pid: Number(pid), main, child });
}

/** Returns the arguments of the set-up. */
function setupArgs(
  { enter }: Parts,
  { hostname, workingDir, command }: ContainerSetup,
  { fstab, root }: ContainerFiles,
  mode: string,
): string[] {
  return [mode, fstab, root, hostname, enter, workingDir, ...command];
}

async function failedSetup(
  child: Deno.ChildProcess,
  kind: "tty" | "pipe",
  first: { line: string; rest: ReadableStream<Uint8Array> },
): Promise<Error> {
  const other = kind === "tty" ? child.stderr : child.stdout;
  const [rest] = await Promise.all([new Response(first.rest).text(), other.cancel(), child.status]);
  const output = `${first.line}\n${rest}`.trim().slice(0, 1000);
  return new Error(
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
      `unable to start container process: ${output || "the set-up exited without output"}`,
  );
}

// Through the machine's own /proc the shell sees its process id as this program needs it.
/*
 * The parent process of all containers.
 *
 * It is process 1 of a PID namespace in which every container has a nested one, and it reads a pipe whose other end
 * this program holds. When this program ends in any way, the pipe closes, the holder exits, and the kernel ends every
 * process of every container and with them every mount.
 */

const script = `set -e
read -r pid _ </proc/self/stat
"$2" -n -a -T "$1"
echo "$pid"
while read -r _; do :; done
`;

/** A running holder. */
interface Holder extends AsyncDisposable {
  readonly pid: number;
}

/** Starts it. Throws with the machine's message if it doesn't allow namespaces. */
async function startHolder(
  tools: Tools,
  view: HostView,
  user: Extract<Capabilities, { isolation: "namespaces" }>["user"],
): Promise<Holder> {
  const fstab = `${view.devices}.fstab`;
  await Deno.writeTextFile(fstab, deviceMounts(view.devices));
  const child = new Deno.Command(requiredTool(tools, "unshare"), {
    args: [
      ...(user === "userNamespace" ? ["--user", "--map-root-user"] : []),
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      requiredTool(tools, "sh"),
      "-c",
      script,
      "sh",
      fstab,
      requiredTool(tools, "mount"),
    ],
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaint = new Response(child.stderr).text();
  const { line, complete, rest } = await takeFirstLine(child.stdout);
  const close = async () => {
    await child.stdin.close().catch(() => {});
    await Promise.all([child.status, complaint, rest.cancel()]);
  };
  if (!complete) {
    await close();
    throw new Error((await complaint).trim() || "unshare exited without output");
  }
  return { pid: Number(line), [Symbol.asyncDispose]: close };
}

function deviceMounts(folder: string): string {
  const mountPoint = fstabField(folder);
  const lines = deviceFiles.map((name) => `/dev/${name} ${mountPoint}/${name} none bind 0 0`);
  return [...lines, `/dev/pts ${mountPoint}/pts none bind 0 0`, ""].join("\n");
}

/* A container that runs in namespaces: commands beside its main process, signals, its files. */

/** The privileges with which the namespaces are created. */
type NamespaceUser = Extract<Capabilities, { isolation: "namespaces" }>["user"];

/** Returns the args of nsenter for a user namespace, if there is one. */
function userArguments(user: NamespaceUser): string[] {
  return user === "userNamespace" ? ["--user", "--preserve-credentials"] : [];
}

/** The parts of a container in namespaces. */
interface NamespaceContainerParts {
  tools: Tools;
  user: NamespaceUser;
  /** A link to nsenter, under the name that identifies its messages. */
  enter: string;
  errorName: string;
  workingDirInside: boolean;
  setup: ContainerSetup;
  files: ContainerFiles;
  /** The main process, as this program sees it. */
  pid: number;
  main: ContainerProcess;
  child: Deno.ChildProcess;
}

/** A container in namespaces, once its main process runs. */
class NamespaceContainer implements RunningContainer {
  readonly main: ContainerProcess;
  readonly processes: ProcessSet;
  #ended = false;

  constructor(private readonly parts: NamespaceContainerParts) {
    this.main = parts.main;
    this.processes = { kind: "procFolder", path: `/proc/${parts.pid}/root/proc` };
    parts.child.status.then(() => {
      this.#ended = true;
    });
  }

  async exec({ command, streams }: ExecSetup): Promise<ContainerProcess> {
    const { tools, user, pid, setup, errorName } = this.parts;
    const args = this.#insideCommand(command);
    const env = streams.tty ? { TERM: "xterm", ...setup.env } : setup.env;
    const child = new Deno.Command(this.parts.enter, {
      args: [
        ...["-t", String(pid), ...userArguments(user), "-p", "-u", "--"],
        ...(streams.tty
          ? terminalArguments(tools, { args, env, announce: true })
          : [requiredTool(tools, "setsid"), ...args]),
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
    const { enter, pid, setup, workingDirInside } = this.parts;
    const dir = setup.workingDir;
    // The root of the main process is still the machine's at its very start, so an older nsenter, which opens the
    // folder on this side, fails in a container that is a few milliseconds old.
    const workingDir = dir === "/"
      ? []
      : [workingDirInside ? `--wdns=${dir}` : `--wd=/proc/${pid}/root${dir}`];
    return [enter, "-t", String(pid), "-m", ...workingDir, "--", ...command];
  }

  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      Deno.kill(this.parts.pid, signal);
    } catch (error) {
      // It ended in between.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  remove(): Promise<void> {
    return this.parts.files.remove();
  }
}
