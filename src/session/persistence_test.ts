import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { persistently, persistentlyOf } from "./persistence.ts";

/** Returns how often a call that fails like this is made, and how long that takes. */
async function attempts(kind: KodamaError["kind"], signal = new AbortController().signal) {
  const clock = new ManualClock();
  let made = 0;
  const call = () => {
    if (++made > 100) throw new Error("it tries for ever");
    return Promise.reject(new KodamaError(kind, "no"));
  };
  await assert.rejects(clock.runUntil(persistently(clock, signal, call)), { kind, message: "no" });
  return { made, elapsedMs: clock.elapsedMs() };
}

Deno.test("what a server or a link stumbled over is tried nine times within six seconds", async () => {
  for (const kind of ["server", "unreachable", "timeout"] as const) {
    assert.deepEqual(await attempts(kind), { made: 9, elapsedMs: 5500 });
  }
});

Deno.test("what was refused for a reason, or is wanted no more, is not asked again", async () => {
  for (const kind of ["conflict", "forbidden", "notFound"] as const) {
    assert.deepEqual(await attempts(kind), { made: 1, elapsedMs: 0 });
  }
  assert.deepEqual(await attempts("server", AbortSignal.abort()), { made: 1, elapsedMs: 0 });
});

Deno.test("a server that never answered isn't asked again; one that did is", async () => {
  const clock = new ManualClock();
  const around = { clock, signal: new AbortController().signal };
  const client = {};
  let made = 0;
  const dead = () => {
    made++;
    return Promise.reject(new KodamaError("unreachable", "no"));
  };
  await assert.rejects(persistentlyOf(client, around, dead), { kind: "unreachable" });
  assert.deepEqual([made, clock.elapsedMs()], [1, 0]);
  assert.equal(await persistentlyOf(client, around, () => Promise.resolve(1)), 1);
  await assert.rejects(clock.runUntil(persistentlyOf(client, around, dead)));
  assert.equal(made, 10);
});
