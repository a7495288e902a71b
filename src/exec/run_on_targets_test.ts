import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ChannelEnd } from "../kube/client.ts";
import type { Target } from "../kube/target.ts";
import type { Outcome, RunEvent } from "./model.ts";
import { runOnTargets } from "./run_on_targets.ts";
import type { RunOptions } from "./run_options.ts";
import { type PodScript, SimulatedPod } from "./testing/simulated_pod.ts";

const connectTimeoutMs = 1000;
const timeoutMs = 5000;

const hello: PodScript = {
  openMs: 1,
  output: [{ afterMs: 1, stream: "stdout", bytes: new TextEncoder().encode("hello\n") }],
  end: { kind: "exited", exitCode: 0 },
  diesOn: "TERM",
};

function target(index: number): Target {
  return {
    context: "c",
    namespace: "n",
    pod: `pod-${index}`,
    container: "a",
    node: "node-1",
    ip: "10.0.0.1",
  };
}

interface Scene {
  pods: SimulatedPod[];
  targets: Target[];
  clock: ManualClock;
  cancel: AbortController;
  options: RunOptions;
}

function scene(scripts: readonly PodScript[], changes: Partial<RunOptions> = {}): Scene {
  const clock = new ManualClock();
  const pods = scripts.map((script) => new SimulatedPod(script, clock));
  const targets = scripts.map((_, index) => target(index));
  const cancel = new AbortController();
  const options: RunOptions = {
    open: (to, request, signal) =>
      (pods[targets.indexOf(to)] as SimulatedPod).open(request, signal),
    clock,
    signal: cancel.signal,
    fanout: 4,
    connectTimeoutMs,
    graceMs: 200,
    nonce: "nonce",
    ...changes,
  };
  return { pods, targets, clock, cancel, options };
}

async function events({ targets, clock, options }: Scene): Promise<RunEvent[]> {
  return await clock.runUntil(Array.fromAsync(runOnTargets(targets, ["hostname"], options)));
}

function outcomesOf(all: readonly RunEvent[]): readonly Outcome[] {
  const last = all.at(-1);
  assert.equal(last?.kind, "runEnded");
  return last.outcomes;
}

function outputOf(all: readonly RunEvent[], index: number, stream: "stdout" | "stderr"): number[] {
  return all.flatMap((event) =>
    event.kind === "output" && event.target === index && event.stream === stream
      ? [...event.bytes]
      : []
  );
}

const ends: fc.Arbitrary<ChannelEnd | "hangs"> = fc.oneof(
  fc.record({ kind: fc.constant("exited" as const), exitCode: fc.integer({ min: 0, max: 255 }) }),
  fc.constant({ kind: "cut" as const, reason: "link broke" }),
  fc.constant("hangs" as const),
);

const scripts: fc.Arbitrary<PodScript> = fc.record({
  openMs: fc.constantFrom(0, 1, 10, 999, 5000),
  output: fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 0, 1, 30, 2000),
      stream: fc.constantFrom("stdout" as const, "stderr" as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    }),
    { maxLength: 6 },
  ),
  end: ends,
  diesOn: fc.constantFrom("TERM" as const, "KILL" as const, "nothing" as const),
  preambleSplit: fc.integer({ min: 1, max: 20 }),
});

/** Per target: started, then output, then one end; and the run's end last. */
function assertOrder(all: readonly RunEvent[], count: number, fanout: number): void {
  const phase = new Array<"none" | "running" | "ended">(count).fill("none");
  for (const [at, event] of all.entries()) {
    if (event.kind === "runStarted") assert.equal(at, 0);
    if (event.kind === "runEnded") assert.equal(at, all.length - 1);
    if (event.kind === "targetStarted") {
      assert.equal(phase[event.target], "none");
      phase[event.target] = "running";
    }
    if (event.kind === "output") assert.equal(phase[event.target], "running");
    if (event.kind === "targetEnded") {
      const before = event.outcome.kind === "skipped" ? "none" : "running";
      assert.equal(phase[event.target], before);
      phase[event.target] = "ended";
      assert.deepEqual(outcomesOf(all)[event.target], event.outcome);
    }
    assert.ok(phase.filter((one) => one === "running").length <= fanout, "more than the window");
  }
  assert.deepEqual(phase, new Array(count).fill("ended"));
}

