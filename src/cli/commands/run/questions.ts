/** Questions of a workflow to the person at the terminal. */
import type { Ask, Question } from "../../../actions/workflow/run_steps.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { canAsk, isYes } from "../../ask_yes.ts";

/** Asks one question after the other; undefined if standard input or error isn't a terminal. */
export function askOn(terminal: Terminal): Ask | undefined {
  if (!canAsk(terminal)) return undefined;
  let turn: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = turn.then(() => ask(terminal, question, signal));
    // Parallel steps may ask at the same time.
    turn = answer.catch(() => {});
    return answer;
  };
}

async function ask(
  terminal: Terminal,
  question: Question,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    await terminal.stderr.write(`${printable(question.text)}${endOf(question)} `);
    await terminal.stderr.flush();
    const line = await readLine(terminal, question.secret, signal);
    if (line === undefined) return undefined;
    const { choices, free } = question;
    if (free) return line;
    if (choices.length === 0) return isYes(line) ? "yes" : "no";
    const chosen = choices.find((one) => one === line.trim());
    if (chosen !== undefined) return chosen;
    await terminal.stderr.write(`it must be one of ${printable(choices.join(", "))}\n`);
  }
}

function endOf({ choices, free }: Question): string {
  if (free) return "";
  return choices.length === 0 ? " [y/N]" : ` (${printable(choices.join(", "))})`;
}

/** Reads a line from the terminal; a secret is typed without an echo. */
async function readLine(
  terminal: Terminal,
  secret: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  using _raw = secret ? terminal.stdin.raw() : undefined;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of terminal.stdin.chunks(signal)) {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (character === "\r" || character === "\n") {
        if (secret) await terminal.stderr.write("\n");
        return text;
      }
      // Only in raw mode do these arrive as characters.
      if (character === "\x03" || character === "\x04") return undefined;
      text = character === "\x7f" ? text.slice(0, -1) : text + character;
    }
  }
  // At the end of input the question's line has no line feed.
  if (!signal.aborted) await terminal.stderr.write("\n");
  return undefined;
}
