/** Steps of scenarios that are a single command of kodama, which needs no shell. */

/** `kodama ARGS [</dev/null] [REDIRECTIONS] [| FILTER]`. */
export interface PlainCommand {
  args: readonly string[];
  /** The streams that are its standard output then. */
  stdout: readonly ("stdout" | "stderr")[];
  /** Whether what it writes to standard error is that of the step. */
  hasStderr: boolean;
  /** The line of sh that reads standard output. */
  filter: string | undefined;
}

/**
 * A word as a shell takes it literally: in quotes nothing is expanded, outside nothing is a pattern, an operator or a
 * reserved character.
 */
const word = /(?:'[^']*'|"[^"$`\\]*"|[\w{}@%+=:,.\/^-])+/;

const line = new RegExp(
  `^kodama((?: ${word.source})*)(?: </dev/null)?(?: (2>/dev/null|2>&1 >/dev/null|2>&1|>/dev/null 2>&1|>/dev/null))?(?: \\| (.*))?$`,
);

const streams: Readonly<Record<string, PlainCommand["stdout"]>> = {
  "": ["stdout"],
  "2>/dev/null": ["stdout"],
  ">/dev/null": [],
  ">/dev/null 2>&1": [],
  "2>&1": ["stdout", "stderr"],
  "2>&1 >/dev/null": ["stderr"],
};

/** Returns the command of such a line; undefined if only a shell can run it. */
export function plainCommand(text: string): PlainCommand | undefined {
  const [whole, words = "", redirected = "", filter] = line.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return {
    args: [...words.matchAll(new RegExp(word, "g"))].map(([quoted]) =>
      quoted.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double)
    ),
    stdout: streams[redirected] ?? [],
    hasStderr: redirected === "" || redirected === ">/dev/null",
    filter,
  };
}

/**
 * Commands that leave no process in the background and take relative paths from their host alone: they do the same in
 * a test's own process.
 */
const repeatable = [
  "agent list",
  "agent logs",
  "attach",
  "clone",
  "config get",
  "config set",
  "config unset",
  "config view",
  "cp",
  "delete",
  "doctor",
  "exec",
  "forward list",
  "forward logs",
  "forward status",
  "forward stop",
  "get",
  "interrupt",
  "list",
  "logs",
  "pods",
  "prompt",
  "restore",
  "run",
  "runs list",
  "runs rerun",
  "runs show",
  "set",
  "share",
  "shell",
  "snapshot",
  "snapshots delete",
  "snapshots list",
  "start",
  "stop",
  "sync conflicts",
  "sync flush",
  "sync list",
  "sync pause",
  "sync resume",
  "sync status",
  "sync stop",
  "wait",
  "workflow check",
  "workflow list",
  "workflow show",
].map((name) => ({ name, start: new RegExp(`\\bkodama ${name}\\b`) }));

/** Which commands an earlier step has started as an installed program. */
export class StartedCommands {
  readonly #names = new Set<string>();

  /** Notes what a line of a shell starts. */
  add(text: string): void {
    for (const { name, start } of repeatable) if (start.test(text)) this.#names.add(name);
  }

  /** Returns whether a command may run in the test's own process: its program has been shown. */
  has({ args }: PlainCommand): boolean {
    const text = `${args.join(" ")} `;
    return !startsBackground(args) && [...this.#names].some((name) => text.startsWith(`${name} `));
  }
}

/** Returns whether a command may start a process in the background: a forward, or the sync of a session's project. */
function startsBackground(args: readonly string[]): boolean {
  const syncs = args[0] === "start" && !args.includes("--no-sync") && !args.includes("--repo");
  return syncs || args.includes("--forward");
}
