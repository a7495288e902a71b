/** A pane that shows why another one couldn't be opened. */
import { clipText, span } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Pane, PaneContext } from "../pane.ts";

/** Returns a pane with the message; it takes no command. */
export function errorPane(
  { theme }: Pick<PaneContext, "theme">,
  key: string,
  message: string,
): Pane {
  const text = printable(message);
  return {
    title: printable(key),
    view: ({ columns, rows }) =>
      wrap(text, columns).slice(0, rows).map((
        line,
      ) => [span(clipText(line, columns), theme.error)]),
    handleCommand: () => {},
  };
}
