import assert from "node:assert/strict";
import fc from "fast-check";
import { outputFileName } from "./output_file_names.ts";

Deno.test("ordinary names stay as they are, their parts joined", () => {
  assert.equal(outputFileName("weka-drive-0"), "weka-drive-0");
  assert.equal(outputFileName("prod/weka/weka-drive-0/agent"), "prod_weka_weka-drive-0_agent");
  assert.equal(outputFileName("kind_a@b/x.y"), "kind%5Fa%40b_x.y");
  // Invalid text, from a server that sends anything.
  assert.equal(outputFileName("a\ud800"), "a%EF%BF%BD");
});

Deno.test("no name leads out of the folder, hides itself, or is two targets'", () => {
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
