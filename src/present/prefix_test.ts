import assert from "node:assert/strict";
import fc from "fast-check";
import { hueCount, styleFor } from "../terminal/style.ts";
import { prefixes } from "./prefix.ts";

/** Returns the number of the colour of a prefix's own part. */
function colorOf(prefix: string): string {
  // deno-lint-ignore no-control-regex -- this searches for the colours
  return [...prefix.matchAll(/\x1b\[(3[1-6]|9[1-6])m/g)].map(([, color]) => color).join();
}

Deno.test("property: prefixes() gives no colour twice before each was given once", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}-[0-9]{1,3}$/), { maxLength: 40 });
  fc.assert(fc.property(names, (list) => {
    const colors = prefixes(list, styleFor(true)).map(colorOf);
    for (let start = 0; start < colors.length; start += hueCount) {
      const round = colors.slice(start, start + hueCount);
      assert.equal(new Set(round).size, round.length, list.join(" "));
    }
    const first = list.slice(0, 3);
    assert.deepEqual(prefixes(first, styleFor(true)).map(colorOf), colors.slice(0, first.length));
  }));
});
