/** The output flag that every command with data shares, and the style that its text is set in. */
import { type Style, styleFor, wantsColor } from "../term/style.ts";
import type { OutputStream } from "../term/terminal.ts";
import type { ColorChoice } from "../term/style.ts";
import type { Environment } from "./words.ts";

/** The style for a stream of this process. */
export function styleOf(
  stream: OutputStream,
  environment: Environment,
  choice: ColorChoice = "auto",
): Style {
  return styleFor(
    wantsColor(choice, {
      isTerminal: stream.isTerminal,
      noColor: environment("NO_COLOR"),
      term: environment("TERM"),
    }),
  );
}

/** A value as an indented JSON document. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
