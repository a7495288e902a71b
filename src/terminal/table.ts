/** Tables in kubectl's format: left-aligned columns, three spaces between, no lines. */
import { displayWidth } from "./width.ts";
import { printable } from "./printable.ts";

/**
 * Returns the lines of a table. A cell with external text can't leave its column: control characters are shown, and
 * line feeds in it too. The last column isn't padded.
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
