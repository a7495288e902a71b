import assert from "node:assert/strict";
import fc from "fast-check";
import { fit, type Section, tokensOf } from "./fit.ts";

const line = fc.string({ maxLength: 600 }).map((text) => text.replaceAll("\n", " "));
const section: fc.Arbitrary<Section> = fc.record({
  lines: fc.array(line, { maxLength: 60 }),
  unit: fc.constant("pods"),
  more: fc.option(fc.constant("narrow the request"), { nil: undefined }),
  fair: fc.boolean(),
}).map(({ more, ...rest }) => more === undefined ? rest : { ...rest, more });

Deno.test("fit() never exceeds the budget", () => {
  fc.assert(fc.property(
    fc.array(section, { maxLength: 120 }),
    fc.integer({ min: 300, max: 5000 }),
    (sections, budget) => {
      assert.ok(tokensOf(fit(sections, budget)) <= budget);
    },
  ));
});

Deno.test("fit() shows all of what fits, in order", () => {
  const sections = [
    { lines: ["a", "b"], unit: "lines" },
    { lines: ["c"], unit: "lines", fair: true },
    { lines: ["d"], unit: "lines", fair: true },
  ];
  assert.equal(fit(sections, 300), "a\nb\nc\nd");
});

Deno.test("fit() cuts at whole lines, and says how many are omitted and how to request them", () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `web-${index}  1/1  Running`);
  const text = fit([{ lines, unit: "pods", more: "narrow with match" }], 300);
  const shown = text.split("\n");
  const last = shown.pop() ?? "";
  assert.deepEqual(shown, lines.slice(0, shown.length));
  assert.equal(last, `… ${5000 - shown.length} more pods are omitted: narrow with match`);
});

Deno.test("fit() shares the budget of many groups: a large one doesn't hide the others", () => {
  const groups = Array.from({ length: 20 }, (_, index): Section => ({
    lines: [
      `--- group ${index}`,
      ...Array.from({ length: index === 0 ? 1000 : 2 }, (_, at) => `line ${at}`),
    ],
    unit: "lines",
    fair: true,
  }));
  const text = fit(groups, 1000);
  for (let index = 0; index < 20; index++) assert.match(text, new RegExp(`--- group ${index}\n`));
  assert.match(text, /… \d+ more lines\n/);
});

Deno.test("fit() omits the last groups if there are too many to show anything of each", () => {
  const groups = Array.from({ length: 1000 }, (_, index): Section => ({
    lines: [`--- group ${index}`, "a line of it"],
    unit: "lines",
    fair: true,
  }));
  const text = fit(groups, 500);
  assert.match(text, /^--- group 0\n/);
  assert.match(text, /… \d+ more groups are omitted$/);
});

Deno.test("fit() cuts a long line, and says by how much", () => {
  const text = fit([{ lines: ["x".repeat(1000), "end"], unit: "lines" }], 1000);
  assert.equal(text, `${"x".repeat(400)}… (600 more characters)\nend`);
});
