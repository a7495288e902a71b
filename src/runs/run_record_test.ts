import assert from "node:assert/strict";
import fc from "fast-check";
import { expiredRecords, type KeptRecord } from "./run_record.ts";

const now = new Date("2026-01-31T00:00:00Z");
const dayMs = 24 * 3_600_000;
const limits = { maxAgeMs: 30 * dayMs, maxRecords: 3, maxBytes: 100, busyMs: 10 };

function record(name: string, ageMs: number, bytes = 1): KeptRecord {
  return { name, bytes, modifiedAt: new Date(now.getTime() - ageMs) };
}

Deno.test("`expiredRecords()` selects records by age, number and size, the oldest first", () => {
  const used = [1, 2, 3].map((days) => record(`${days}`, days * dayMs));
  const many = { ...limits, maxRecords: 100 };
  assert.deepEqual(expiredRecords([record("a", 31 * dayMs), ...used], now, many), ["a"]);
  const five = [50, 30, 20, 40, 60].map((age) => record(String(age), age));
  assert.deepEqual(expiredRecords(five, now, limits), ["60", "50"]);
  const large = [record("a", 20, 60), record("b", 30, 60), record("c", 40, 30)];
  assert.deepEqual(expiredRecords(large, now, limits), ["b"]);
  const together = [record("a", 20, 40), record("b", 30, 40), record("c", 40, 40)];
  assert.deepEqual(expiredRecords(together, now, limits), ["c"]);
});

Deno.test("`expiredRecords()` never selects a record that is being written", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ age: fc.nat(2000), bytes: fc.nat(200) }), { maxLength: 20 }),
    (all) => {
      const records = all.map(({ age, bytes }, at) => record(String(at), age, bytes));
      const expired = new Set(expiredRecords(records, now, limits));
      const kept = records.filter(({ name }) => !expired.has(name));
      const age = ({ modifiedAt }: KeptRecord) => now.getTime() - modifiedAt.getTime();
      for (const one of records) if (age(one) <= limits.busyMs) assert.ok(kept.includes(one));
      const idle = kept.filter((one) => age(one) > limits.busyMs);
      assert.ok(idle.length <= limits.maxRecords);
    },
  ));
});

Deno.test("`expiredRecords()` selects none behind a clock that has jumped", () => {
  const records = [1, 2, 3, 4].map((days) => record(`${days}`, days * dayMs));
  const jumped = new Date(now.getTime() + 40 * dayMs);
  const first = { name: "first", bytes: 1, modifiedAt: jumped };
  const many = { ...limits, maxRecords: 100 };
  assert.deepEqual(expiredRecords([first, ...records], jumped, many), []);
});
