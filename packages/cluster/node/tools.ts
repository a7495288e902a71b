/** The machine's programs that create containers. */

const names = [
  "chmod",
  "cp",
  "hostname",
  "mkdir",
  "mount",
  "nsenter",
  "script",
  "setsid",
  "sh",
  "stty",
  "tty",
  "unshare",
] as const;

/** A program that the node may call. */
type ToolName = typeof names[number];

/** Absolute paths of the programs that this machine has. */
export type Tools = Partial<Record<ToolName, string>>;

// The node's own programs come from the system's folders only: a user's PATH may hold wrappers.
const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];

/** These folders as a `PATH`. */
export const systemPath = folders.join(":");

/** Resolves the path of every {@link ToolName}. */
export async function findTools(): Promise<Tools> {
  const found: Tools = {};
  await Promise.all(names.map(async (name) => {
    for (const folder of folders) {
      if (await isFile(`${folder}/${name}`)) {
        found[name] = `${folder}/${name}`;
        return;
      }
    }
  }));
  return found;
}

/** Returns the path of a required program. */
export function requiredTool(tools: Tools, name: ToolName): string {
  const path = tools[name];
  if (path === undefined) {
    throw new Error(`this machine has no "${name}" in ${folders.join(", ")}: install it`);
  }
  return path;
}

/** Returns whether a path leads to a file, through links. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/** Quotes args as one line for a POSIX shell. */
function shellQuote(args: readonly string[]): string {
  return args.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** Removes a folder with all its contents; it need not exist. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    // The kernel's own folders in an overlay have no permissions at all, and a container may create such folders too.
    await new Deno.Command(requiredTool(await findTools(), "chmod"), {
      args: ["-R", "u+rwX", "--", folder],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    await Deno.remove(folder, { recursive: true });
  }
}

/*
 * Terminals for processes, by script(1): it creates the pseudo-terminal, copies between it and our pipes, and starts
 * the command as leader of a session of its own.
 */

/** A command that needs a terminal. */
interface TerminalCommand {
  args: readonly string[];
  /** The command's environment; `SHELL` in it is what script(1) would run, and is restored for the command. */
  env: Readonly<Record<string, string>>;
  /** Writes the command's process id and its terminal's path as the first line of output. */
  announce?: boolean;
}

/** Returns the args that run a command with a terminal. Spawn them with {@link terminalEnvironment}. */
export function terminalArguments(tools: Tools, command: TerminalCommand): string[] {
  const shell = command.env["SHELL"];
  const line = [
    shell === undefined ? "unset SHELL" : `SHELL=${shellQuote([shell])}`,
    // With a pipe for its input, script turns the terminal's echo off; a new terminal has it on.
    `${requiredTool(tools, "stty")} sane`,
    ...(command.announce ? [`echo "$$ $(${requiredTool(tools, "tty")})"`] : []),
    `exec ${shellQuote(command.args)}`,
  ].join("; ");
  const script = requiredTool(tools, "script");
  return Deno.build.os === "darwin"
    ? [script, "-q", "/dev/null", requiredTool(tools, "sh"), "-c", line]
    : [script, "--quiet", "--return", "--flush", "--command", line, "/dev/null"];
}

/** Returns the environment for {@link terminalArguments}: the command's own, except the shell that reads the line. */
export function terminalEnvironment(
  tools: Tools,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...env, SHELL: requiredTool(tools, "sh") };
}

/** Sets the size of the terminal at a path; the kernel then notifies its foreground processes (SIGWINCH). */
export function resizeTerminal(
  tools: Tools,
  path: string,
): (columns: number, rows: number) => Promise<void> {
  return async (columns, rows) => {
    await new Deno.Command(requiredTool(tools, "stty"), {
      args: [
        ...[Deno.build.os === "darwin" ? "-f" : "-F", path],
        ...["columns", String(columns), "rows", String(rows)],
      ],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      // A terminal whose process has just ended can't be resized, and need not be.
      stderr: "null",
    }).output();
  };
}
