/** Arbitrary text for property tests. */
import fc from "fast-check";

/**
 * Text of any code points, including control characters, surrogates and astral planes. As fast-check's `unit:
 * "binary"`, which makes a table of all code points first: a second of CPU time for each test file.
 */
export function anyText(
  { minLength = 0, maxLength = 40 }: { minLength?: number; maxLength?: number } = {},
): fc.Arbitrary<string> {
  const point = fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10ffff }));
  return fc.array(point, { minLength, maxLength }).map((points) => String.fromCodePoint(...points));
}
