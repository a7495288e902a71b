/** The width of a text on a terminal, in columns. */

/** Combining marks, joiners and selectors: they take no column of their own. */
const zeroWidth = /[\p{Mn}\p{Me}\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]/u;

/**
 * Blocks of East Asian wide and full-width characters and of emoji, as first and last code point.
 * https://www.unicode.org/reports/tr11/
 */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x274c, 0x274c],
  [0x2753, 0x2757],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Returns the columns of a text without control characters. Sequences of emoji count each of their parts. */
export function displayWidth(text: string): number {
  // Nearly every measured text is plain ASCII: pods, nodes and namespaces must be.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (zeroWidth.test(character)) continue;
    const code = character.codePointAt(0) ?? 0;
    width += wide.some(([first, last]) => first <= code && code <= last) ? 2 : 1;
  }
  return width;
}
