/** What a person may have meant by a word that nobody knows. */

/** The candidate that a slip of the fingers or two away, or that the word begins. Undefined when none is near. */
export async function nearest(
  word: string,
  candidates: readonly string[],
): Promise<string | undefined> {
  const { distance } = await import("fastest-levenshtein");
  const near = candidates
    .map((candidate) => ({ candidate, slips: distance(word, candidate) }))
    .filter(({ candidate, slips }) =>
      slips <= Math.max(1, Math.floor(word.length / 3)) ||
      (word.length > 2 && candidate.startsWith(word))
    )
    .sort((a, b) => a.slips - b.slips);
  return near[0]?.candidate;
}
