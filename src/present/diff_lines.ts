/** The differences between outputs, as lines for the terminal. */
import type { GroupDiff } from "../actions/exec/events.ts";
import { type FoldedAnswers, type FoldedLine, foldedLines } from "../runs/fold_answers.ts";
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

const styles: Record<FoldedLine["kind"], (style: Style, text: string) => string> = {
  title: (style, text) => style.bold(text),
  group: (style, text) => style.bold(text),
  note: (style, text) => style.dim(text),
  stream: (style, text) => style.dim(text),
  hunk: (style, text) => style.dim(text),
  removed: (style, text) => style.red(text),
  added: (style, text) => style.green(text),
  text: (_style, text) => text,
};

/** Returns the folded answers of each step, under its key. */
export function foldedTexts(
  steps: readonly { key: string; folded: FoldedAnswers }[],
  style: Style,
): string[] {
  return steps.filter(({ folded }) => folded.groups.length > 0).flatMap(({ key, folded }, at) => [
    ...(key === "" ? [] : [...(at === 0 ? [] : [""]), style.bold(`== ${key}`)]),
    ...foldedLines(folded).map(({ kind, text }) => styles[kind](style, text)),
  ]);
}
