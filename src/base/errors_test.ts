import assert from "node:assert/strict";
import { KodamaError, unlessError } from "./errors.ts";

Deno.test("unlessError() returns undefined for errors of the kinds alone", async () => {
  const failing = (error: Error) => unlessError(["notFound", "conflict"], Promise.reject(error));
  assert.equal(await unlessError(["notFound"], Promise.resolve(1)), 1);
  assert.equal(await failing(new KodamaError("notFound", "")), undefined);
  await assert.rejects(failing(new KodamaError("forbidden", "")), { kind: "forbidden" });
  await assert.rejects(failing(new TypeError("bug")), TypeError);
});
