import assert from "node:assert/strict";
import { onAbort } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { KubeClient } from "../../kube/client.ts";
import { PODS } from "../../kube/resources.ts";
import { SessionStore } from "../../session/store.ts";
import { cleanUp, kodamaErrorOf } from "./cleanup.ts";

/** Removes a pod after a command that was ended, from a server that answers like this. */
async function cleaning(answer: (signal: AbortSignal) => Promise<void>) {
  const clock = new ManualClock();
  const client = {
    delete: (_: unknown, _name: string, _scope: unknown, { signal }: { signal: AbortSignal }) =>
      answer(signal),
  } as unknown as KubeClient;
  const store = new SessionStore(client, "dev", clock, AbortSignal.abort());
  const isDone = await clock.runUntil(
    cleanUp(clock, store, async (own) => void await own.remove(PODS, "p")),
  );
  return { isDone, elapsedMs: clock.elapsedMs() };
}

Deno.test("a command that was ended is tidied up all the same, and a failure of that takes no other's place", async () => {
  const never = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => void onAbort(signal, () => reject(signal.reason)));
  const refused = () => Promise.reject(new KodamaError("forbidden", "no"));
  const done = (signal: AbortSignal) => Promise.resolve(signal.throwIfAborted());
  assert.deepEqual(await cleaning(done), { isDone: true, elapsedMs: 0 });
  assert.deepEqual(await cleaning(refused), { isDone: false, elapsedMs: 0 });
  assert.deepEqual(await cleaning(never), { isDone: false, elapsedMs: 15_000 });
  await assert.rejects(cleaning(() => Promise.reject(new TypeError("a bug"))), TypeError);
});

Deno.test("`kodamaErrorOf()` reports the signal, with the hint of the work itself", () => {
  const stopped = new KodamaError("cancelled", "stopped by SIGINT");
  const waiting = new KodamaError("cancelled", "stopped while waiting", { hint: "it goes on" });
  const bySignal = kodamaErrorOf(waiting, AbortSignal.abort(stopped));
  assert.deepEqual([bySignal.message, bySignal.hint], ["stopped by SIGINT", "it goes on"]);
  // A failure caused by that gives no advice for the user.
  const refused = new KodamaError("forbidden", "no", { hint: "ask for rights" });
  assert.equal(kodamaErrorOf(refused, AbortSignal.abort(stopped)), stopped);
  assert.equal(kodamaErrorOf(refused, new AbortController().signal), refused);
  assert.throws(
    () => kodamaErrorOf(new TypeError("a bug"), new AbortController().signal),
    TypeError,
  );
});
