/** Quoting for a POSIX shell: for scripts that are run, and for command lines that a person reads and copies. */
import { UsageError } from "./errors.ts";

/** Returns any text as a single quoted word. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A person who types these expects a shell, and none reads the line. */
const operators = /[|&;<>$`\n]/;

/**
 * Returns the args of a command line as a shell reads them: the reverse of {@link commandLine}.
 *
 * @throws UsageError for syntax of a shell, such as `|`, and for a quote that doesn't end.
 */
export function commandArgs(line: string): string[] {
  const args: string[] = [];
  let open: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === "'") {
      if (character === "'") quote = "";
      else open += character;
    } else if (character === "\\" && (quote === "" || /["\\$`]/.test(line.charAt(at + 1)))) {
      open = (open ?? "") + line.charAt(++at);
    } else if (character === quote || (quote === "" && /["']/.test(character))) {
      quote = quote === "" ? character : "";
      open ??= "";
    } else if (quote === "" && /\s/.test(character)) {
      if (open !== undefined) args.push(open);
      open = undefined;
    } else if (operators.test(character) && (quote === "" || /[$`]/.test(character))) {
      throw new UsageError(`no shell runs this: ${character} has to be quoted by '`, {
        hint: "for a line of shell: sh -c 'LINE'",
      });
    } else {
      open = (open ?? "") + character;
    }
  }
  if (quote !== "") throw new UsageError(`the quote ${quote} has no end`);
  return open === undefined ? args : [...args, open];
}

/** Returns a command as a line that a shell splits into the same args; plain args aren't quoted. */
export function commandLine(command: readonly string[]): string {
  return command.map((arg) => /^[\w@%+=:,./-]+$/.test(arg) ? arg : quoted(arg)).join(" ");
}
