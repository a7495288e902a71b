import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunOptions } from "./run_options.ts";
import { KodamaError } from "../base/errors.ts";
import type { ChannelEnd } from "../kube/client.ts";
import { runOnTargets } from "./run_on_targets.ts";
import {
  assertOrder,
  connectTimeoutMs,
  events,
  hello,
  outcomesOf,
  outputOf,
  runFixture,
  scripts,
  timeoutMs,
} from "./testing/run_fixture.ts";
import type { PodScript } from "./testing/simulated_pod.ts";

function bytesOf(script: PodScript, stream: "stdout" | "stderr"): number[] {
  return script.output.flatMap((piece) => piece.stream === stream ? [...piece.bytes] : []);
}

/** Returns the outcome without a cancellation. The scripts contain no ties of times. */
function expectedKind(script: PodScript): string {
  if (script.openMs > connectTimeoutMs) return "timeout";
  const runMs = script.output.reduce((sum, { afterMs }) => sum + afterMs, 0);
  if (script.end === "hangs" || runMs > timeoutMs) return "timeout";
  if (script.end.kind === "cut") return "unknown";
  return script.end.kind === "exited" && script.end.exitCode === 0 ? "ok" : "failed";
}

Deno.test("`runOnTargets()` ends every target once, with all its bytes, under any interleaving", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 5 }),
    async (scripts, fanout) => {
      const run = runFixture(scripts, { fanout, timeoutMs });
      const all = await events(run);
      assertOrder(all, scripts.length, fanout);
      for (const [index, script] of scripts.entries()) {
        assert.equal(outcomesOf(all)[index]?.kind, expectedKind(script));
        for (const stream of ["stdout", "stderr"] as const) {
          const [got, whole] = [outputOf(all, index, stream), bytesOf(script, stream)];
          // Output that an ended command hadn't written is never written.
          const stopped = expectedKind(script) === "timeout";
          // Before a cut a `k` may have been the start of kodama's own line.
          const heldBack = expectedKind(script) === "unknown" && whole.at(-1) === 0x6b ? 1 : 0;
          const length = stopped ? got.length : whole.length - heldBack;
          assert.deepEqual(got, whole.slice(0, length));
        }
      }
      assert.equal(run.clock.waiting, 0, "a timer was left behind");
    },
  ));
});

Deno.test("`ManualClock` advances only when no promise can settle by itself, however long the chain", async () => {
  const script = (count: number): PodScript => ({
    openMs: 0,
    output: Array.from({ length: count }, () => (
      { afterMs: 0, stream: "stdout", bytes: new Uint8Array([0]) } as const
    )),
    end: { kind: "exited", exitCode: 0 },
    diesOn: "TERM",
    preambleSplit: 1,
  });
  const run = runFixture([script(2), script(2), script(0), script(9)], { fanout: 1, timeoutMs });
  assert.deepEqual(outcomesOf(await events(run)).map(({ kind }) => kind), ["ok", "ok", "ok", "ok"]);
});

Deno.test("a cancelled run ends every target once, and none is ok without a Status", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(scripts, { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 0, max: 3000 }),
    async (scripts, cancelMs) => {
      const run = runFixture(scripts, { fanout: 3 });
      run.clock.timer(cancelMs, () => run.cancel.abort());
      const all = await events(run);
      assertOrder(all, scripts.length, 3);
      for (const [index, outcome] of outcomesOf(all).entries()) {
        const end = scripts[index]?.end;
        if (outcome.kind === "ok") {
          assert.ok(end !== "hangs" && end?.kind === "exited" && end.exitCode === 0);
        }
        if (outcome.kind === "skipped") assert.equal(run.pods[index]?.requests.length, 0);
      }
    },
  ));
});

Deno.test("a success without the command's end mark is unknown", async () => {
  const [outcome] = outcomesOf(await events(runFixture([{ ...hello, unmarked: true }])));
  assert.equal(outcome?.kind, "unknown");
});

Deno.test("a success of the server doesn't hide the command's own exit code", async () => {
  const [outcome] = outcomesOf(await events(runFixture([{ ...hello, marked: 4 }])));
  assert.deepEqual(outcome, { kind: "failed", exitCode: 4 });
});

