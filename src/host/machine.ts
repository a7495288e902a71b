/** Programs of this machine. */
import { absolutePath } from "../base/absolute_path.ts";
import { quietGitArgs } from "../base/git_arguments.ts";
import type { HostMachine } from "../actions/host.ts";
import { placesOf } from "../config/paths.ts";
import { KodamaError } from "../base/errors.ts";

/** Bytes retained of a program's output. */
const captureLimitBytes = 64 * 1024;

/** This machine. `terminal` lists which standard streams are terminals. */
export function localMachine(
  terminal: HostMachine["terminal"],
  environment: (name: string) => string | undefined,
): HostMachine {
  return {
    terminal,
    findProgram: (name) => findProgram(name, environment("PATH") ?? ""),
    capture,
    lines,
    ownCommand: () => {
      const workingDir = Deno.cwd();
      const { userDir } = placesOf({ env: environment, workingDir, shippedWorkflowsDir: "" });
      const files = environment("KUBECONFIG");
      return {
        argv: ownCommand({
          launcher: environment("KODAMA_LAUNCHER"),
          writes: userDir === undefined ? [] : [userDir],
        }),
        environment: {
          ...(environment("KODAMA_CONFIG_DIR") ? { KODAMA_CONFIG_DIR: userDir ?? "" } : {}),
          ...(files ? { KUBECONFIG: absolutePaths(files, workingDir) } : {}),
        },
      };
    },
  };
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const endings = Deno.build.os === "windows" ? [".exe", ".cmd", ""] : [""];
  for (const folder of path.split(separator).filter((one) => one !== "")) {
    for (const ending of endings) {
      const file = `${folder}/${name}${ending}`;
      if (await isProgram(file)) return file;
    }
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    const { isFile, mode } = await Deno.stat(file);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}

/** Throws KodamaError `environment` if the program exists and can't be started. */
function spawn(
  program: string,
  args: readonly string[],
  { signal, stdin }: { signal: AbortSignal; stdin: "null" | "piped" },
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...(program === "git" ? quietGitArgs : []), ...args],
      stdin,
      stdout: "piped",
      stderr: "null",
      signal,
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new KodamaError("environment", `not allowed to run ${program}`, {
        hint: `allow it with KODAMA_ALLOW_RUN=${program}`,
        cause: error,
      });
    }
    // On PATH a moment ago: removed since, or not a program of this machine's kind.
    if (!(error instanceof Error)) throw error;
    throw new KodamaError("environment", `${program} can't be started: ${error.message}`, {
      cause: error,
    });
  }
}

async function capture(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ code: number; stdout: string }> {
  const process = spawn(program, args, { signal, stdin: "null" });
  const decoder = new TextDecoder();
  let stdout = "";
  let bytes = 0;
  // Read to the end even beyond the retained limit: a full pipe would block the program forever.
  for await (const chunk of process.stdout) {
    const retained = chunk.subarray(0, Math.max(0, captureLimitBytes - bytes));
    stdout += decoder.decode(retained, { stream: true });
    bytes += chunk.length;
  }
  const { code } = await process.status;
  return { code, stdout };
}

/** A longer line is divided. */
const maxLine = 16 * 1024;

/** Through sh, which kodama may start, and which joins the two streams in their order. */
async function* lines(
  program: string,
  args: readonly string[],
  { stdin, signal }: { stdin: string; signal: AbortSignal },
): AsyncGenerator<string, number> {
  const words = ["-c", 'exec "$@" 2>&1', "sh", program, ...args];
  const process = spawn("sh", words, { signal, stdin: "piped" });
  const feeding = feed(process.stdin, stdin);
  let open = "";
  try {
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (open + chunk).split(/\r?\n/);
      open = parts.pop() ?? "";
      yield* parts;
      if (open.length > maxLine) {
        yield open;
        open = "";
      }
    }
  } finally {
    await feeding;
  }
  if (open !== "") yield open;
  return (await process.status).code;
}

async function feed(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    await new Blob([text]).stream().pipeTo(stream);
  } catch {
    // The process has ended, or closed its input, without reading all of it: its exit code is the result.
  }
}

/* The command that starts this same kodama again from another program: a pane of tmux. */

/** How it is started. */
interface OwnCommand {
  /** The launcher of an installed kodama, as it reports itself. */
  launcher: string | undefined;
  /** Folders that it writes to; a launcher finds them by itself. */
  writes: readonly string[];
}

/** Program first, by its path; at least two arguments of a command follow. */
export function ownCommand({ launcher, writes }: OwnCommand): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  if (launcher !== undefined && launcher !== "") return [launcher];
  const flags = ["--quiet", "--no-prompt", "-P=kodama", `--allow-write=${writes.join(",")}`];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule];
}

/** Returns a list of files in kubectl's format, each of them absolute. */
export function absolutePaths(list: string, folder: string): string {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  return list.split(separator)
    .map((path) => path === "" ? path : absolutePath(path, folder))
    .join(separator);
}
