/** What a person may have meant by a name that doesn't exist. */

/** Longer words come from no keyboard, and comparing them costs the product of their lengths. */
const maxLength = 128;

/**
 * At most `limit` of the names, the likeliest first; none that differs in more than half of its letters. Loads
 * what compares only when it is called: this is the way of errors.
 */
export async function nearestNames(
  wanted: string,
  names: Iterable<string>,
  limit = 3,
): Promise<string[]> {
  const { distance } = await import("fastest-levenshtein");
  return nearestBy(distance, wanted, names, limit);
}

/** {@link nearestNames} for whoever has loaded what compares: how many letters two words differ in. */
export function nearestBy(
  distance: (a: string, b: string) => number,
  wanted: string,
  names: Iterable<string>,
  limit = 3,
): string[] {
  if (wanted.length > maxLength) return [];
  const near: { name: string; slips: number }[] = [];
  for (const name of new Set(names)) {
    if (name.length > maxLength || name === "") continue;
    const slips = distance(wanted.toLowerCase(), name.toLowerCase());
    if (slips <= Math.max(wanted.length, name.length) / 2) near.push({ name, slips });
  }
  near.sort((a, b) => a.slips - b.slips || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map(({ name }) => name);
}

/** `; did you mean "match"?`, or nothing where no name is near. */
export async function didYouMean(wanted: string, names: Iterable<string>): Promise<string> {
  return didYouMeanText(await nearestNames(wanted, names, 2));
}

/** {@link didYouMean} for names that are known to be near. */
export function didYouMeanText(near: readonly string[]): string {
  if (near.length === 0) return "";
  return `; did you mean ${near.map((name) => JSON.stringify(name)).join(" or ")}?`;
}
