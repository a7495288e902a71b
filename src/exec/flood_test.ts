/** Commands that write faster than their reader, and are ended. */
import assert from "node:assert/strict";
import { passed } from "../base/abort.ts";
import type { RunEvent } from "./run_options.ts";
import { runOnTargets } from "./run_on_targets.ts";
import type { OpenExec, RunOptions } from "./run_options.ts";
import { hello, outcomesOf, outputOf, runFixture } from "./testing/run_fixture.ts";

/** A run of one pod with endless output, with 10 ms of clock time per event. The backlog never ends by itself. */
async function flooded(changes: Partial<RunOptions>, cancelMs?: number) {
  const run = runFixture([{ ...hello, end: "hangs" }], changes);
  const { open } = run.options;
  const flooding: OpenExec = async (target, request, ...rest) => {
    const channel = await open(target, request, ...rest);
    if (request.command[0] !== "sh" || request.command.at(-1) !== "hostname") return channel;
    let closed = false;
    async function* output() {
      yield* channel.output;
    }
    async function* backlog() {
      const own = output();
      yield* [await own.next()].flatMap(({ value }) => value ?? []);
      while (!closed) yield { stream: "stdout" as const, bytes: new Uint8Array(1024) };
      await own.return(undefined);
    }
    const close = () => {
      closed = true;
      return channel.close();
    };
    return { ...channel, output: backlog(), close };
  };
  run.options.open = flooding;
  if (cancelMs !== undefined) run.clock.timer(cancelMs, () => run.cancel.abort());
  const all: { event: RunEvent; atMs: number }[] = [];
  const follow = async () => {
    for await (const event of runOnTargets(run.targets, ["hostname"], run.options)) {
      all.push({ event, atMs: run.clock.elapsedMs() });
      await passed(run.clock, 10);
    }
  };
  await run.clock.runUntil(follow());
  const signals = run.pods[0]?.requests.slice(1).map(({ command }) => command.slice(4));
  const [outcome] = outcomesOf(all.map(({ event }) => event));
  return { outcome, signals, all, endedMs: all.at(-1)?.atMs ?? 0 };
}

const ids = ["4711", "4711 4712"];

Deno.test("a flood ends soon after its time limit, and unread output is reported", async () => {
  const { outcome, signals, endedMs } = await flooded({ timeoutMs: 500 });
  const expected = { kind: "timeout", limit: "command", afterMs: 500, unread: true };
  assert.deepEqual(outcome, expected);
  assert.ok(endedMs < 500 + 600, String(endedMs));
  // Finally kodama's own shells: one of them waits for a reader of its mark.
  assert.deepEqual(signals, [["TERM", ...ids], ["0", ...ids], ["KILL", "4711", ""]]);
});

Deno.test("a cancelled flood ends at once, and queued output is dropped", async () => {
  const { outcome, all, endedMs } = await flooded({}, 500);
  assert.deepEqual(outcome, { kind: "cancelled", unread: true });
  assert.ok(endedMs < 500 + 300, String(endedMs));
  const last = all.findLast(({ event }) => event.kind === "output");
  assert.ok((last?.atMs ?? 0) <= endedMs - 20, "queued output was emitted");
});

Deno.test("a command that ends at its limit has all its output emitted", async () => {
  const run = runFixture([{ ...hello, end: "hangs" }], { timeoutMs: 500 });
  const all = await run.clock.runUntil(
    Array.fromAsync(runOnTargets(run.targets, ["hostname"], run.options)),
  );
  assert.deepEqual(outcomesOf(all), [{ kind: "timeout", limit: "command", afterMs: 500 }]);
  assert.deepEqual(outputOf(all, 0, "stdout"), [...new TextEncoder().encode("hello\n")]);
});
