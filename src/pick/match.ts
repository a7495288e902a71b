/** Whether a text matches a query, its rank, and its positions. Fuzzy terms use fuzzysort, all others this file. */
import { prepare, type Prepared, single } from "fuzzysort";
import { type Query, ranks, type Term } from "./query.ts";

/** A text prepared for repeated searches. */
export interface SearchText {
  readonly text: string;
  readonly lower: string;
  readonly prepared: Prepared;
}

/** Prepares a text for searches: once for each, some microseconds. */
export function searchText(text: string): SearchText {
  return { text, lower: text.toLowerCase(), prepared: prepare(text) };
}

/** Rank resolution: ranks are whole numbers, so that equal scores are equal. */
const steps = 1_000_000;
/** Longer texts count as equally long. */
const longest = 1000;

/**
 * Returns the rank of a matching text, undefined for any other. Smaller is better: how well the terms
 * match, then the length of the text, as in fzf. 0 for all if the query only excludes.
 */
export function rank(query: Query, text: SearchText): number | undefined {
  let total = 0;
  let counted = 0;
  for (const group of query.groups) {
    let best: number | undefined;
    for (const term of group) {
      const score = termScore(term, text);
      // The first match counts, as in fzf.
      if (score === undefined) continue;
      best = score;
      if (!term.inverse) counted++;
      break;
    }
    if (best === undefined) return undefined;
    total += best;
  }
  if (!ranks(query)) return 0;
  const goodness = counted === 0 ? 0 : total / counted;
  return Math.round((1 - goodness) * steps) * longest + Math.min(text.text.length, longest - 1);
}

/** From 0 to 1; undefined if the term doesn't match. */
function termScore(term: Term, text: SearchText): number | undefined {
  if (term.inverse) return fits(term, text) ? undefined : 0;
  if (term.kind !== "fuzzy") return plainScore(term, text);
  if (!isFuzzysorts(term)) return subsequence(term, text) === undefined ? undefined : 0.5;
  const result = single(term.text, text.prepared);
  if (result === null) return undefined;
  // Scores of long texts may leave the range: only the order among them counts.
  if (!term.caseSensitive) return Math.min(1, Math.max(0, result.score));
  return subsequence(term, text) === undefined ? undefined : Math.min(1, Math.max(0, result.score));
}

/** fuzzysort treats a space as a gap between terms and folds letters in its own way. */
const plainAscii = /^[\x21-\x7e]+$/;

function isFuzzysorts({ text }: Term): boolean {
  return plainAscii.test(text);
}

/** A match at a word's start is better than within; the whole word is best. */
function plainScore(term: Term, text: SearchText): number | undefined {
  const place = placeOf(term, text);
  if (place === undefined) return undefined;
  const before = place === 0 ? undefined : text.text[place - 1];
  const after = text.text[place + term.text.length];
  const begins = before === undefined || isBoundary(before);
  const ends = after === undefined || isBoundary(after);
  return begins ? (ends ? 0.99 : 0.95) : 0.85;
}

function isBoundary(character: string): boolean {
  return !/[\p{L}\p{N}]/u.test(character);
}

function fits(term: Term, text: SearchText): boolean {
  return term.kind === "fuzzy"
    ? subsequence(term, text) !== undefined
    : placeOf(term, text) !== undefined;
}

/** Returns the position of a term that isn't fuzzy. */
function placeOf(term: Term, { text, lower }: SearchText): number | undefined {
  const within = term.caseSensitive ? text : lower;
  const last = within.length - term.text.length;
  switch (term.kind) {
    case "exact":
    case "fuzzy": {
      const at = bestPlace(within, term.text);
      return at < 0 ? undefined : at;
    }
    case "prefix":
      return within.startsWith(term.text) ? 0 : undefined;
    case "suffix":
      return within.endsWith(term.text) ? last : undefined;
    case "equal":
      return within === term.text ? 0 : undefined;
  }
}

/** Returns the first occurrence at a word's start, else the first. */
function bestPlace(within: string, text: string): number {
  const first = within.indexOf(text);
  for (let at = first; at >= 0; at = within.indexOf(text, at + 1)) {
    if (at === 0 || isBoundary(within.charAt(at - 1))) return at;
  }
  return first;
}

/** Returns the indexes of the term's characters, each as early as possible. */
function subsequence(term: Term, { text, lower }: SearchText): number[] | undefined {
  const within = term.caseSensitive ? text : lower;
  const places: number[] = [];
  let from = 0;
  for (let index = 0; index < term.text.length; index++) {
    const at = within.indexOf(term.text.charAt(index), from);
    if (at < 0) return undefined;
    places.push(at);
    from = at + 1;
  }
  return places;
}

/** Returns the indexes of the matching characters, for highlighting. The text must match. */
export function matchedPlaces(query: Query, text: SearchText): ReadonlySet<number> {
  const places = new Set<number>();
  for (const group of query.groups) {
    const term = group.find((one) => termScore(one, text) !== undefined);
    if (term === undefined || term.inverse) continue;
    for (const place of termPlaces(term, text)) places.add(place);
  }
  return places;
}

function termPlaces(term: Term, text: SearchText): readonly number[] {
  if (term.kind === "fuzzy") {
    const scored = isFuzzysorts(term) && !term.caseSensitive
      ? single(term.text, text.prepared)?.indexes
      : undefined;
    return scored ?? subsequence(term, text) ?? [];
  }
  const place = placeOf(term, text) ?? 0;
  return Array.from({ length: term.text.length }, (_, index) => place + index);
}
