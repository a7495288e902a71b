import assert from "node:assert/strict";
import { quiet } from "../../base/testing/manual_clock.ts";
import { messagePiece, progressPiece } from "../printable.ts";
import { ClosedSinkError } from "../sink.ts";
import { MemorySignals } from "../testing/memory_signals.ts";
import { MemoryTerminal, type MemoryTerminalOptions } from "../testing/memory_terminal.ts";
import type { Piece } from "../terminal.ts";
import {
  drive,
  type DriveOptions,
  type InterruptAction,
  type InterruptState,
  onSignal,
  type TerminalLease,
} from "./drive.ts";
import type { EndSignal } from "./signals.ts";

/** Work in parts: each starts, prints and ends. */
type Event =
  | { kind: "started" }
  | { kind: "part"; name: string }
  | { kind: "output"; text: string }
  | { kind: "message"; text: string }
  | { kind: "awaited"; text: string }
  | { kind: "trouble"; text: string }
  | { kind: "ended"; exitCode: number };

const started: Event = { kind: "started" };
const part: Event = { kind: "part", name: "a" };
const line: Event = { kind: "output", text: "x\n" };
const ended = (exitCode = 0): Event => ({ kind: "ended", exitCode });

/** Prints output and messages; collects troubles. */
function painterOf(): DriveOptions<Event>["painter"] {
  let troubles: Piece[] = [];
  const take = () => {
    const taken = troubles;
    troubles = [];
    return taken;
  };
  return {
    collected: {
      get isEmpty() {
        return troubles.length === 0;
      },
      take,
    },
    paint(event) {
      switch (event.kind) {
        case "output":
          return [{ stream: "stdout", data: [new TextEncoder().encode(event.text)] }];
        case "message":
          return [messagePiece(event.text)];
        case "awaited":
          return [progressPiece(event.text)];
        case "trouble":
          troubles.push(messagePiece(event.text));
          return [];
        case "ended":
          return take();
        default:
          return [];
      }
    },
  };
}

