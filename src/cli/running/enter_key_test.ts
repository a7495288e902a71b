import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../term/testing/memory_terminal.ts";
import { EnterKey } from "./enter_key.ts";

Deno.test("lines of the terminal are heard after a second, and nothing of them before", async () => {
  const clock = new ManualClock();
  const read: string[] = [];
  const input = (function* () {
    for (const chunk of ["x", "\n", "y\r"]) {
      read.push(chunk);
      yield chunk;
    }
  })();
  const terminal = new MemoryTerminal({ terminals: ["stdin"], input });
  const heard = Promise.withResolvers<void>();
  let times = 0;
  const pressed = () => ++times === 2 && heard.resolve();
  using _key = new EnterKey(terminal.stdin, { clock, pressed });
  assert.deepEqual(read, []);
  clock.step();
  await heard.promise;
  assert.equal(clock.elapsedMs(), 1000);
});

Deno.test("a run that is over in time leaves what is typed to the shell", () => {
  const clock = new ManualClock();
  const terminal = new MemoryTerminal({
    terminals: ["stdin"],
    input: { [Symbol.iterator]: () => assert.fail("it was read") },
  });
  new EnterKey(terminal.stdin, { clock, pressed: () => {} })[Symbol.dispose]();
  assert.equal(clock.waiting, 0);
});
