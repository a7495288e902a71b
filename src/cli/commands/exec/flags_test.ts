import assert from "node:assert/strict";
import { BadValue } from "../../parser/flag.ts";
import { amount, amounts } from "./flags.ts";

Deno.test("batches are numbers and percentages, in turn", () => {
  assert.deepEqual(amounts("1, 5,20%"), [
    { kind: "count", count: 1 },
    { kind: "count", count: 5 },
    { kind: "percent", percent: 20 },
  ]);
  assert.deepEqual(amount("0"), { kind: "count", count: 0 });
  assert.deepEqual(amount("12.5%"), { kind: "percent", percent: 12.5 });
});

Deno.test("what is not a number of pods is refused", () => {
  for (const raw of ["", "x", "-1", "1.5", "101%", "%", "5 %", "1e3", "1,2"]) {
    assert.throws(() => amount(raw), BadValue, raw);
  }
  for (const raw of ["", "0", "1,,2", "0%", "1,x", "1,"]) {
    assert.throws(() => amounts(raw), BadValue, raw);
  }
});
