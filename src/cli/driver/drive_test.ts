import assert from "node:assert/strict";
import type { ExecEvent, Outcome, Target } from "../../actions/exec/events.ts";
import { KodamaError } from "../../base/errors.ts";
import { quiet } from "../../base/testing/manual_clock.ts";
import { ClosedSinkError } from "../../terminal/sink.ts";
import {
  MemoryTerminal,
  type MemoryTerminalOptions,
} from "../../terminal/testing/memory_terminal.ts";
import type { EndSignal } from "../invocation.ts";
import { drive } from "./drive.ts";
import { Painter } from "../../present/run_painter.ts";
import { plain, runEnded } from "../../present/testing/run_events.ts";

const at = new Date(0);
const target: Target = { context: "c", namespace: "n", pod: "a", container: "m", node: "", ip: "" };
const started: ExecEvent = { kind: "runStarted", targets: [target], names: ["a"], command: [], at };
const begun: ExecEvent = { kind: "targetStarted", target: 0, at };

const ended = (outcome: Outcome): ExecEvent => ({
  kind: "targetEnded",
  target: 0,
  outcome,
  at,
  durationMs: 0,
});

function over(outcome: Outcome, exitCode: number): ExecEvent {
  return { ...runEnded(`1 ${outcome.kind}`, outcome), exitCode, durationMs: 0 };
}

const line: ExecEvent = {
  kind: "line",
  target: 0,
  stream: "stdout",
  bytes: new TextEncoder().encode("x"),
  endedBy: "newline",
};

