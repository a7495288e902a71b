/** Suggestions for a pattern that matches no pod. */
import { nearestNames } from "../../base/nearest_names.ts";
import { matchesPattern } from "./selection.ts";
import type { NamePattern } from "./target.ts";

/** A text that would have matched, and the names that contain it. */
export interface NearMatch {
  text: string;
  names: string[];
}

/** More names aren't compared: an error should come at once. */
const maxNames = 5_000;

/**
 * Returns the nearest matching text for each pattern that matches no name: names are compared completely and by runs of
 * their parts, so that `drvie` is near to the `drive` of `weka-drive-0`. A regular expression has no near match.
 */
export async function nearestMatches(
  patterns: readonly NamePattern[],
  names: readonly string[],
): Promise<NearMatch[]> {
  const known = names.slice(0, maxNames);
  const texts = new Set(known.flatMap(runsOfParts));
  const near: NearMatch[] = [];
  for (const pattern of patterns) {
    if (pattern.kind !== "substring") continue;
    if (known.some((name) => matchesPattern(name, pattern))) continue;
    const [text] = await nearestNames(pattern.text, texts, 1);
    if (text === undefined || near.some((each) => each.text === text)) continue;
    near.push({ text, names: known.filter((name) => name.includes(text)) });
  }
  return near;
}

/** `weka-drive-0` yields `weka`, `weka-drive`, `weka-drive-0`, `drive`, `drive-0`; a number alone is useless. */
function runsOfParts(name: string): string[] {
  const parts = name.split(/[-.]/);
  const runs: string[] = [];
  let start = 0;
  for (const part of parts) {
    for (let end = start + part.length; end <= name.length; end = nextEnd(name, end)) {
      runs.push(name.slice(start, end));
    }
    start += part.length + 1;
  }
  return runs.filter((run) => /[a-z]/i.test(run));
}

function nextEnd(name: string, end: number): number {
  if (end === name.length) return end + 1;
  const next = name.slice(end + 1).search(/[-.]/);
  return next < 0 ? name.length : end + 1 + next;
}
