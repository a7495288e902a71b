/** Positions in a shell line at which the shell reads a value only as a value. */

/** The context of a position. `plain` and `double` can take a value; the others can't, for the reason. */
export type ShellPosition =
  | { kind: "plain" | "double" }
  | { kind: "refused"; inside: string };

/**
 * Expansions that end where they seem to, and don't change the state: a variable, and those whose content has neither
 * quotes nor a nested one. `case` has parentheses that close nothing.
 */
const wholeExpansions: readonly RegExp[] = [
  /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/y,
  /\$\{[#!]?[A-Za-z_]\w*(?:[^{}$'"`\\\n][^{}$'"`\\\n]*)?\}/y,
  /\$\(\([\w\s+*/%<>=!&|?:,-]*\)\)/y,
  /\$\((?!\()(?![^)]*\bcase\b)(?:[^()'"`\\#$<]|\$\w|\$\{\w+\})*\)/y,
  /`(?:[^`'"\\#$<]|\$\w|\$\{\w+\})*`/y,
];

/** Constructs in which quotes have another meaning, or whose content is read again. */
const constructs: readonly (readonly [mark: string, name: string])[] = [
  ["$((", "$((…))"],
  ["((", "((…))"],
  ["$(", "$(…)"],
  ["${", "${…}"],
  ["$'", "$'…'"],
  ["`", "`…`"],
  ["<<", "a here-document"],
];

/** The result of reading a shell text from its start. */
export interface ShellReading {
  /** The context at its end. */
  position: ShellPosition;
  /** Offsets after which another pipeline starts, as far as the text can be read. */
  boundaries: readonly number[];
}

/**
 * Reads a text by the quoting rules that all POSIX shells share. Anything that the rules don't define is refused, and
 * so is everything after a construct with rules of its own.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
 */
export function readShell(line: string): ShellReading {
  const boundaries: number[] = [];
  const refused = (inside: string): ShellReading => {
    return { position: { kind: "refused", inside }, boundaries };
  };
  let quote: "" | "'" | '"' = "";
  let isWordStart = true;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (quote === "'") {
      if (character === "'") quote = "";
      continue;
    }
    const length = character === "\\" ? 2 : expansionAt(line, at);
    if (length > 0) {
      if (at + length > line.length) return refused("an escape: \\");
      at += length - 1;
      isWordStart = false;
      continue;
    }
    const construct = constructAt(line, at, quote === '"');
    if (construct !== undefined) return refused(construct);
    if (quote === '"') {
      if (character === '"') quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "#" && isWordStart) {
      const end = line.indexOf("\n", at);
      if (end < 0) return refused("a comment");
      at = end;
    }
    if (quote === "" && isBoundary(line, at)) boundaries.push(at + 1);
    isWordStart = quote === "" && /[\s;|&()]/.test(line[at] ?? "");
  }
  if (quote === "'") return refused("'…', where no variable is read");
  if (quote === '"') return { position: { kind: "double" }, boundaries };
  // bash calculates the index, and a value in it is code.
  if (/(?:^|[\s;|&(])\w*\[[^\]\s]*$/.test(line)) return refused("the index of an array");
  return { position: { kind: "plain" }, boundaries };
}

/** Matches `;`, a line break, `&`, `&&` and `||`; but not the `|` within a pipeline, nor the `&` of `2>&1`. */
function isBoundary(line: string, at: number): boolean {
  const [before, character, after] = [line[at - 1], line[at], line[at + 1]];
  if (character === "|") return before === "|";
  if (character === "&") return before !== ">" && before !== "<" && after !== ">";
  return character === ";" || character === "\n";
}

/** Returns the length of a whole expansion; 0 if there is none. */
function expansionAt(line: string, at: number): number {
  for (const pattern of wholeExpansions) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match !== null) return match[0].length;
  }
  return 0;
}

/** Returns the name of a construct that starts here, if there is one that can't be skipped. */
function constructAt(line: string, at: number, isQuoted: boolean): string | undefined {
  // Between double quotes, only constructs that start with $ or ` retain their meaning.
  const found = constructs.find(([mark]) =>
    line.startsWith(mark, at) && (!isQuoted || /^(?:\$[({]|`)/.test(mark))
  );
  if (found !== undefined) return found[1];
  // Shells differ in what else starts with $: $[…] calculates in bash, $=x splits in zsh.
  const next = line[at + 1] ?? "";
  return line[at] === "$" && !/[\s"]/.test(next) ? `what begins with $${next}` : undefined;
}
