import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { TlsClosers } from "./tls_closers.ts";

Deno.test("connections leave threads for files, and one is free again when it has slept", async () => {
  const clock = new ManualClock();
  const closers = new TlsClosers(clock);
  const taken = Array.from({ length: 32 }, () => closers.take());
  assert.equal(taken.filter((one) => one !== undefined).length, 24);
  const [first] = taken;
  first?.[Symbol.dispose]();
  assert.equal(closers.take(), undefined, "it sleeps");
  await clock.runUntil(new Promise<void>((resolve) => clock.timer(101, resolve)));
  assert.notEqual(closers.take(), undefined);
  // Disposing twice frees no second one.
  first?.[Symbol.dispose]();
  await clock.runUntil(new Promise<void>((resolve) => clock.timer(101, resolve)));
  assert.equal(closers.take(), undefined);
});
