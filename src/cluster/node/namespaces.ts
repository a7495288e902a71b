/**
 * Containers in namespaces of their own (mount, PID, UTS), made with util-linux.
 *
 * A start runs `nsenter` (into the holder), `unshare`, one shell script and the container's command,
 * each becoming the next but for the two forks that PID namespaces ask for. An exec runs `nsenter`
 * twice: into the PID namespace with the machine's programs still at hand, so that a session (or a
 * terminal) is made without anything from the image, then into the mount namespace.
 */
import type { ContainerProcess } from "../model.ts";
import { containerProcess } from "./child_process.ts";
import { type ContainerFiles, prepareContainerFiles } from "./container_files.ts";
import { takeFirstLine } from "./first_line.ts";
import { type Holder, startHolder } from "./holder.ts";
import { type HostView, prepareHostView } from "./host_view.ts";
import type {
  Capabilities,
  ContainerRuntime,
  ContainerSetup,
  ExecSetup,
  RunningContainer,
} from "./runtime.ts";
import { execStartError, mainStartError, startFailure } from "./start_error.ts";
import { resizeTerminal, terminalArguments, terminalEnvironment } from "./terminal.ts";
import { required, type Tools } from "./tools.ts";

type User = Extract<Capabilities, { isolation: "namespaces" }>["user"];

// The first line, for the node, is written when all is ready. Standard error carries it because
// standard output is the container's from its first byte; a terminal has one stream alone.
const setupScript = `set -e
read -r pid _ </proc/self/stat
mode=$1 fstab=$2 root=$3 name=$4 enter=$5 dir=$6 mount=$7 hostname=$8
shift 8
echo "$name" 2>/dev/null >/proc/sys/kernel/hostname || "$hostname" "$name"
"$mount" -n -a -T "$fstab"
cd "$root"
"$mount" -n --move . /
[ -d ".$dir" ] || mkdir -p ".$dir"
case $mode in
  tty) echo "$pid $(tty)" ;;
  *) echo "$pid" >&2 ;;
esac
if [ "$mode" = pause ]; then
  trap 'exit 0' TERM INT
  while read -r _; do :; done
  exit 0
fi
exec "$enter" --root=. --wd=".$dir" -- "$@"
`;

// Process 1 of the new PID namespace is what this shell forks first. unshare(1) could fork by itself, but
// it fails in its own way, with exit code 1, where that process was killed; a shell tells 137.
const launchScript = `exec 3<&0
"$@" <&3 3<&- &
exec 3<&- >/dev/null 2>&1
wait $!
`;

/** What the runtime is made of. */
export interface NamespaceOptions {
  /** A folder that nobody else uses, empty. */
  folder: string;
  tools: Tools;
  user: User;
}

/** Starts the holder and makes the machine's view. Throws where this machine doesn't allow it. */
export async function startNamespaceRuntime(options: NamespaceOptions): Promise<ContainerRuntime> {
  const { folder, tools, user } = options;
  const view = await prepareHostView(`${folder}/host`);
  // A program names itself in what it says. This name nobody in a container can know.
  const errorName = `runtime-${crypto.randomUUID()}`;
  const enter = `${folder}/${errorName}`;
  await Deno.symlink(required(tools, "nsenter"), enter);
  const holder = await startHolder(tools, view, user);
  return new NamespaceRuntime({ folder, tools, user, view, holder, enter, errorName });
}

interface Parts extends NamespaceOptions {
  view: HostView;
  holder: Holder;
  /** A link to nsenter, under the name by which its complaints are known. */
  enter: string;
  errorName: string;
}

class NamespaceRuntime implements ContainerRuntime {
  readonly capabilities: Capabilities;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.capabilities = { isolation: "namespaces", user: parts.user };
  }

  async start(setup: ContainerSetup): Promise<RunningContainer> {
    const { folder, view, tools, user } = this.#parts;
    const files = await prepareContainerFiles(setup, {
      folder: `${folder}/${setup.id}`,
      view,
      tools,
      userNamespace: user === "userNamespace",
    });
    try {
      return await startContainer(this.#parts, setup, files);
    } catch (error) {
      await files.remove();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.holder[Symbol.asyncDispose]();
    await Deno.remove(this.#parts.enter);
    await Deno.remove(`${this.#parts.folder}/host`, { recursive: true });
  }
}

function userArguments(user: User): string[] {
  return user === "userNamespace" ? ["--user", "--preserve-credentials"] : [];
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
  const shell = setupCommand(parts, setup, files, mode);
  const child = new Deno.Command(required(tools, "nsenter"), {
    args: [
      ...["-t", String(holder.pid), ...userArguments(user), "-m", "-p", "--"],
      ...[required(tools, "unshare"), "-m", "-u", "-p", "--"],
      ...[required(tools, "sh"), "-c", launchScript, "sh"],
      ...(mode === "tty"
        ? terminalArguments(tools, { words: shell, env })
        : [required(tools, "setsid"), ...shell]),
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
    streams: { stdin: setup.stdin || mode === "pause", stdout: true, stderr: true, tty: setup.tty },
    errorPrefix: errorName,
    startError: (code) => mainStartError(setup.command[0] ?? "", startFailure(code)),
    ...(terminal === undefined ? {} : { resize: resizeTerminal(tools, terminal) }),
  });
  return new NamespaceContainer({ ...parts, setup, files, pid: Number(pid), main, child });
}

function setupCommand(
  { tools, enter }: Parts,
  { hostname, workingDir, command }: ContainerSetup,
  { fstab, root }: ContainerFiles,
  mode: string,
): string[] {
  return [
    ...[required(tools, "sh"), "-c", setupScript, "sh", mode, fstab, root, hostname, enter],
    ...[workingDir, required(tools, "mount"), tools.hostname ?? "hostname", ...command],
  ];
}

async function failedSetup(
  child: Deno.ChildProcess,
  kind: "tty" | "pipe",
  first: { line: string; rest: ReadableStream<Uint8Array> },
): Promise<Error> {
  const other = kind === "tty" ? child.stderr : child.stdout;
  const [rest] = await Promise.all([new Response(first.rest).text(), other.cancel(), child.status]);
  const said = `${first.line}\n${rest}`.trim().slice(0, 1000);
  return new Error(
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
      `unable to start container process: ${said || "the set-up ended without a word"}`,
  );
}

interface ContainerParts extends Parts {
  setup: ContainerSetup;
  files: ContainerFiles;
  /** The main process, as this program sees it. */
  pid: number;
  main: ContainerProcess;
  child: Deno.ChildProcess;
}

class NamespaceContainer implements RunningContainer {
  readonly main: ContainerProcess;
  readonly #parts: ContainerParts;
  #ended = false;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
    this.main = parts.main;
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
    // The folder is opened on this side: older versions of nsenter can't look for it on the other.
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
