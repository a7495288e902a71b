/** Quoting for a POSIX shell: for scripts that are run, and for command lines that a person reads and copies. */

/** Returns any text as one quoted word. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a command as a line that a shell splits into the same args; plain ones aren't quoted. */
export function commandLine(command: readonly string[]): string {
  return command.map((arg) => /^[\w@%+=:,./-]+$/.test(arg) ? arg : quoted(arg)).join(" ");
}
