/** Suggestions for a pattern or a label that matches no pod. */
import { nearestNames } from "../../base/nearest_names.ts";
import { matchesPattern } from "./selection.ts";
import type { NamePattern } from "./target.ts";
import type { Pod } from "../types.ts";

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

/**
 * Returns the nearest label for each `key=value` of a selector that no pod has: another value of the key, or the key that
 * has the value.
 */
export async function nearestLabels(selector: string, pods: readonly Pod[]): Promise<NearMatch[]> {
  const near: NearMatch[] = [];
  const known = pods.slice(0, maxNames).map(({ metadata = {} }) => ({
    name: metadata.name ?? "",
    labels: metadata.labels ?? {},
  }));
  for (const requirement of selector.split(",")) {
    const [, key = "", value = ""] = /^\s*([^\s=!]+)\s*==?\s*(\S+)\s*$/.exec(requirement) ?? [];
    if (key === "" || known.some(({ labels }) => labels[key] === value)) continue;
    const values = known.flatMap(({ labels }) => labels[key] ?? []);
    const keys = known.flatMap(({ labels }) =>
      Object.keys(labels).filter((one) => labels[one] === value)
    );
    const [nearValue] = await nearestNames(value, values, 1);
    const [nearKey = key] = nearValue === undefined ? await nearestNames(key, keys, 1) : [];
    const [name, text] = [nearKey, nearValue ?? value];
    const names = known.filter(({ labels }) => labels[name] === text).map((pod) => pod.name);
    if (names.length > 0) near.push({ text: `label ${name}=${text}`, names });
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
