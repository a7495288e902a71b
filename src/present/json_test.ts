import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { hint, option } from "../base/hint.ts";
import { jsonLine, toJson } from "./json.ts";

Deno.test("`toJson()` converts what events carry to plain data", () => {
  const event = {
    error: new KodamaError("config", "wrong", { hint: "mend it" }),
    at: new Date("2026-01-02T03:04:05Z"),
    bytes: new TextEncoder().encode("é\n"),
    names: new Map([["a", new Set([1, 2])]]),
    advice: hint`use ${option("all")}`,
    absent: undefined,
    list: [undefined, null],
  };
  assert.deepEqual(toJson(event), {
    error: "wrong",
    at: "2026-01-02T03:04:05.000Z",
    bytes: "é\n",
    names: { a: [1, 2] },
    advice: "use --all",
    list: [null, null],
  });
});

Deno.test("`toJson()` agrees with JSON.stringify for plain data, and refuses functions", () => {
  const plain = { a: [1, "x", true, null, { b: {} }], c: Number.NaN };
  assert.equal(jsonLine(plain), `${JSON.stringify(plain)}\n`);
  assert.throws(() => toJson({ f: () => 1 }), TypeError);
});
