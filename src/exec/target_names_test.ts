import { expandNames } from "../base/name_ranges.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { compressNames, outputFileName } from "./target_names.ts";

Deno.test("`outputFileName()` keeps ordinary names", () => {
  assert.equal(outputFileName("weka-drive-0"), "weka-drive-0");
  assert.equal(outputFileName("prod/weka/weka-drive-0/agent"), "prod_weka_weka-drive-0_agent");
  assert.equal(outputFileName("kind_a@b/x.y"), "kind%5Fa%40b_x.y");
  // Invalid text, from a server that sends anything.
  assert.equal(outputFileName("a\ud800"), "a%EF%BF%BD");
});

Deno.test("`outputFileName()` is unique and safe for any name", () => {
  const wild = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1 }),
      fc.constantFrom("..", ".", "../..", "C:", "a_b", "a"),
      fc.string({ minLength: 190, maxLength: 300 }),
    ).filter((part) => part.isWellFormed()),
    { minLength: 1, maxLength: 4 },
  ).map((parts) => parts.join("/"));
  fc.assert(fc.property(wild, wild, (one, other) => {
    const name = outputFileName(one);
    assert.match(name, /^[A-Za-z0-9%_-][A-Za-z0-9%_.-]*$|^$/);
    assert.ok(name.length <= 220);
    assert.equal(name === outputFileName(other), one === other);
  }));
});

Deno.test("`compressNames()` folds runs of numbers, and keeps random suffixes and padding", () => {
  const table: [string[], string][] = [
    [["a-0", "a-1", "a-2", "a-4"], "a-[0-2,4]"],
    [["weka-drive-3"], "weka-drive-3"],
    [["node08", "node09", "node10"], "node[08-10]"],
    [["n9", "n10", "n11"], "n[9-11]"],
    [["n8", "n09"], "n[8,09]"],
    [["ns/a-1/agent", "ns/a-2/agent"], "ns/a-[1-2]/agent"],
    [["web-7d9c5b6f4-x2x5z", "web-7d9c5b6f4-k8k9q"], "web-7d9c5b6f4-x2x5z,web-7d9c5b6f4-k8k9q"],
    [["b-1", "a-1", "b-2"], "b-[1-2],a-1"],
    [["odd,[name]", "x"], "odd\\,\\[name\\],x"],
    [[], ""],
  ];
  for (const [names, text] of table) assert.equal(compressNames(names), text);
});

Deno.test("`compressNames()` loses no name", () => {
  const part = fc.constantFrom("a", "node", "-", "/", ".", ",", "[", "]", "\\", "0", "7", "é");
  const number = fc.oneof(
    fc.nat(120).map(String),
    fc.nat(120).map((value) => String(value).padStart(3, "0")),
    fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
  );
  const name = fc.tuple(fc.array(part, { maxLength: 4 }), number, fc.array(part, { maxLength: 2 }))
    .map(([before, digits, after]) => before.join("") + digits + after.join(""));
  fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 60 }), (names) => {
    assert.deepEqual(expandNames(compressNames(names))?.sort(), names.toSorted());
  }));
});
