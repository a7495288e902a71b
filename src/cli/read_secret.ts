/** A secret that a person types or pastes at the terminal, where it isn't shown. */
import type { Clock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { rawKeys, readKeys } from "../terminal/key_reader.ts";
import { droppedPasteText, type TerminalInput } from "../terminal/keys.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** More than any key. */
const maxLength = 16 * 1024;

/** How the reading of a secret ends: with Enter, with Ctrl-C, or with Ctrl-D. */
export type SecretEnd =
  | { kind: "typed"; text: string }
  | { kind: "interrupted" }
  | { kind: "ended" };

/**
 * Asks for a secret and reads it until Enter. The terminal hides it before the question is shown: nobody types earlier.
 * A paste may have several lines, as a private key has. Enter that comes with other keys
 * ends it too if it is the end of the only line: a program that answers a question sends its line at once.
 *
 * @throws UsageError if the secret is too long; KodamaError `cancelled` if the terminal is closed.
 */
export async function readSecret(
  terminal: Terminal,
  question: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<SecretEnd> {
  let text = "";
  let end: SecretEnd | undefined;
  const take = (input: TerminalInput, isLast: boolean) => {
    if (input.kind === "key") {
      if (input.key === "enter") end = { kind: "typed", text };
      if (input.key === "ctrl-c") end = { kind: "interrupted" };
      if (input.key === "ctrl-d") end = { kind: "ended" };
      if (input.key === "ctrl-u") text = "";
      if (input.key === "backspace" || input.key === "ctrl-h") {
        text = [...text].slice(0, -1).join("");
      }
      return;
    }
    if (input.kind === "droppedPaste") throw new UsageError(droppedPasteText(input.characters));
    if (input.kind !== "text" && input.kind !== "paste") return;
    if (input.text === "\n" && isLast && !text.includes("\n")) end = { kind: "typed", text };
    else text += input.text.replace(/\r\n?/g, "\n");
    if (text.length > maxLength) {
      throw new UsageError(`the secret has more than ${maxLength.toLocaleString("en")} characters`);
    }
  };
  {
    using _raw = rawKeys(terminal, terminal.stdin);
    await terminal.stderr.write(question);
    await terminal.stderr.flush();
    await readKeys(terminal.stdin, {
      clock,
      signal,
      onInputs: (inputs) => {
        for (const input of inputs) if (end === undefined) take(input, input === inputs.at(-1));
        return end === undefined;
      },
    });
  }
  await terminal.stderr.write("\n");
  return end ?? { kind: "ended" };
}
