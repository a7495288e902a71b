import assert from "node:assert/strict";
import { jsonFieldsText, parseLogTemplate } from "./template.ts";
import { filterLines, type LogLine } from "./line.ts";

Deno.test("the fields of a JSON line: by name, dotted name or path; other lines stay as they are", () => {
  const cases: readonly [line: string, fields: string[], expected: string][] = [
    ['{"level":"warn","msg":"slow"}', ["level", "msg"], "warn slow"],
    ['{"a":{"b":7},"a.b":1}', ["a.b"], "1"],
    ['{"a":{"b":[7]}}', ["a.b"], "[7]"],
    ['{"msg":null,"n":0}', ["msg", "n"], "0"],
    ['{"other":1}', ["msg"], '{"other":1}'],
    ['["msg"]', ["msg"], '["msg"]'],
    ["{not json", ["msg"], "{not json"],
    ['{"x":1}', ["__proto__", "constructor"], '{"x":1}'],
  ];
  for (const [line, fields, expected] of cases) {
    assert.equal(jsonFieldsText(line, fields), expected, line);
  }
});

Deno.test("a template's words, fields, doubled braces and escapes", () => {
  assert.deepEqual(parseLogTemplate("{{{pod}}} {json.a.b}\\t{message}"), {
    kind: "template",
    parts: [
      { kind: "text", text: "{" },
      { kind: "placeholder", field: "pod" },
      { kind: "text", text: "}" },
      { kind: "text", text: " " },
      { kind: "field", path: ["a", "b"] },
      { kind: "text", text: "\t" },
      { kind: "placeholder", field: "message" },
    ],
  });
  for (const bad of ["{nope}", "{", "a}b", "{}", "{json.}", "{json}"]) {
    assert.equal(parseLogTemplate(bad).kind, "invalid", bad);
  }
});

Deno.test("a filter keeps what any pattern includes and none excludes, whatever flags the patterns have", () => {
  const lines = ["error one", "error two", "fine", "error one"].map((text): LogLine => {
    const bytes = new TextEncoder().encode(text);
    const offsets = { stamp: 0, stampEnd: 0, text: 0, end: bytes.length };
    return { source: 0, bytes, seconds: 0, nanos: 0, ...offsets };
  });
  const kept = filterLines(lines, { grep: [/error/g], excludeLines: [/two/] });
  assert.deepEqual(kept, [lines[0], lines[3]]);
  assert.equal(filterLines(lines, { grep: [], excludeLines: [] }), lines);
});
