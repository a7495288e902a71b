/** A yes/no question on the terminal. */
import type { Terminal } from "../terminal/terminal.ts";

/** Returns whether an answer is a yes. Anything but a clear yes is a no. */
export function isYes(answer: string): boolean {
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/** Returns whether a person can be asked: kodama never waits for an answer that can't come. */
export function canAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTerminal && stderr.isTerminal;
}

/** A yes/no question that can explain itself. */
interface YesQuestion {
  /** Ends with the question itself, without a line feed: the answer follows it. */
  text: string;
  /** The possible answers, as shown in brackets. */
  choices: string;
  /** A key that shows more; the question is then asked again. */
  more?: { key: string; text: () => string };
}

/**
 * Asks if {@link canAsk}. Returns false at the end of input, after ending the question's line.
 *
 * @param text ends with the question itself, without a line feed: the answer follows it.
 */
export async function askYes(
  terminal: Terminal,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await askChoice(terminal, { text, choices: "y/N" }, signal);
}

/** Like {@link askYes}, with a key that shows more. */
export async function askChoice(
  terminal: Terminal,
  { text, choices, more }: YesQuestion,
  signal: AbortSignal,
): Promise<boolean> {
  const ask = async (question: string) => {
    await terminal.stderr.write(`${question} [${choices}] `);
    await terminal.stderr.flush();
  };
  await ask(text);
  for await (const chunk of terminal.stdin.chunks(signal)) {
    const answer = new TextDecoder().decode(chunk);
    if (more === undefined || answer.trim().toLowerCase() !== more.key) return isYes(answer);
    await terminal.stderr.write(more.text());
    await ask(text);
  }
  if (!signal.aborted) await terminal.stderr.write("\n");
  return false;
}
