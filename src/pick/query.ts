/**
 * The search language, which is fzf's "extended search syntax": words that must all fit, each by its own
 * rule. https://github.com/junegunn/fzf#search-syntax
 *
 *     wkdr       fuzzy: these letters in this order
 *     'drive     exact: holds the text
 *     ^weka      begins with it
 *     -0$        ends with it
 *     ^weka-0$   is it
 *     !test      doesn't hold it (also !^, !$ and !^…$)
 *     a | b      either
 *     a\ b       one word with a space
 *
 * A word with a capital letter in it is compared as it stands; otherwise case doesn't count.
 */

/** How a word is compared. */
export type TermKind = "fuzzy" | "exact" | "prefix" | "suffix" | "equal";

/** One word of a query. */
export interface Term {
  kind: TermKind;
  /** The word must not fit. */
  inverse: boolean;
  caseSensitive: boolean;
  /** In lower case unless the case counts. Never empty. */
  text: string;
}

/** Every group must have a term that fits. */
export interface Query {
  groups: readonly (readonly Term[])[];
}

/** The query that everything fits. */
export const emptyQuery: Query = { groups: [] };

/** A space that belongs to a word, while the words are told apart. */
const heldSpace = "\t";

/** The query that a line stands for. Every line is one. */
export function parseQuery(line: string): Query {
  const words = trimmed(line).replaceAll("\\ ", heldSpace).split(/ +/)
    .map((word) => word.replaceAll(heldSpace, " "));
  const groups: Term[][] = [];
  /** The next term joins the last group: at the beginning, and after an "or" until a term has followed. */
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
    // A word that says nothing yet: "!", "^", "'".
    if (term === undefined) continue;
    const group = joins ? groups.at(-1) : undefined;
    if (group === undefined) groups.push([term]);
    else group.push(term);
    joins = false;
  }
  return { groups };
}

/** Blanks around the words say nothing; one that is escaped at the end does. */
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
    // After "!", which compares exactly, the quote turns it back.
    kind = inverse ? "fuzzy" : "exact";
    text = text.slice(1);
  } else if (text.startsWith("^")) {
    kind = kind === "suffix" ? "equal" : "prefix";
    text = text.slice(1);
  }
  return text === "" ? undefined : { kind, inverse, caseSensitive, text };
}

/** Whether the order of what fits follows from how well it fits: a query that only rules out leaves it as it is. */
export function ranks(query: Query): boolean {
  return query.groups.some((group) => group.some(({ inverse }) => !inverse));
}

/** Whether all that fits the new query fits the old one too, as far as that is seen from the words. */
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
  // "ab" that becomes "abC" counts case from now on, and what fits it fits "ab" as well.
  const text = before.caseSensitive ? after.text : after.text.toLowerCase();
  return (after.caseSensitive || !before.caseSensitive) && text.startsWith(before.text);
}

function sameTerm(a: Term, b: Term): boolean {
  return a.kind === b.kind && a.inverse === b.inverse && a.caseSensitive === b.caseSensitive &&
    a.text === b.text;
}
