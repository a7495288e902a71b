/** Tables as kubectl prints them: left-aligned columns, three spaces between, no lines. */
import { displayWidth } from "./width.ts";
import { printable } from "./printable.ts";

/**
 * The lines of a table. A cell from elsewhere can't break out of its place: control characters are shown, and
 * line ends in it too. The last column isn't padded.
 */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = [header, ...rows].map((row) => row.map(cellText));
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => displayWidth(row[column] ?? "")))
  );
  return cells.map((row) =>
    row.map((cell, column) => {
      const isLast = column === row.length - 1;
      return isLast ? cell : cell + " ".repeat((widths[column] ?? 0) - displayWidth(cell) + 3);
    }).join("").trimEnd()
  );
}

function cellText(text: string): string {
  return text === "" ? "<none>" : printable(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
