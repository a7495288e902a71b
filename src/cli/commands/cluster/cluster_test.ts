import assert from "node:assert/strict";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { DelayedProgress } from "./cluster.ts";

const progress = (ready: number) => ({
  kind: "progress" as const,
  pods: { ready, expected: 3 },
});

Deno.test("a wait is silent for a second, then prints the latest line, then each that follows", async () => {
  const terminal = new MemoryTerminal();
  const clock = new ManualClock();
  using wait = new DelayedProgress(terminal.stderr, clock);
  wait.notice(progress(0));
  wait.notice(progress(1));
  assert.equal(terminal.written("stderr"), "");
  clock.step();
  await terminal.stderr.flush();
  assert.equal(clock.elapsedMs(), 1000);
  assert.equal(terminal.written("stderr"), "waiting for pods: 1 of 3 ready\n");
  wait.notice(progress(2));
  await terminal.stderr.flush();
  assert.match(terminal.written("stderr"), /2 of 3 ready\n$/);
});

Deno.test("a wait that ends in time has said nothing", () => {
  const terminal = new MemoryTerminal();
  const clock = new ManualClock();
  {
    using wait = new DelayedProgress(terminal.stderr, clock);
    wait.notice(progress(3));
  }
  clock.step();
  assert.equal(terminal.written("stderr"), "");
});

Deno.test("a wait continues if its message can't be written", async () => {
  const terminal = new MemoryTerminal({
    onWrite: () => {
      throw new Error("the disk is full");
    },
  });
  const clock = new ManualClock();
  using wait = new DelayedProgress(terminal.stderr, clock);
  wait.notice(progress(1));
  clock.step();
  await assert.rejects(terminal.stderr.flush(), /full/);
  wait.notice(progress(2));
  await assert.rejects(terminal.stderr.flush(), /full/);
});