/** A run on a terminal in memory, with signals and a clock that the test controls. */
function stage(options: MemoryTerminalOptions = {}, interactive = false) {
  const terminal = new MemoryTerminal(options);
  const painter = new Painter(plain);
  const timers = new Set<{ delayMs: number; call: () => void }>();
  const clock = {
    nowMs: 0,
    now: () => at,
    elapsedMs: () => clock.nowMs,
    timer: (delayMs: number, call: () => void) => {
      const timer = { delayMs, call };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
  };
  const listeners = new Set<(signal: EndSignal) => void>();
  const askers = new Set<() => void>();
  const signals = {
    listen(handler: (signal: EndSignal) => void) {
      listeners.add(handler);
      return { [Symbol.dispose]: () => void listeners.delete(handler) };
    },
    onStatus(handler: () => void) {
      askers.add(handler);
      return { [Symbol.dispose]: () => void askers.delete(handler) };
    },
  };
  const send = (signal: EndSignal) => listeners.forEach((handler) => handler(signal));
  const start = (
    events: (signal: AbortSignal, lend: () => void) => AsyncIterable<ExecEvent>,
  ) =>
    drive(events, {
      terminal,
      signals,
      clock,
      painter,
      interactive,
      statusLine: false,
    });
  const ask = () => askers.forEach((handler) => handler());
  return { terminal, clock, send, ask, askers, listeners, timers, start };
}

/** Ends like a cancelled run: with an outcome for its target. */
async function* untilCancelled(signal: AbortSignal): AsyncGenerator<ExecEvent> {
  yield started;
  yield begun;
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  yield ended({ kind: "cancelled" });
  yield over({ kind: "cancelled" }, 3);
}

Deno.test("the exit code is the run's, and nobody listens to signals after it", async () => {
  const { terminal, listeners, start } = stage();
  const exitCode = await start(async function* () {
    yield* [started, begun, line, ended({ kind: "ok" }), over({ kind: "ok" }, 5)];
  });
  assert.equal(exitCode, 5);
  assert.equal(terminal.written("stdout"), "a: x\n");
  assert.equal(listeners.size, 0);
});

Deno.test("the first Ctrl-C says where every target is, the second stops them", async () => {
  const { terminal, clock, send, start } = stage({ terminals: ["stderr"] });
  const exitCode = await start(async function* (signal) {
    for await (const event of untilCancelled(signal)) {
      yield event;
      if (event.kind !== "targetStarted") continue;
      send("SIGINT");
      assert.equal(signal.aborted, false);
      clock.nowMs = 2900;
      send("SIGINT");
      assert.equal(signal.aborted, true);
    }
  });
  assert.equal(exitCode, 130);
  assert.match(
    terminal.written("stderr"),
    /1 running \(a\)\nPress Ctrl-C again within 3s to cancel them/,
  );
  assert.match(terminal.written("stderr"), /1 cancelled/);
});

Deno.test("where nobody could read the answer, one Ctrl-C stops them", async () => {
  const { terminal, send, start } = stage();
  const exitCode = await start(async function* (signal) {
    for await (const event of untilCancelled(signal)) {
      yield event;
      if (event.kind === "targetStarted") send("SIGINT");
    }
  });
  assert.equal(exitCode, 130);
  assert.doesNotMatch(terminal.written("stderr"), /again/);
});

Deno.test("whoever insists doesn't wait for the pods", async () => {
  const { terminal, send, start } = stage();
  let finish = () => {};
  const exitCode = await start(async function* () {
    yield* [started, begun];
    send("SIGTERM");
    send("SIGINT");
    await new Promise<void>((resolve) => finish = resolve);
  });
  finish();
  assert.equal(exitCode, 130);
  assert.match(terminal.written("stderr"), /left behind: 1 running \(a\)/);
});

Deno.test("a reader that goes away cancels the run, and the run still ends in order", async () => {
  const { start } = stage({
    onWrite: () => {
      throw new Deno.errors.BrokenPipe("Broken pipe");
    },
  });
  let endedInOrder = false;
  const result = start(async function* (signal) {
    yield* [started, begun, line];
    for await (const event of untilCancelled(signal)) yield event;
    endedInOrder = true;
  });
  await assert.rejects(result, ClosedSinkError);
  assert.equal(endedInOrder, true);
});

Deno.test("a full disk is the error of the run", async () => {
  const full = new Error("No space left on device");
  const { start } = stage({
    onWrite: () => {
      throw full;
    },
  });
  await assert.rejects(
    start(async function* (signal) {
      yield* [started, begun, line];
      for await (const event of untilCancelled(signal)) yield event;
    }),
    /cannot write to stdout: No space left on device/,
  );
});

Deno.test("an interactive target has the terminal for as long as its command runs", async () => {
  const { terminal, start } = stage({ terminals: ["stdin"] }, true);
  await start(async function* (_signal, lend) {
    yield* [started, begun];
    assert.deepEqual(terminal.modes, []);
    lend();
    assert.deepEqual(terminal.modes, ["raw"]);
    yield ended({ kind: "ok" });
    assert.deepEqual(terminal.modes, ["raw", "cooked"]);
    yield over({ kind: "ok" }, 0);
  });
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
});

Deno.test("until an interactive target's command runs, Ctrl-C stops the run", async () => {
  const { terminal, send, start } = stage({ terminals: ["stdin", "stdout", "stderr"] }, true);
  const exitCode = await start(async function* (signal) {
    for await (const event of untilCancelled(signal)) {
      yield event;
      if (event.kind === "targetStarted") send("SIGINT");
    }
  });
  assert.equal(exitCode, 130);
  assert.deepEqual(terminal.modes, []);
});

Deno.test("the terminal comes back when the run throws", async () => {
  const { terminal, start } = stage({ terminals: ["stdin"] }, true);
  const failed = start(async function* (_signal, lend) {
    yield* [started, begun];
    lend();
    throw new Error("a bug");
  });
  await assert.rejects(failed, /a bug/);
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
});

Deno.test("a run that was not confirmed is no success", async () => {
  const { start } = stage();
  const refused = start(async function* () {});
  await assert.rejects(
    refused,
    (error) => error instanceof KodamaError && error.kind === "declined",
  );
});

Deno.test("Ctrl-\\ prints where every target is; standard input is never read", async () => {
  const input = { [Symbol.iterator]: () => assert.fail("it was read") };
  const { terminal, ask, askers, start } = stage({ terminals: ["stdin", "stderr"], input });
  const exitCode = await start(async function* () {
    yield* [started, begun];
    ask();
    yield* [ended({ kind: "ok" }), over({ kind: "ok" }, 0)];
  });
  assert.equal(exitCode, 0);
  assert.match(terminal.written("stderr"), /^\n1 running \(a\)\n/);
  assert.equal(askers.size, 0);
});

Deno.test("errors of a long run are printed after a second, the next ones after two", async () => {
  const { terminal, timers, start } = stage();
  const delays: number[] = [];
  const pass = async () => {
    for (const timer of timers) {
      delays.push(timer.delayMs);
      timers.delete(timer);
      timer.call();
    }
    await quiet();
    return terminal.written("stderr");
  };
  await start(async function* () {
    yield started;
    yield ended({ kind: "unreachable", reason: "no route" });
    yield line;
    assert.equal(await pass(), "a: unreachable: no route\n");
    yield ended({ kind: "unreachable", reason: "no power" });
    yield line;
    assert.match(await pass(), /no power\n$/);
    yield ended({ kind: "ok" });
    yield over({ kind: "unreachable", reason: "no route" }, 4);
  });
  assert.deepEqual([delays, timers.size], [[1000, 2000], 0]);
});