Deno.test("a command that ignores TERM is killed after the grace period", async () => {
  const run = runFixture([{ ...hello, end: "hangs", diesOn: "KILL" }], { timeoutMs });
  const [outcome] = outcomesOf(await events(run));
  assert.deepEqual(outcome, { kind: "timeout", limit: "command", afterMs: timeoutMs });
  const signals = run.pods[0]?.requests.slice(1).map(({ command }) => command.slice(4));
  // Polled after 50, 150 and 200 ms.
  assert.deepEqual(
    signals,
    ["TERM", "0", "0", "0", "KILL"].map((word) => [word, "4711", "4711 4712"]),
  );
});

Deno.test("processes that survive KILL are reported", async () => {
  const run = runFixture([{ ...hello, end: "hangs", diesOn: "nothing" }], { timeoutMs });
  const [outcome] = outcomesOf(await events(run));
  assert.equal(outcome?.kind === "timeout" && outcome.left, "1 process did not end on KILL");
});

Deno.test("a link that breaks isn't the end of a command that is being ended", async () => {
  const end = { kind: "cut", reason: "gone" } as const;
  const output = [{ afterMs: 50, stream: "stdout" as const, bytes: Uint8Array.of(7) }];
  const outcomes = async (diesOn: "KILL" | "nothing") => {
    const run = runFixture([{ ...hello, output, end, diesOn }]);
    run.clock.timer(20, () => run.cancel.abort());
    return outcomesOf(await events(run));
  };
  const left = "1 process did not end on KILL";
  assert.deepEqual(await outcomes("nothing"), [{ kind: "cancelled", left }]);
  assert.deepEqual(await outcomes("KILL"), [{ kind: "cancelled", unread: true }]);
});

Deno.test("bytes that may be kodama's own line are shown only if the server reports the end", async () => {
  const bytes = new TextEncoder().encode("kodama:nonce:e");
  const output = [{ afterMs: 1, stream: "stdout" as const, bytes }];
  const shown = async (end: ChannelEnd) =>
    outputOf(await events(runFixture([{ ...hello, output, end }])), 0, "stdout");
  assert.deepEqual(await shown({ kind: "exited", exitCode: 0 }), [...bytes]);
  assert.deepEqual(await shown({ kind: "cut", reason: "gone" }), []);
});

Deno.test("a command that ends by itself needs one exec", async () => {
  const run = runFixture([hello]);
  await events(run);
  assert.equal(run.pods[0]?.requests.length, 1);
});

Deno.test("a command runs bare in an image without a shell, for every runtime's message", async () => {
  const words = 'exec: "sh": executable file not found in $PATH: unknown';
  const status = { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure" } as const;
  const noShell: ChannelEnd = { kind: "refused", status: { ...status, message: words } };
  const run = runFixture([{ ...hello, noShell }]);
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "ok" }]);
  assert.deepEqual(run.pods[0]?.requests.at(-1)?.command, ["hostname"]);
});

for (const kind of ["forbidden", "unauthorized"] as const) {
  Deno.test(`a stream that is ${kind} is forbidden, with the same reason for every pod`, async () => {
    const run = runFixture([hello, hello]);
    run.options.open = ({ pod }) =>
      Promise.reject(new KodamaError(kind, `pods "${pod}" is forbidden: no`, { hint: "a role" }));
    const outcome = { kind: "forbidden", reason: "no", hint: "a role" };
    assert.deepEqual(outcomesOf(await events(run)), [outcome, outcome]);
  });
}

Deno.test("if a policy refuses input that the user didn't request, commands run without, each context once", async () => {
  const noted: string[] = [];
  const run = runFixture([hello, hello, hello], {
    fanout: 1,
    onUnwatched: (context) => void noted.push(context),
  });
  const { open } = run.options;
  const asked: boolean[] = [];
  run.options.open = (to, request, signal) => {
    asked.push(request.stdin);
    if (!request.stdin) return open(to, request, signal);
    const message = `pods "p" is forbidden: ValidatingAdmissionPolicy 'x' denied request: no`;
    return Promise.reject(new KodamaError("forbidden", message));
  };
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "ok" }, { kind: "ok" }, { kind: "ok" }]);
  assert.deepEqual(asked, [true, false, false, false]);
  assert.deepEqual(noted, ["c"]);
  const [first = []] = run.pods.map(({ requests }) =>
    requests.map(({ command }) => command.join(" "))
  );
  assert.ok(first.every((command) => !command.includes("kodama_grace=")));
});

