/** A question on the terminal that is answered by yes or no. */
import type { Terminal } from "../term/terminal.ts";

/** Whether an answer is a yes. Anything but a clear one is a no. */
export function isYes(answer: string): boolean {
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/** Whether somebody sits there who can be asked: kodama never waits for an answer that can't come. */
export function canAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTerminal && stderr.isTerminal;
}

/**
 * Asks whoever {@link canAsk} has seen. At the end of input it is a no, and the question's line is ended.
 *
 * @param text ends with the question itself, and not with its line: the answer stands behind it.
 */
export async function askYes(
  terminal: Terminal,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  await terminal.stderr.write(`${text} [y/N] `);
  await terminal.stderr.flush();
  for await (const chunk of terminal.stdin.chunks(signal)) {
    return isYes(new TextDecoder().decode(chunk));
  }
  if (!signal.aborted) await terminal.stderr.write("\n");
  return false;
}
