/** Numbers with their nouns. */

/** Returns `1 pod`, `0 pods`. For plurals in s, or with a given plural: `1 process`, `2 processes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