Deno.test("input that the user passes isn't left out for a policy, and a refusal of both is the outcome", async () => {
  const asked: boolean[] = [];
  const refuse = (changes: Partial<RunOptions>) => {
    const run = runFixture([hello], changes);
    run.options.open = (_to, { stdin }) => {
      asked.push(stdin);
      return Promise.reject(
        new KodamaError("forbidden", "admission webhook denied the request: no"),
      );
    };
    return events(run);
  };
  const reason = "admission webhook denied the request: no";
  assert.deepEqual(outcomesOf(await refuse({})), [{ kind: "forbidden", reason }]);
  const input = { open: () => ({ read: () => Promise.resolve(undefined) }), isEmpty: false };
  assert.deepEqual(outcomesOf(await refuse({ input })), [{ kind: "forbidden", reason }]);
  assert.deepEqual(asked, [true, false, true]);
});

Deno.test("a cancelled bare command may still run", async () => {
  const refused = new KodamaError("server", 'exec: "sh": executable file not found in $PATH');
  const run = runFixture([{ ...hello, end: "hangs" }], { timeoutMs });
  const { open } = run.options;
  run.options.open = (to, request, signal) =>
    request.command[0] === "sh" ? Promise.reject(refused) : open(to, request, signal);
  const [outcome] = outcomesOf(await events(run));
  assert.match(String(outcome?.kind === "timeout" && outcome.left), /may still run/);
});

Deno.test("input reaches every target completely, with its end", async () => {
  const run = runFixture([hello, hello, hello], {
    fanout: 1,
    input: {
      open() {
        const pieces = [Uint8Array.of(1, 2), Uint8Array.of(3)];
        return { read: () => Promise.resolve(pieces.shift()) };
      },
      isEmpty: false,
    },
  });
  await events(run);
  for (const pod of run.pods) {
    assert.deepEqual(pod.written.flatMap((bytes) => [...bytes]), [1, 2, 3]);
    assert.equal(pod.inputEnded, true);
  }
});

Deno.test("input that is known to be empty is as none: its end isn't passed on", async () => {
  const input = { open: () => assert.fail("it is read"), isEmpty: true };
  const [empty, none] = [runFixture([hello], { input }), runFixture([hello])];
  assert.equal(outcomesOf(await events(empty))[0]?.kind, "ok");
  await events(none);
  assert.equal(empty.pods[0]?.inputEnded, false);
  assert.deepEqual(empty.pods[0]?.requests, none.pods[0]?.requests);
});

Deno.test("an end that the server doesn't report is unknown after ten seconds", async () => {
  const input = { open: () => ({ read: () => Promise.resolve(undefined) }), isEmpty: false };
  const [outcome] = outcomesOf(
    await events(runFixture([{ ...hello, unreported: true }], { input })),
  );
  assert.deepEqual(outcome, {
    kind: "unknown",
    reason:
      "the command ended with exit code 0 without reading all of its input, and the server didn't report its end",
  });
});

Deno.test("a consumer that stops cancels the running commands and waits for their end", async () => {
  const run = runFixture([{ ...hello, end: "hangs" }, { ...hello, end: "hangs" }]);
  const seen = (async () => {
    for await (const event of runOnTargets(run.targets, ["x"], run.options)) {
      if (event.kind === "output") break;
    }
  })();
  await run.clock.runUntil(seen);
  for (const pod of run.pods) {
    assert.deepEqual(pod.requests.at(-1)?.command.slice(4), ["TERM", "4711", "4711 4712"]);
  }
});

Deno.test("a slow consumer keeps the pods from running ahead", async () => {
  let produced = 0;
  const endless = runFixture([hello]);
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

Deno.test("values of variables are in no request: they are the first input of the command", async () => {
  const fixture = runFixture([hello], { environment: { A: "s3cret", B: "two\nlines" } });
  assert.deepEqual(outcomesOf(await events(fixture)).map(({ kind }) => kind), ["ok"]);
  const [pod] = fixture.pods;
  const [request] = pod?.requests ?? [];
  assert.equal(request?.stdin, true);
  const args = request?.command.join("\0") ?? "";
  assert.ok(!args.includes("s3cret") && !args.includes("lines\0") && args.includes("\0A\0"));
  const written = (pod?.written ?? []).map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.equal(written, "s3cret\ntwo\nlines\n");
});
