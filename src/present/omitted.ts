/** What a budget left out, as one line. */
import { printable } from "../terminal/printable.ts";

const maxShown = 6;

/** Returns the line; `omitted` isn't empty. */
export function omittedText(omitted: readonly string[], characters: number): string {
  // The same of each item is one omission.
  const all = [...new Set(omitted.map((path) => path.replaceAll(/\[\d+\]/g, "[]")))];
  const shown = all.slice(0, maxShown).map(printable).join(", ");
  const more = all.length - maxShown;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `omitted for --budget ${characters}: ${shown}${rest}`;
}
