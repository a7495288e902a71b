/** A yes/no question on the terminal, and the command of it, which can be edited. */
import type { Clock } from "../base/clock.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { LineEditor } from "./line_editor.ts";

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
  /** A key that edits a line, which then is the answer. */
  edit?: { key: string; prompt: string; line: string; clock: Clock };
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
  question: Omit<YesQuestion, "edit">,
  signal: AbortSignal,
): Promise<boolean> {
  return await askOrEdit(terminal, question, signal) === true;
}

/** Like {@link askChoice}, and with a key that edits a line: returns the line, if it was changed. */
export async function askOrEdit(
  terminal: Terminal,
  { text, choices, more, edit }: YesQuestion,
  signal: AbortSignal,
): Promise<boolean | string> {
  const ask = async (question: string) => {
    await terminal.stderr.write(`${question} [${choices}] `);
    await terminal.stderr.flush();
  };
  await ask(text);
  let editor: LineEditor | undefined;
  try {
    for await (const chunk of terminal.stdin.chunks(signal)) {
      if (editor !== undefined && edit !== undefined) {
        const end = await editor.type(chunk);
        if (end === undefined) continue;
        editor[Symbol.dispose]();
        editor = undefined;
        if (end.line !== undefined && end.line !== edit.line) return end.line;
        await ask(text);
        continue;
      }
      const answer = new TextDecoder().decode(chunk);
      const key = answer.trim().toLowerCase();
      if (edit !== undefined && key === edit.key) {
        const { LineEditor } = await import("./line_editor.ts");
        editor = new LineEditor(terminal, edit);
        await editor.paint();
        continue;
      }
      if (more === undefined || key !== more.key) return isYes(answer);
      await terminal.stderr.write(more.text());
      await ask(text);
    }
  } finally {
    editor?.[Symbol.dispose]();
  }
  if (!signal.aborted) await terminal.stderr.write("\n");
  return false;
}
