/** Names that a person may have meant. */
import { distance } from "fastest-levenshtein";

/** Longer words come from no keyboard, and comparing them costs their product. */
const maxLength = 128;

/** At most `limit` of the names, the likeliest first; none that differs in more than half of its letters. */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 3): string[] {
  if (wanted.length > maxLength) return [];
  const near: { name: string; score: number }[] = [];
  for (const name of new Set(names)) {
    if (name.length > maxLength || name === "") continue;
    const part = name.includes(wanted) || wanted.includes(name);
    const score = part ? 0.5 : distance(wanted, name);
    if (score <= Math.max(wanted.length, name.length) / 2) near.push({ name, score });
  }
  near.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map(({ name }) => name);
}
