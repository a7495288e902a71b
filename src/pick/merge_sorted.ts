/** Merging two sorted lists of which one is mostly much shorter: a few new rows among very many. */

/** If one list is this many times as long, each item of the short one is looked up in the long one. */
const muchLonger = 16;

/** Returns all items of both, sorted; of equal ones those of `a` first. Changes neither; may return one of them. */
export function mergeSorted<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (x: T, y: T) => number,
): readonly T[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  if (compare(a[a.length - 1] as T, b[0] as T) <= 0) return a.concat(b);
  return a.length > b.length * muchLonger ? insertAll(a, b, compare) : zip(a, b, compare);
}

/** Copies the range between two indexes of the long list in one piece. */
function insertAll<T>(
  long: readonly T[],
  short: readonly T[],
  compare: (x: T, y: T) => number,
): readonly T[] {
  const merged = new Array<T>(long.length + short.length);
  let [from, at] = [0, 0];
  for (const item of short) {
    const place = firstIndex(long.length, (index) => compare(long[index] as T, item) > 0, from);
    while (from < place) merged[at++] = long[from++] as T;
    merged[at++] = item;
  }
  while (from < long.length) merged[at++] = long[from++] as T;
  return merged;
}

function zip<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): readonly T[] {
  const merged = new Array<T>(a.length + b.length);
  let [left, right] = [0, 0];
  for (let at = 0; at < merged.length; at++) {
    const takesLeft = right >= b.length ||
      (left < a.length && compare(a[left] as T, b[right] as T) <= 0);
    merged[at] = (takesLeft ? a[left++] : b[right++]) as T;
  }
  return merged;
}

/** Returns the first index from which a monotonic condition holds; `length` if there is none. */
export function firstIndex(length: number, holds: (index: number) => boolean, from = 0): number {
  let [low, high] = [from, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
