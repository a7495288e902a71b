/** Advice on a command that couldn't be started because it was meant for a shell, and none reads it. */
import { type Hint, hint, option } from "../base/hint.ts";
import { commandLine, quoted } from "../base/shell_quote.ts";

/** Commands of a shell's own. */
const builtins: ReadonlySet<string> = new Set([
  ...[".", ":", "alias", "bg", "builtin", "cd", "command", "declare", "dirs", "eval", "exit"],
  ...["export", "fg", "for", "function", "hash", "history", "if", "jobs", "let", "local", "popd"],
  ...["pushd", "read", "readonly", "set", "shift", "shopt", "source", "trap", "type", "typeset"],
  ...["ulimit", "umask", "unalias", "unset", "until", "wait", "while", "[["],
]);

/** Returns how a command that no program has is written; undefined if it doesn't look like one of a shell. */
export function commandAdvice(command: readonly string[]): Hint | undefined {
  const [program = ""] = command;
  if (/^[A-Za-z_]\w*=/.test(program)) {
    return hint`${option("env", program)} sets a variable, and the program comes next`;
  }
  if (command.length === 1 && /\s/.test(program.trim())) {
    return `${
      quoted(program)
    } is the name of one program: without the quotes it is a program and its args, and sh -c ${
      quoted(program)
    } is a line of shell`;
  }
  if (!builtins.has(program)) return undefined;
  return `${program} is a part of a shell: sh -c ${quoted(commandLine(command))}`;
}
