/** The difference between two outputs, as lines for the terminal. */
import type { GroupDiff } from "../actions/exec/events.ts";
import type { Style } from "../terminal/style.ts";

/** Returns the lines of the differences of both streams; standard error's under a heading of its own. */
export function diffLines(diff: Extract<GroupDiff, { kind: "unified" }>, style: Style): string[] {
  return [
    ...unified(diff.stdout, style),
    ...(diff.stderr === "" ? [] : [style.dim("standard error:"), ...unified(diff.stderr, style)]),
  ];
}

/** Omits the two lines that name the sides: a heading has them already. */
function unified(patch: string, style: Style): string[] {
  if (patch === "") return [];
  return patch.replace(/\n$/, "").split("\n").slice(2).map((line) => {
    switch (line[0]) {
      case "@":
        return style.dim(line);
      case "-":
        return style.red(line);
      case "+":
        return style.green(line);
      default:
        return line;
    }
  });
}