function bytesOf(script: PodScript, stream: "stdout" | "stderr"): number[] {
  return script.output.flatMap((piece) => piece.stream === stream ? [...piece.bytes] : []);
}

/** The outcome where nobody cancels. Ties of times don't occur in the scripts. */
function expectedKind(script: PodScript): string {
  if (script.openMs > connectTimeoutMs) return "timeout";
  const runMs = script.output.reduce((sum, { afterMs }) => sum + afterMs, 0);
  if (script.end === "hangs" || runMs > timeoutMs) return "timeout";
  if (script.end.kind === "cut") return "unknown";
  return script.end.kind === "exited" && script.end.exitCode === 0 ? "ok" : "failed";
}

Deno.test("every target ends once, in order, with all its bytes, under any interleaving", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 5 }),
    async (all, fanout) => {
      const stage = scene(all, { fanout, timeoutMs });
      const told = await events(stage);
      assertOrder(told, all.length, fanout);
      for (const [index, script] of all.entries()) {
        assert.equal(outcomesOf(told)[index]?.kind, expectedKind(script));
        for (const stream of ["stdout", "stderr"] as const) {
          const [got, whole] = [outputOf(told, index, stream), bytesOf(script, stream)];
          // What a command that was ended hadn't said, it never says.
          const stopped = expectedKind(script) === "timeout";
          assert.deepEqual(got, stopped ? whole.slice(0, got.length) : whole);
        }
      }
      assert.equal(stage.clock.waiting, 0, "a timer was left behind");
    },
  ));
});

Deno.test("a cancelled run still ends every target once, and none is ok without a Status", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 0, max: 3000 }),
    async (all, cancelMs) => {
      const stage = scene(all, { fanout: 3 });
      stage.clock.timer(cancelMs, () => stage.cancel.abort());
      const told = await events(stage);
      assertOrder(told, all.length, 3);
      for (const [index, outcome] of outcomesOf(told).entries()) {
        const end = all[index]?.end;
        if (outcome.kind === "ok") {
          assert.ok(end !== "hangs" && end?.kind === "exited" && end.exitCode === 0);
        }
        if (outcome.kind === "skipped") assert.equal(stage.pods[index]?.requests.length, 0);
      }
    },
  ));
});

Deno.test("a good end that the command itself didn't come to is unknown", async () => {
  const [outcome] = outcomesOf(await events(scene([{ ...hello, unmarked: true }])));
  assert.equal(outcome?.kind, "unknown");
});

Deno.test("a command that ignores TERM is killed after the grace", async () => {
  const stage = scene([{ ...hello, end: "hangs", diesOn: "KILL" }], { timeoutMs });
  const [outcome] = outcomesOf(await events(stage));
  assert.deepEqual(outcome, { kind: "timeout", limit: "command", afterMs: timeoutMs });
  const signals = stage.pods[0]?.requests.slice(1).map(({ command }) => command.slice(4));
  assert.deepEqual(signals, ["TERM", "KILL", "0"].map((word) => [word, "4711", "4711 4712"]));
});

Deno.test("what KILL doesn't end is said to be left", async () => {
  const stage = scene([{ ...hello, end: "hangs", diesOn: "nothing" }], { timeoutMs });
  const [outcome] = outcomesOf(await events(stage));
  assert.equal(outcome?.kind === "timeout" && outcome.left, "1 process did not end on KILL");
});

Deno.test("a single command that ends by itself takes one exec", async () => {
  const stage = scene([hello]);
  await events(stage);
  assert.equal(stage.pods[0]?.requests.length, 1);
});

