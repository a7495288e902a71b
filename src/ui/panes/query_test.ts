import assert from "node:assert/strict";
import fc from "fast-check";
import { isReadingQuery, parseCsv } from "./query.ts";

for (
  const [sql, reads] of [
    ["select 1", true],
    ["  SELECT * FROM t;", true],
    ["with a as (select 1) select * from a", true],
    ["show all", true],
    ["explain select 1", true],
    ["explain analyze delete from t", false],
    ["select 1; drop table t", false],
    ["delete from t", false],
    ["selection", false],
    ["\\! rm -rf /", false],
    ["select 1 \\! touch /tmp/x", false],
    ["select 'drop table t' \\gexec", false],
  ] as const
) {
  Deno.test(`a query that ${reads ? "reads runs at once" : "may write is confirmed"}: ${sql}`, () => {
    assert.equal(isReadingQuery(sql), reads);
  });
}

Deno.test("property: parseCsv() reads back what RFC 4180 writes", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "木"), maxLength: 6 });
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(fc.property(rows, (rows) => {
    const text = rows.map((row) =>
      `${row.map((one) => /[",\n]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one).join(",")}\n`
    ).join("");
    assert.deepEqual(parseCsv(text), rows);
  }));
});
