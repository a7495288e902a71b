/** Exit codes as a shell sees them. */

/**
 * Returns the exit code of a process for that of a command: the system reports the lowest eight bits alone, and a
 * command of another system may end with any number. Numbers beyond 0 to 255 become 255.
 */
export function processExitCode(code: number): number {
  if (code === 0) return 0;
  return Number.isInteger(code) && code > 0 && code <= 255 ? code : 255;
}