Deno.test("without a shell the command runs bare, whatever the runtime's words", async () => {
  const words = 'exec: "sh": executable file not found in $PATH: unknown';
  const status = { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure" } as const;
  const noShell: ChannelEnd = { kind: "refused", status: { ...status, message: words } };
  const stage = scene([{ ...hello, noShell }]);
  assert.deepEqual(outcomesOf(await events(stage)), [{ kind: "ok" }]);
  assert.deepEqual(stage.pods[0]?.requests.at(-1)?.command, ["hostname"]);
});

Deno.test("a bare command that is cancelled says that it may still run", async () => {
  const refused = new KodamaError("server", 'exec: "sh": executable file not found in $PATH');
  const stage = scene([{ ...hello, end: "hangs" }], { timeoutMs });
  const { open } = stage.options;
  stage.options.open = (to, request, signal) =>
    request.command[0] === "sh" ? Promise.reject(refused) : open(to, request, signal);
  const [outcome] = outcomesOf(await events(stage));
  assert.match(String(outcome?.kind === "timeout" && outcome.left), /may still run/);
});

Deno.test("input reaches every target whole, and its end too", async () => {
  const stage = scene([hello, hello, hello], {
    fanout: 1,
    input: () => {
      const pieces = [Uint8Array.of(1, 2), Uint8Array.of(3)];
      return { read: () => Promise.resolve(pieces.shift()) };
    },
  });
  await events(stage);
  for (const pod of stage.pods) {
    assert.deepEqual(pod.written.flatMap((bytes) => [...bytes]), [1, 2, 3]);
    assert.equal(pod.inputEnded, true);
  }
});

Deno.test("a consumer that stops cancels what runs and waits for its end", async () => {
  const stage = scene([{ ...hello, end: "hangs" }, { ...hello, end: "hangs" }]);
  const seen = (async () => {
    for await (const event of runOnTargets(stage.targets, ["x"], stage.options)) {
      if (event.kind === "output") break;
    }
  })();
  await stage.clock.runUntil(seen);
  for (const pod of stage.pods) {
    assert.deepEqual(pod.requests.at(-1)?.command.slice(4), ["TERM", "4711", "4711 4712"]);
  }
});

Deno.test("a slow consumer keeps the pods from running ahead", async () => {
  let produced = 0;
  const endless = scene([hello]);
  const { open } = endless.options;
  endless.options.open = async (to, request, signal) => {
    const channel = await open(to, request, signal);
    async function* output() {
      for (; produced < 10_000; produced++) {
        yield { stream: "stderr" as const, bytes: new Uint8Array(1024) };
      }
    }
    return { ...channel, output: output(), end: Promise.resolve({ kind: "exited", exitCode: 0 }) };
  };
  const run = runOnTargets(endless.targets, ["x"], endless.options);
  for (let pulled = 0; pulled < 10; pulled++) await endless.clock.runUntil(run.next());
  assert.ok(produced < 100, `${produced} chunks were read for 10 events`);
  await endless.clock.runUntil(run.return());
});

Deno.test("after a failure nothing more begins, and what runs goes on to its end", async () => {
  const fails: PodScript = { ...hello, end: { kind: "exited", exitCode: 1 } };
  const slow: PodScript = { ...hello, output: [{ ...piece(hello), afterMs: 500 }] };
  const stage = scene([fails, slow, hello, hello], { fanout: 2, failFast: true });
  const told = await events(stage);
  assertOrder(told, 4, 2);
  assert.deepEqual(outcomesOf(told).map(({ kind }) => kind), [
    "failed",
    "ok",
    "skipped",
    "skipped",
  ]);
  const [, , third] = outcomesOf(told);
  assert.deepEqual(third, { kind: "skipped", reason: "a target before it failed (--fail-fast)" });
});

Deno.test("with batches and a budget every target still ends once", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 0, max: 3 }),
    async (all, size, maxFail) => {
      const stage = scene(all, {
        timeoutMs,
        serial: [{ kind: "count", count: size }],
        maxFail: { kind: "count", count: maxFail },
      });
      const told = await events(stage);
      assertOrder(told, all.length, Math.min(4, size));
      const bad = outcomesOf(told).filter(({ kind }) => kind !== "ok" && kind !== "skipped");
      assert.ok(bad.length <= maxFail + size, "a batch began beyond the budget");
    },
  ));
});

function piece({ output: [first] }: PodScript): PodScript["output"][number] {
  if (first === undefined) throw new Error("a script without output");
  return first;
}
