/** The error for a command line without `--`: where it should be, from the args as typed. */
import { UsageError } from "../../../base/errors.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { parsePodOperand } from "../../../base/workload_kinds.ts";
import type { Words } from "../../parser/command.ts";
import type { Flags } from "../../parser/flag.ts";
import { flagAwaiting } from "../../parser/spelling.ts";

/** Flags that choose pods: an operand after one of them is likely to be the command. */
const choosing: readonly string[] = [
  ...["-m", "--match", "-l", "--selector", "--field-selector", "-A", "--all-namespaces"],
  ...["--node", "--from", "--all", "-P", "--pick"],
];

/**
 * Returns the usage error for args without a command. Older kubectl allowed omitting the dashes (`exec web-0 ls -la`):
 * the command starts at the first operand that can't be a pod, and all further args belong to it.
 */
export function noCommand(
  flags: Flags,
  { line, spoken }: Pick<Words<Flags>, "line" | "spoken">,
): UsageError {
  const start = commandStart(flags, line);
  const ours = line.slice(0, start);
  const command = start < line.length ? line.slice(start) : ["uname", "-a"];
  const pods = ours.length === 0 ? ["web-0"] : ours;
  return new UsageError("no command to run", {
    hint: `put the command after --: ${spoken} ${commandLine(pods)} -- ${commandLine(command)}`,
  });
}

/** Returns the index of the command's first argument; the number of args if all of them choose pods. */
function commandStart(flags: Flags, line: readonly string[]): number {
  let isChosen = false;
  for (let at = 0; at < line.length; at++) {
    const arg = line[at] ?? "";
    if (arg.length > 1 && arg.startsWith("-")) {
      isChosen ||= choosing.some((flag) => arg === flag || arg.startsWith(`${flag}=`));
      if (flagAwaiting(flags, arg) !== undefined) at++;
      continue;
    }
    if (isChosen && !isWorkload(arg)) return at;
    isChosen = true;
  }
  return line.length;
}

function isWorkload(arg: string): boolean {
  return parsePodOperand(arg).kind === "workload";
}
