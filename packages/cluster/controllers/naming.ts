/** Names derived from values: the same value gives the same name, and any other very likely another. */

/** Returns one text for one value: keys are sorted, absent fields omitted. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  }) ?? "";
}

/** FNV-1a, 32 bits: what Kubernetes too takes for its template hashes. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // One more round of mixing: short texts that differ in their last letter must not get similar hashes.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Kubernetes' letters for generated names: no vowels and no look-alikes, so that no word is formed. */
const nameLetters = "bcdfghjklmnpqrstvwxz2456789";

/** Returns five letters for a text, as the suffix of a generated name. */
export function nameSuffix(text: string): string {
  let rest = hash32(text);
  let suffix = "";
  while (suffix.length < 5) {
    suffix += nameLetters[rest % nameLetters.length];
    rest = Math.floor(rest / nameLetters.length);
  }
  return suffix;
}

/** Returns a hash as a label holds it: letters that encode its decimal digits. */
export function hashLabel(value: unknown): string {
  const digits = `${hash32(canonicalText(value))}`;
  return [...digits].map((digit) => nameLetters[digit.charCodeAt(0) % nameLetters.length]).join("");
}
