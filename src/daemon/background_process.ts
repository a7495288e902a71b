/** Starts a process that outlives this one. */

/** The file is readable for its owner only, whatever file was there before; the process has the usual umask. */
const intoOwnFile = 'rm -f "$0"; (umask 077; : >"$0"); exec "$@" >>"$0" 2>&1';

/** A command to run in the background. */
export interface BackgroundCommand {
  /** The program first. */
  args: readonly string[];
  /** Path of the file for its output. */
  output: string;
  /** Its working directory, which must exist for as long as it runs. */
  folder: string;
  /** Variables in addition to those of this process. */
  environment: Readonly<Record<string, string>>;
}

/** A process in the background, as its parent sees it. */
export interface BackgroundProcess {
  /** Resolves when it has exited. */
  readonly ended: Promise<void>;
  /** Sends SIGTERM, and resolves when it has exited. */
  stop(): Promise<void>;
  /** Stops this process from waiting for its end. */
  release(): void;
}

/** Starts a process in a session of its own: neither Ctrl-C nor the end of this terminal reaches it. */
export function startBackground(
  { args, output, folder, environment }: BackgroundCommand,
): BackgroundProcess {
  const child = new Deno.Command("sh", {
    args: ["-c", intoOwnFile, output, ...args],
    cwd: folder,
    env: { ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  let over = false;
  const ended = child.status.then(() => {
    over = true;
  });
  return {
    ended,
    async stop() {
      if (!over) child.kill("SIGTERM");
      await ended;
    },
    release: () => child.unref(),
  };
}
