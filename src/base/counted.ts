/** Numbers with their nouns. */

/** `1 pod`, `0 pods`. For nouns whose plural ends in s, or that have one of their own: `1 process`, `2 processes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
