/**
 * Containers in namespaces of their own (mount, PID, UTS), made with util-linux.
 *
 * A start runs `nsenter` (into the holder), `unshare`, one shell script and the container's command, each becoming the
 * next except the two forks that PID namespaces need. An exec runs `nsenter` twice: into the PID namespace with the
 * machine's programs still at hand, so that a session (or a terminal) is created without anything from the image, then
 * into the mount namespace.
 */
import { containerProcess } from "./child_process.ts";
import { type ContainerFiles, prepareContainerFiles } from "./container_files.ts";
import { takeFirstLine } from "./first_line.ts";
import { type Holder, startHolder } from "./holder.ts";
import { type HostView, prepareHostView } from "./host_view.ts";
import { NamespaceContainer, type NamespaceUser, userArguments } from "./namespace_container.ts";
import type {
  Capabilities,
  ContainerRuntime,
  ContainerSetup,
  RunningContainer,
} from "./runtime.ts";
import { mainStartError, startFailure } from "./start_error.ts";
import { resizeTerminal, terminalArguments, terminalEnvironment } from "./terminal.ts";
import { required, type Tools } from "./tools.ts";

// The first line, for the node, is written when all is ready. Standard error carries it because standard output is the
// container's from its first byte; a terminal has one stream alone. The container's PATH is already in effect, and
// isn't searched for the runtime's own programs.
const setupScript = (tools: Tools) =>
  `set -e
read -r pid _ </proc/self/stat
mode=$1 fstab=$2 root=$3 name=$4 enter=$5 dir=$6
shift 6
echo "$name" 2>/dev/null >/proc/sys/kernel/hostname || ${required(tools, "hostname")} "$name"
# The table names the container's layers by names in its folder.
cd "$root/.."
${required(tools, "mount")} -n -a -T "$fstab"
cd "$root"
${required(tools, "mount")} -n --move . /
[ -d ".$dir" ] || ${required(tools, "mkdir")} -p ".$dir"
case $mode in
  tty) echo "$pid $(${required(tools, "tty")})" ;;
  *) echo "$pid" >&2 ;;
esac
if [ "$mode" = pause ]; then
  trap 'exit 0' TERM INT
  while read -r _; do :; done
  exit 0
fi
set -- "$enter" --root=. --wd=".$dir" -- "$@"
# A terminal comes with a session; without one the command gets its own.
if [ "$mode" = tty ]; then exec "$@"; else exec ${required(tools, "setsid")} "$@"; fi
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
export interface NamespaceOptions {
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
  await Deno.symlink(required(tools, "nsenter"), enter);
  const holder = await startHolder(tools, view, user);
  return new NamespaceRuntime({ folder, tools, user, view, holder, enter, errorName });
}

interface Parts extends NamespaceOptions {
  view: HostView;
  holder: Holder;
  /** A link to nsenter, under the name that identifies its messages. */
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
    const { folder, view, user } = this.#parts;
    const files = await prepareContainerFiles(setup, {
      folder: `${folder}/${setup.id}`,
      view,
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
  const words = setupWords(parts, setup, files, mode);
  const child = new Deno.Command(required(tools, "nsenter"), {
    args: [
      ...["-t", String(holder.pid), ...userArguments(user), "-m", "-p", "--"],
      ...[required(tools, "unshare"), "-m", "-u", "-p", "--"],
      ...[required(tools, "sh"), "-c", launchScript(tools), "sh"],
      ...(mode === "tty"
        ? terminalArguments(tools, {
          words: [required(tools, "sh"), "-c", setupScript(tools), "sh", ...words],
          env,
        })
        : ["setup", ...words]),
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
function setupWords(
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
  const said = `${first.line}\n${rest}`.trim().slice(0, 1000);
  return new Error(
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
      `unable to start container process: ${said || "the set-up ended without a word"}`,
  );
}
