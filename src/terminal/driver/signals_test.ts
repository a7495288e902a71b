import assert from "node:assert/strict";
import { interruptible, stoppable } from "./signals.ts";
import { MemorySignals } from "../testing/memory_signals.ts";

for (const wait of [interruptible, stoppable]) {
  Deno.test(`\`${wait.name}()\` aborts the work on a signal, and stops listening at its end`, async () => {
    const signals = new MemorySignals();
    const waiting = wait(
      signals,
      (signal) =>
        new Promise<never>((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        ),
    );
    signals.send("SIGTERM");
    await assert.rejects(waiting, { kind: "cancelled", message: "stopped by SIGTERM" });
    assert.equal(await wait(signals, () => Promise.resolve(7)), 7);
    assert.equal(signals.listeners, 0);
  });
}

Deno.test("`interruptible()` doesn't wait for the work, `stoppable()` only until the second signal", async () => {
  const signals = new MemorySignals();
  const endless = () => new Promise<never>(() => {});
  const ends: string[] = [];
  const started = [
    interruptible(signals, endless).catch(() => ends.push("interruptible")),
    stoppable(signals, endless).catch(() => ends.push("stoppable")),
  ];
  signals.send("SIGINT");
  await started[0];
  assert.deepEqual(ends, ["interruptible"]);
  signals.send("SIGINT");
  await started[1];
  assert.deepEqual(ends, ["interruptible", "stoppable"]);
});
