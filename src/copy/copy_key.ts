/** Names of temporary files: the same for the same copy, so that another attempt finds what an earlier one wrote. */

/** Returns sixteen digits that identify all of the strings. */
export async function keyOf(words: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(words));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.subarray(0, 8).toHex();
}
