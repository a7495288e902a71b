/** A typed command, as a run takes it. Pure. */

/** Returns the arguments of a line that no shell would change; else the line for a shell. */
export function commandInput(line: string): { command: string[]; shell: boolean } {
  const text = line.trim();
  // Without a shell it works in images that have none, and is recognized if it only reads. `a=b` sets a variable.
  const isPlain = /^[\w@%+:,.\/-]+(?: +[\w@%+=:,.\/-]+)*$/.test(text);
  return isPlain ? { command: text.split(/ +/), shell: false } : { command: [text], shell: true };
}
