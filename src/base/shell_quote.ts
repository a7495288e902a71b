/** Words of a POSIX shell: for scripts that are run, and for command lines that a person reads and copies. */

/** Returns a text as one quoted word, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a command as a line that a shell reads as these very words; plain words stay without quotes. */
export function commandLine(command: readonly string[]): string {
  return command.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word)).join(" ");
}
