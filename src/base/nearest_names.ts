/** Suggestions for a name that doesn't exist. */

/** Longer names aren't typed by a person, and a comparison costs the product of their lengths. */
const maxLength = 128;

/**
 * Returns at most `limit` of the names, the likeliest first; none that differs in more than half of its letters. Loads
 * the comparison only when it is called: this is an error path.
 */
export async function nearestNames(
  requested: string,
  names: Iterable<string>,
  limit = 3,
): Promise<string[]> {
  const { distance } = await import("fastest-levenshtein");
  return nearestBy(distance, requested, names, limit);
}

/** {@link nearestNames} for callers that have loaded the comparison: the number of letters that two names differ in. */
export function nearestBy(
  distance: (a: string, b: string) => number,
  requested: string,
  names: Iterable<string>,
  limit = 3,
): string[] {
  if (requested.length > maxLength) return [];
  const near: { name: string; slips: number }[] = [];
  for (const name of new Set(names)) {
    if (name.length > maxLength || name === "") continue;
    const slips = distance(requested.toLowerCase(), name.toLowerCase());
    if (slips <= Math.max(requested.length, name.length) / 2) near.push({ name, slips });
  }
  near.sort((a, b) => a.slips - b.slips || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map(({ name }) => name);
}

/** Returns `; did you mean "match"?`, or nothing if no name is near. */
export async function didYouMean(requested: string, names: Iterable<string>): Promise<string> {
  return didYouMeanText(await nearestNames(requested, names, 2));
}

/** {@link didYouMean} for names that are known to be near. */
export function didYouMeanText(near: readonly string[]): string {
  if (near.length === 0) return "";
  return `; did you mean ${near.map((name) => JSON.stringify(name)).join(" or ")}?`;
}
