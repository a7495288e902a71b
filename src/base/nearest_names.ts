/** Suggestions for a name that doesn't exist. */

/** Longer names aren't typed by a person, and a comparison costs the product of their lengths. */
const maxLength = 128;

/**
 * Returns at most `limit` of the names, the likeliest first; none that differs in more than a share of its letters, which
 * is half of them by default. Loads the comparison only when it is called: this is an error path.
 */
export async function nearestNames(
  requested: string,
  names: Iterable<string>,
  limit = 3,
  options: { share?: number } = {},
): Promise<string[]> {
  const { distance } = await import("fastest-levenshtein");
  return nearestBy(distance, requested, names, limit, options);
}

/** {@link nearestNames} for callers that have loaded the comparison: the number of letters that two names differ in. */
export function nearestBy(
  distance: (a: string, b: string) => number,
  requested: string,
  names: Iterable<string>,
  limit = 3,
  { share = 1 / 2 }: { share?: number } = {},
): string[] {
  if (requested.length > maxLength) return [];
  const near: { name: string; slips: number }[] = [];
  for (const name of new Set(names)) {
    if (name.length > maxLength || name === "") continue;
    const [typed, known] = [requested.toLowerCase(), name.toLowerCase()];
    const slips = isSwapped(typed, known) ? 1 : distance(typed, known);
    if (slips <= Math.max(requested.length, name.length) * share) near.push({ name, slips });
  }
  near.sort((a, b) => a.slips - b.slips || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map(({ name }) => name);
}

/** Returns whether two names differ in the order of two neighbours, which is a single slip of a hand. */
function isSwapped(a: string, b: string): boolean {
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at >= 0 && b === a.slice(0, at) + (a[at + 1] ?? "") + a[at] + a.slice(at + 2);
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
