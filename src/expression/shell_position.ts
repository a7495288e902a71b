/** Where in a shell line a value may stand so that the shell never reads it as anything but a value. */

/** What is around a place. `plain` and `double` can take a value; the others can't, for the reason. */
export type ShellPosition =
  | { kind: "plain" | "double" }
  | { kind: "refused"; inside: string };

/** A variable's value by its plain name: the one expansion that leaves the state as it was. */
const plainExpansion = /\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*|[0-9@*#?$!-])/y;

/** Constructs in which quotes mean something else, or whose words are read again. */
const constructs: readonly (readonly [mark: string, name: string])[] = [
  ["$((", "$((…))"],
  ["((", "((…))"],
  ["$(", "$(…)"],
  ["${", "${…}"],
  ["$'", "$'…'"],
  ["`", "`…`"],
  ["<<", "a here-document"],
];

/**
 * The position behind a text, by the quoting rules that all shells of POSIX share. What the rules don't settle
 * is refused: behind a construct with rules of its own, everything is.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
 */
export function positionBehind(line: string): ShellPosition {
  let quote: "" | "'" | '"' = "";
  let isWordStart = true;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (quote === "'") {
      if (character === "'") quote = "";
      continue;
    }
    if (character === "\\") {
      if (at + 1 === line.length) return { kind: "refused", inside: "an escape: \\" };
      at++;
      isWordStart = false;
      continue;
    }
    plainExpansion.lastIndex = at;
    const expansion = plainExpansion.exec(line)?.[0];
    if (expansion !== undefined) {
      at += expansion.length - 1;
      isWordStart = false;
      continue;
    }
    const construct = constructAt(line, at, quote === '"');
    if (construct !== undefined) return { kind: "refused", inside: construct };
    if (character === "$" && at + 1 === line.length) {
      return { kind: "refused", inside: "a name behind $" };
    }
    if (quote === '"') {
      if (character === '"') quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "#" && isWordStart) {
      const end = line.indexOf("\n", at);
      if (end < 0) return { kind: "refused", inside: "a comment" };
      at = end;
    }
    isWordStart = quote === "" && /[\s;|&()]/.test(line[at] ?? "");
  }
  if (quote === "'") return { kind: "refused", inside: "'…', where no variable is read" };
  return { kind: quote === '"' ? "double" : "plain" };
}

function constructAt(line: string, at: number, isQuoted: boolean): string | undefined {
  // Between double quotes, only what begins with $ or ` keeps its meaning.
  const found = constructs.find(([mark]) =>
    line.startsWith(mark, at) && (!isQuoted || /^(?:\$[({]|`)/.test(mark))
  );
  return found?.[1];
}