/** Work on a terminal in memory, with signals and a clock that the test controls. */
function fixture(
  terminalOptions: MemoryTerminalOptions = {},
  options: Partial<DriveOptions<Event>> = {},
) {
  const terminal = new MemoryTerminal(terminalOptions);
  const signals = new MemorySignals();
  const timers = new Set<{ delayMs: number; fire: () => void }>();
  const clock = {
    nowMs: 0,
    now: () => new Date(0),
    elapsedMs: () => clock.nowMs,
    timer: (delayMs: number, fire: () => void) => {
      const timer = { delayMs, fire };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
  };
  const parts: string[] = [];
  const start = (events: (lease: TerminalLease) => AsyncIterable<Event>) =>
    drive(events, {
      terminal,
      signals,
      clock,
      painter: painterOf(),
      milestone: (event) => event.kind === "started" || event.kind === "ended" ? event : undefined,
      progress: {
        follow: (event) => void (event.kind === "part" && parts.push(event.name)),
        statusLine: () => "working",
        state: () => parts.length === 0 ? undefined : `${parts.length} running (${parts})`,
      },
      confirmsInterrupt: true,
      ...options,
    });
  return { terminal, signals, clock, timers, start };
}

const aborted = async (signal: AbortSignal) => {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
};

/** Ends by itself when it is aborted. */
async function* untilAborted({ signal }: Pick<TerminalLease, "signal">): AsyncGenerator<Event> {
  yield started;
  yield part;
  await aborted(signal);
  yield { kind: "message", text: "1 cancelled" };
  yield ended(3);
}

Deno.test("`drive()` returns the exit code of the last event, and stops listening to signals", async () => {
  const { terminal, signals, start } = fixture();
  assert.equal(
    await start(async function* () {
      yield* [started, part, line, ended(5)];
    }),
    5,
  );
  assert.equal(terminal.written("stdout"), "x\n");
  assert.equal(signals.listeners, 0);
});

Deno.test("what is awaited isn't written to a terminal without progress, and messages are", async () => {
  const events: Event[] = [
    { kind: "awaited", text: "waiting for context lab" },
    { kind: "message", text: "lab is away" },
    ended(),
  ];
  const written = async (progress: "auto" | "none") => {
    const { start, terminal } = fixture({ progress });
    await start(async function* () {
      yield* events;
    });
    return terminal.written("stderr");
  };
  assert.equal(await written("auto"), "waiting for context lab\nlab is away\n");
  assert.equal(await written("none"), "lab is away\n");
});

Deno.test("a stream without a last event ends with exit code 0, or with the given error", async () => {
  const nothing = async function* () {};
  assert.equal(await fixture().start(nothing), 0);
  const { start } = fixture({}, { incomplete: () => new Error("declined") });
  await assert.rejects(start(nothing), /declined/);
});

Deno.test("the first Ctrl-C prints the state, the second one aborts the work", async () => {
  const { terminal, clock, signals, start } = fixture({ terminals: ["stderr"] });
  const exitCode = await start(async function* (lease) {
    for await (const event of untilAborted(lease)) {
      yield event;
      if (event.kind !== "part") continue;
      signals.send("SIGINT");
      assert.equal(lease.signal.aborted, false);
      clock.nowMs = 2900;
      signals.send("SIGINT");
      assert.equal(lease.signal.aborted, true);
    }
  });
  assert.equal(exitCode, 130);
  assert.match(
    terminal.written("stderr"),
    /1 running \(a\)\nPress Ctrl-C again within 3s to cancel\n/,
  );
  assert.match(terminal.written("stderr"), /stopping: 1 running \(a\)\n1 cancelled/);
});

for (
  const [rule, terminals, options] of [
    ["standard error isn't a terminal", [], {}],
    ["it needs no confirmation", ["stderr"], { confirmsInterrupt: false }],
    ["interactive work waits for its terminal", ["stdin", "stdout", "stderr"], {
      interactive: true,
    }],
  ] as const
) {
  Deno.test(`one Ctrl-C aborts the work if ${rule}`, async () => {
    const { terminal, signals, start } = fixture({ terminals }, options);
    const exitCode = await start(async function* (lease) {
      for await (const event of untilAborted(lease)) {
        yield event;
        if (event.kind === "part") signals.send("SIGINT");
      }
    });
    assert.equal(exitCode, 130);
    assert.doesNotMatch(terminal.written("stderr"), /again/);
    assert.deepEqual(terminal.modes, []);
  });
}

Deno.test("a further signal leaves without the work", async () => {
  const { terminal, signals, start } = fixture();
  let finish = () => {};
  const exitCode = await start(async function* () {
    yield* [started, part];
    signals.send("SIGTERM");
    signals.send("SIGINT");
    await new Promise<void>((resolve) => finish = resolve);
  });
  finish();
  assert.equal(exitCode, 130);
  assert.match(terminal.written("stderr"), /left behind: 1 running \(a\)/);
});

Deno.test("`cleansUp`: two further Ctrl-C abort the cleanup, which no other signal does", async () => {
  const { signals, start, terminal } = fixture({}, { cleansUp: true });
  let isClean = false;
  const exitCode = await start(async function* ({ signal, cleanupSignal }) {
    yield* [started, part];
    signals.send("SIGINT");
    assert.deepEqual([signal.aborted, cleanupSignal.aborted], [true, false]);
    for (const other of ["SIGTERM", "SIGHUP", "SIGINT"] as const) signals.send(other);
    assert.equal(cleanupSignal.aborted, false);
    signals.send("SIGINT");
    await aborted(cleanupSignal);
    isClean = true;
    yield ended(1);
  });
  assert.deepEqual([exitCode, isClean], [130, true]);
  assert.match(terminal.written("stderr"), /Ctrl-C again within 3s to end the cleanup/);
});

const brokenPipe = {
  onWrite: () => {
    throw new Deno.errors.BrokenPipe("Broken pipe");
  },
};

Deno.test("a reader that goes away aborts the work, which still ends in order", async () => {
  const { start } = fixture(brokenPipe);
  let endedInOrder = false;
  const result = start(async function* (lease) {
    yield* [started, part, line];
    for await (const event of untilAborted(lease)) yield event;
    assert.ok(lease.signal.reason instanceof ClosedSinkError);
    endedInOrder = true;
  });
  await assert.rejects(result, ClosedSinkError);
  assert.equal(endedInOrder, true);
});

Deno.test("`whenClosed: finish`: the work continues without its reader", async () => {
  const { start } = fixture(brokenPipe, { whenClosed: "finish" });
  const exitCode = await start(async function* ({ signal }) {
    yield* [started, line, line];
    await quiet();
    yield* [line, line];
    assert.equal(signal.aborted, false);
    yield ended(5);
  });
  assert.equal(exitCode, 5);
});

Deno.test("a full disk is the error of the work", async () => {
  const { start } = fixture({
    onWrite: () => {
      throw new Error("No space left on device");
    },
  });
  await assert.rejects(
    start(async function* (lease) {
      yield* [started, part, line];
      for await (const event of untilAborted(lease)) yield event;
    }),
    /cannot write to stdout: No space left on device/,
  );
});

Deno.test("the terminal is in raw mode until the program in the pod ends", async () => {
  const { terminal, start } = fixture({ terminals: ["stdin"] }, { interactive: true });
  await start(async function* (lease) {
    yield* [started, part];
    assert.deepEqual(terminal.modes, []);
    lease.raw();
    lease.raw();
    assert.deepEqual(terminal.modes, ["raw"]);
    await lease.cooked();
    assert.deepEqual(terminal.modes, ["raw", "cooked"]);
    yield ended();
  });
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
});

Deno.test("raw mode ends if the work throws", async () => {
  const { terminal, start } = fixture({ terminals: ["stdin"] }, { interactive: true });
  // deno-lint-ignore require-yield -- it fails before its first event
  const failed = start(async function* (lease): AsyncGenerator<Event> {
    lease.raw();
    throw new Error("a bug");
  });
  await assert.rejects(failed, /a bug/);
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
});

Deno.test("modes that a program leaves are reset, and the next message is on a line of its own", async () => {
  const { terminal, start } = fixture(
    { terminals: ["stdin", "stdout", "stderr"] },
    { interactive: true },
  );
  const steps: [string, string | undefined][] = [];
  await start(async function* (lease) {
    lease.raw();
    yield { kind: "output", text: "\x1b[?1049h\x1b[?25lhalf a line" };
    steps.push([terminal.written("stderr"), terminal.finalOutput()]);
    await lease.cooked();
    yield { kind: "message", text: "the link broke" };
    yield { kind: "message", text: "that was all" };
    yield ended();
  });
  const reset = "\x1b[?1049l\x1b[?25h\x1b[0m";
  assert.deepEqual(steps, [["", reset]]);
  assert.equal(terminal.written("stderr"), `${reset}\nthe link broke\nthat was all\n`);
  assert.equal(terminal.finalOutput(), "");
});

Deno.test("Ctrl-\\ prints the state; standard input is never read", async () => {
  const input = { [Symbol.iterator]: () => assert.fail("it was read") };
  const { terminal, signals, start } = fixture({ terminals: ["stdin", "stderr"], input });
  const exitCode = await start(async function* () {
    signals.requestStatus();
    yield* [started, part];
    signals.requestStatus();
    yield ended();
  });
  assert.equal(exitCode, 0);
  assert.equal(
    terminal.written("stderr"),
    "\nnothing has started yet\n\n1 running (a)\n",
  );
  assert.equal(signals.listeners, 0);
});

Deno.test("collected messages are printed after a second, the next ones after two", async () => {
  const { terminal, timers, start } = fixture();
  const delays: number[] = [];
  const pass = async () => {
    for (const timer of timers) {
      delays.push(timer.delayMs);
      timers.delete(timer);
      timer.fire();
    }
    await quiet();
    return terminal.written("stderr");
  };
  await start(async function* () {
    yield started;
    yield { kind: "trouble", text: "no route" };
    yield line;
    assert.equal(await pass(), "no route\n");
    yield { kind: "trouble", text: "no power" };
    yield line;
    assert.equal(await pass(), "no route\nno power\n");
    yield line;
    yield ended();
  });
  assert.deepEqual([delays, timers.size], [[1000, 2000], 0]);
});

Deno.test("a question has the terminal without the status line, which comes back", async () => {
  const { terminal, clock, timers, start } = fixture(
    { terminals: ["stdout", "stderr"], size: { columns: 80, rows: 24 } },
    { statusLine: true },
  );
  const pass = async () => {
    clock.nowMs += 1000;
    for (const timer of [...timers]) {
      timers.delete(timer);
      timer.fire();
    }
    await quiet();
  };
  await start(async function* ({ alone }) {
    yield started;
    await pass();
    assert.equal(terminal.written("stderr"), "working\r");
    await alone(async () => {
      assert.equal(terminal.written("stderr"), "working\r\r\x1b[2K");
      await pass();
      await terminal.stderr.write("sure?\n");
    });
    await pass();
    yield ended();
  });
  assert.equal(
    terminal.written("stderr"),
    "working\r\r\x1b[2Ksure?\nworking\r\r\x1b[2K",
  );
});

type Sent = readonly [signal: EndSignal, atMs: number, action: InterruptAction];

const sequences: readonly (readonly [rule: string, sent: readonly Sent[]])[] = [
  ["one Ctrl-C only reports", [["SIGINT", 0, "report"]]],
  ["two within three seconds abort", [["SIGINT", 0, "report"], ["SIGINT", 3000, "abort"]]],
  ["two further apart report twice", [["SIGINT", 0, "report"], ["SIGINT", 3001, "report"]]],
  ["the third of three leaves", [
    ["SIGINT", 0, "report"],
    ["SIGINT", 500, "abort"],
    ["SIGINT", 600, "leave"],
  ]],
  ["TERM aborts at once", [["SIGTERM", 0, "abort"]]],
  ["HUP aborts at once", [["SIGHUP", 0, "abort"]]],
  ["TERM after a Ctrl-C aborts", [["SIGINT", 0, "report"], ["SIGTERM", 5000, "abort"]]],
  ["Ctrl-C after TERM leaves", [["SIGTERM", 0, "abort"], ["SIGINT", 9000, "leave"]]],
];

Deno.test("`onSignal()`: Ctrl-C aborts at once unless it has to be confirmed", () => {
  const { state, action } = onSignal({ phase: "open" }, "SIGINT", 0);
  assert.deepEqual({ state, action }, { state: { phase: "stopping" }, action: "abort" });
});

const cleanups: typeof sequences = [
  ["two Ctrl-C end the cleanup", [
    ["SIGINT", 0, "report"],
    ["SIGINT", 500, "abort"],
    ["SIGINT", 600, "report"],
    ["SIGINT", 700, "endCleanup"],
  ]],
  ["one Ctrl-C now and then doesn't", [
    ["SIGTERM", 0, "abort"],
    ["SIGINT", 5000, "report"],
    ["SIGINT", 9000, "report"],
  ]],
  ["TERM and HUP never do", [
    ["SIGHUP", 0, "abort"],
    ["SIGTERM", 1, "report"],
    ["SIGHUP", 2, "report"],
    ["SIGTERM", 3, "report"],
  ]],
];

for (const [rule, sent] of cleanups) {
  Deno.test(`\`onSignal()\` during a cleanup: ${rule}`, () => {
    let state: InterruptState = { phase: "confirms" };
    for (const [signal, atMs, expected] of sent) {
      const next = onSignal(state, signal, atMs, true);
      assert.equal(next.action, expected);
      state = next.state;
    }
  });
}

for (const [rule, sent] of sequences) {
  Deno.test(`\`onSignal()\`: ${rule}`, () => {
    let state: InterruptState = { phase: "confirms" };
    for (const [signal, atMs, expected] of sent) {
      const next = onSignal(state, signal, atMs);
      assert.equal(next.action, expected);
      state = next.state;
    }
  });
}
