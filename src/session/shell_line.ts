/** A line of shell as a command of a pod. Pure. */

/**
 * Returns the command that runs a line of shell, at a terminal or without one.
 *
 * The end of the shell is the end of its terminal, which sends SIGHUP to the foreground process group. Without job
 * control that is the group of every background job of the line, and it arrives before `nohup` can ignore it: each job
 * gets a group of its own. https://man7.org/linux/man-pages/man4/tty.4.html
 */
export function shellLineCommand(line: string): string[] {
  return ["sh", "-c", `[ -t 0 ] && set -m\n${line}`];
}
