/** Replaces the parts of programs' output that differ from run to run by placeholders. */

/** Texts that only the running test knows. The longest are replaced first. */
export interface KnownTexts {
  [placeholder: string]: string;
}

const patterns: readonly [RegExp, string][] = [
  // The root of a container without namespaces, as its commands print it.
  [/\/tmp\/kodama-[0-9a-f]+\/[0-9a-f]{8}(?=\/)/g, ""],
  [/\/tmp\/kodama-[0-9a-f]+\/[0-9a-f]{8}\b/g, "/"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, "{time}"],
  // The names of a Deployment's pods: their template's hash and five letters.
  [/-[bcdf-hj-np-tv-xz2456789]{7,10}-[bcdf-hj-np-tv-xz2456789]{5}\b/g, "-{hash}-{id}"],
  [/https:\/\/(?:127\.0\.0\.1|\[::1\]):\d+/g, "{server}"],
  [/\b10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, "{ip}"],
  // A run of kodama's: its time and six digits.
  [/\b\d{8}-\d{6}-[0-9a-f]{7}\b/g, "{run}"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "{uid}"],
  [/\b\d+(?:\.\d+)?(?:ms|s)\b(?!\/)/g, "{duration}"],
  [/\b\d+m\d+s\b/g, "{duration}"],
];

/** Replaces known texts by their names in braces, and then texts like a time, an address, a generated name. */
export function normalise(text: string, known: KnownTexts): string {
  const texts = Object.entries(known).filter(([, value]) => value !== "")
    .sort(([, a], [, b]) => b.length - a.length);
  let result = text;
  for (const [name, value] of texts) result = result.replace(wholeWord(value), `{${name}}`);
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
  return result;
}

/** Matches the text as a whole word: a node `rig` isn't part of "right". */
function wholeWord(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<!\\w)${escaped}(?!\\w)`, "g");
}
