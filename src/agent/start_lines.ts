/** The files of a new task: user text is quoted in them, and never part of a command line of kodama's. */
import { UsageError } from "../base/errors.ts";
import { quoted } from "../base/shell_quote.ts";
import { startScript } from "../exec/start_command.ts";
import type { Adapter, TaskPlan } from "./adapter.ts";

/**
 * The file `start`: goes to the folder, exports the task's variables, and becomes the agent. Its argument is the task's
 * folder. 125 like `env --chdir`: nothing was started.
 */
export function startLines(
  adapter: Adapter,
  { workdir, plan }: { workdir: string | undefined; plan: TaskPlan },
): string {
  const words = adapter.command(plan).map(quoted).join(" ");
  return `echo $$ >"$1/agent"
if [ -e "$1/environment" ]; then
. "$1/environment"
rm -f "$1/environment"
fi
${workdir === undefined ? anyFolder : `cd ${quoted(rooted(workdir))} || exit 125`}
${adapter.preparation}
# The task's own files are its user's alone; what the agent makes is as any shell of a container makes it.
umask 022
set -- ${words}
${startScript}
`;
}

/** The default working folder of agents: in a session its repository, else the home folder. */
const anyFolder = '[ -d /workspace ] && cd /workspace || cd "$HOME" || exit 125';

/** A path that `cd` takes neither as an option nor through CDPATH. */
function rooted(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

/** The file `environment`. */
export function environmentLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new UsageError(`${name} can't be the name of a variable`, {
        hint: "names are letters, digits and underscores, as in --env LOG_LEVEL=debug",
      });
    }
    return `export ${name}=${quoted(value)}\n`;
  }).join("");
}

/**
 * Returns files as lines for the script `add`: `=NAME` starts one, `+` precedes each of its lines, a dot ends all.
 * Every file ends with a line feed.
 *
 * @throws UsageError if a text contains what a text file can't.
 */
export function fileLines(files: Readonly<Record<string, string>>): string {
  const parts = Object.entries(files).map(([name, text]) => {
    if (text.includes("\0")) throw new UsageError(`the ${name} holds a NUL, and isn't text`);
    const lines = text.replace(/\n$/, "").split("\n").map((line) => `+${line}\n`);
    return `=${name}\n${lines.join("")}`;
  });
  return `${parts.join("")}.\n`;
}
