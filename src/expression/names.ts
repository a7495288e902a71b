/** Hints for names that don't exist. */
import { distance } from "fastest-levenshtein";
import { didYouMeanText, nearestBy } from "../base/nearest_names.ts";

function nearestFirst(name: string, names: readonly string[]): string[] {
  const short = name.slice(0, 128);
  return names.toSorted((a, b) => distance(short, a) - distance(short, b));
}

/** Maximum number of names that a message lists if none is near. */
const listed = 8;

/** Returns `; did you mean "params"?`, else `; available: a, b`. */
export function nameHint(name: string, names: readonly string[]): string {
  const near = nearestBy(distance, name, names, 2);
  if (near.length > 0) return didYouMeanText(near);
  if (names.length === 0) return "; none is available";
  const byNearness = nearestFirst(name, names);
  const more = names.length > listed ? `, and ${names.length - listed} more` : "";
  return `; available: ${byNearness.slice(0, listed).join(", ")}${more}`;
}
