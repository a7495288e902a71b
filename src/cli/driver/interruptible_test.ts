import assert from "node:assert/strict";
import { interruptible } from "./interruptible.ts";
import type { EndSignal } from "../invocation.ts";

/** Signals sent by a test, and whether there is a listener. */
function signals() {
  const handlers = new Set<(name: EndSignal) => void>();
  return {
    handlers,
    listen: (handler: (name: EndSignal) => void) => {
      handlers.add(handler);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
    give: (name: EndSignal) => handlers.forEach((handler) => handler(name)),
  };
}

Deno.test("a signal ends the wait at once, and tells the work", async () => {
  const source = signals();
  let told: AbortSignal | undefined;
  const waiting = interruptible(source, (signal) => {
    told = signal;
    return new Promise<never>(() => {});
  });
  source.give("SIGTERM");
  await assert.rejects(waiting, { kind: "cancelled", message: "stopped by SIGTERM" });
  assert.equal(told?.aborted, true);
  assert.equal(source.handlers.size, 0);
});

Deno.test("work that ends by itself gives the signals back", async () => {
  const source = signals();
  assert.equal(await interruptible(source, () => Promise.resolve(7)), 7);
  assert.equal(source.handlers.size, 0);
});
