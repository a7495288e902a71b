import assert from "node:assert/strict";
import fc from "fast-check";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { readQueries, writeQueries } from "../saved_files.ts";
import { isReadingQuery, LimitedText, parseCsv, psqlInput } from "./query.ts";

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

Deno.test("psqlInput() ends a statement after its last line, whatever that is", () => {
  const sql = "DELETE FROM orders -- only the old ones\nWHERE age > 10 -- days";
  assert.equal(psqlInput(sql), `${sql}\n;\n`);
  assert.equal(psqlInput("show all"), "SET default_transaction_read_only = on;\nshow all\n;\n");
});

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

Deno.test("an answer beyond the limit is cut, and known to be", () => {
  const answer = new LimitedText(6);
  const encoder = new TextEncoder();
  answer.add(encoder.encode("a\n木"));
  answer.add(encoder.encode("b"));
  assert.deepEqual([answer.text, answer.isCut], ["a\n木b", false]);
  answer.add(encoder.encode("c"));
  answer.add(encoder.encode("d"));
  assert.deepEqual([answer.text, answer.isCut], ["a\n木b", true]);
});

Deno.test("a history of long queries can be read again: the oldest are dropped", async () => {
  const { host } = simulatedHost({});
  const history = Array.from({ length: 100 }, (_, index) => `${index} ${"é".repeat(64 * 1024)}`);
  await writeQueries(host, { history, saved: { one: "select 1" } });
  const stored = await readQueries(host);
  assert.deepEqual(stored.saved, { one: "select 1" });
  assert.ok(stored.history.length > 10);
  assert.deepEqual(stored.history, history.slice(-stored.history.length));
});
