/**
 * The search language, which is fzf's "extended search syntax": terms that must all match, each by its own
 * rule. https://github.com/junegunn/fzf#search-syntax
 *
 *     wkdr       fuzzy: these letters in this order
 *     'drive     exact: contains the text
 *     ^weka      starts with it
 *     -0$        ends with it
 *     ^weka-0$   equals it
 *     !test      doesn't contain it (also !^, !$ and !^…$)
 *     a | b      either
 *     a\ b       one term with a space
 *
 * A term with a capital letter in it is case-sensitive; otherwise case doesn't count.
 */

/** How a term is compared. */
type TermKind = "fuzzy" | "exact" | "prefix" | "suffix" | "equal";

/** A term of a query. */
export interface Term {
  kind: TermKind;
  /** The term must not match. */
  inverse: boolean;
  caseSensitive: boolean;
  /** In lower case unless it is case-sensitive. Never empty. */
  text: string;
}

/** Every group must have a term that matches. */
export interface Query {
  groups: readonly (readonly Term[])[];
}

/** The query that matches everything. */
export const emptyQuery: Query = { groups: [] };

/** Stands for a space within a term while the line is split into terms. */
const heldSpace = "\t";

/** Parses a line into a query. Every line is valid. */
export function parseQuery(line: string): Query {
  const words = trimmed(line).replaceAll("\\ ", heldSpace).split(/ +/)
    .map((word) => word.replaceAll(heldSpace, " "));
  const groups: Term[][] = [];
  /** The next term joins the last group: at the start, and after an "or" until a term has followed. */
  let joins = true;
  let afterOr = false;
  for (const word of words) {
    if (word === "|" && groups.length > 0 && !afterOr) {
      joins = true;
      afterOr = true;
      continue;
    }
    afterOr = false;
    const term = parseTerm(word);
    // An incomplete term: "!", "^", "'".
    if (term === undefined) continue;
    const group = joins ? groups.at(-1) : undefined;
    if (group === undefined) groups.push([term]);
    else group.push(term);
    joins = false;
  }
  return { groups };
}

/** Trims blanks around the terms; an escaped blank at the end counts. */
function trimmed(line: string): string {
  const start = line.replace(/^ +/, "");
  const end = start.replace(/ +$/, "");
  return end.endsWith("\\") && end.length < start.length ? `${end} ` : end;
}

function parseTerm(word: string): Term | undefined {
  const lower = word.toLowerCase();
  const caseSensitive = word !== lower;
  let text = caseSensitive ? word : lower;
  let kind: TermKind = "fuzzy";
  const inverse = text.startsWith("!");
  if (inverse) {
    kind = "exact";
    text = text.slice(1);
  }
  if (text !== "$" && text.endsWith("$")) {
    kind = "suffix";
    text = text.slice(0, -1);
  }
  if (text.startsWith("'")) {
    // After "!", which compares exactly, the quote reverses that.
    kind = inverse ? "fuzzy" : "exact";
    text = text.slice(1);
  } else if (text.startsWith("^")) {
    kind = kind === "suffix" ? "equal" : "prefix";
    text = text.slice(1);
  }
  return text === "" ? undefined : { kind, inverse, caseSensitive, text };
}

/** Returns whether matches are ordered by rank: a query that only excludes doesn't change the order. */
export function ranks(query: Query): boolean {
  return query.groups.some((group) => group.some(({ inverse }) => !inverse));
}

/** Returns whether every match of the new query also matches the old query, as far as the terms show it. */
export function narrows(old: Query, next: Query): boolean {
  return old.groups.every((group, index) => {
    const other = next.groups[index];
    return other !== undefined && groupNarrows(group, other);
  });
}

function groupNarrows(old: readonly Term[], next: readonly Term[]): boolean {
  const [before, after] = [old[0], next[0]];
  if (old.length !== 1 || next.length !== 1 || before === undefined || after === undefined) {
    return old.length === next.length &&
      old.every((term, index) => sameTerm(term, next[index] as Term));
  }
  if (sameTerm(before, after)) return true;
  if (before.inverse || after.inverse || before.kind !== after.kind) return false;
  if (before.kind === "suffix" || before.kind === "equal") return false;
  // If "ab" becomes "abC", it is case-sensitive from now on, and its matches match "ab" as well.
  const text = before.caseSensitive ? after.text : after.text.toLowerCase();
  return (after.caseSensitive || !before.caseSensitive) && text.startsWith(before.text);
}

function sameTerm(a: Term, b: Term): boolean {
  return a.kind === b.kind && a.inverse === b.inverse && a.caseSensitive === b.caseSensitive &&
    a.text === b.text;
}
