/** Streams that are opened while a server is down, or breaks. */
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { KodamaError } from "../base/errors.ts";
import { LinkError, type Sent } from "../kube/failures.ts";
import type { Target } from "../kube/select/target.ts";
import { Outages } from "./outages.ts";
import type { OpenExec } from "./run_options.ts";
import { connectTimeoutMs, events, hello, outcomesOf, runFixture } from "./testing/run_fixture.ts";

function failure(reason: string, sent: Sent): LinkError {
  const at = { context: "c", server: "https://c:6443" };
  return new LinkError(`cannot reach context c: ${reason}`, { at, reason, sent });
}

const refused = failure("connection refused", "nothing");

/** A run of one target whose first tries to open a stream fail like this. */
function failing(failures: readonly Error[], then: "works" | "hangs" | "fails" = "works") {
  const run = runFixture([{ ...hello, openMs: then === "hangs" ? 60_000 : 1 }]);
  const { open } = run.options;
  const tries: number[] = [];
  const failingOpen: OpenExec = (...words) => {
    const error = failures[tries.length] ?? (then === "fails" ? failures.at(-1) : undefined);
    tries.push(run.clock.elapsedMs());
    return error === undefined ? open(...words) : Promise.reject(error);
  };
  run.options.open = failingOpen;
  return { run, tries };
}

Deno.test("a server that is back after three attempts runs the command", async () => {
  const { run, tries } = failing([refused, refused, refused]);
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "ok" }]);
  assert.deepEqual(tries, [0, 100, 300, 700]);
  assert.equal(run.clock.waiting, 0);
});

for (const then of ["fails", "hangs"] as const) {
  Deno.test(`a server that was down and ${then} is unreachable at the limit`, async () => {
    const { run } = failing([refused], then);
    const [outcome] = outcomesOf(await events(run));
    assert.deepEqual(outcome, { kind: "unreachable", reason: refused.message });
    assert.equal(run.clock.elapsedMs(), connectTimeoutMs);
  });
}

Deno.test("retries of a server reach one a second", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const tries: number[] = [];
  clock.timer(4000, () => stop.abort());
  const ask = () => {
    tries.push(clock.elapsedMs());
    return Promise.reject(refused);
  };
  const asking = new Outages(clock, 60_000).retry("c", ask, stop.signal);
  await assert.rejects(clock.runUntil(asking), refused);
  assert.deepEqual(tries, [0, 100, 300, 700, 1500, 2500, 3500]);
});

Deno.test("an answer of a server that is back counts, even at the limit", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const forbidden = new KodamaError("forbidden", "no");
  let down = true;
  const ask = () => {
    if (!down) stop.abort();
    return Promise.reject(down ? refused : forbidden);
  };
  clock.timer(50, () => down = false);
  const asking = new Outages(clock, 60_000).retry("c", ask, stop.signal);
  await assert.rejects(clock.runUntil(asking), forbidden);
});

/** A run of sixty pods, ten at a time, and the times when its streams were requested. */
function fleetOf(
  opening: (target: Target, atMs: number) => Error | "hangs" | undefined,
  contextOf: (index: number) => string = () => "c",
) {
  const run = runFixture(Array.from({ length: 60 }, () => ({ ...hello, unsent: true })), {
    fanout: 10,
  });
  for (const [index, target] of run.targets.entries()) target.context = contextOf(index);
  const { open } = run.options;
  const tries: number[] = [];
  run.options.open = (target, request, signal, onSent) => {
    tries.push(run.clock.elapsedMs());
    const fault = opening(target, run.clock.elapsedMs());
    if (fault === "hangs") return new Promise(() => {});
    return fault === undefined ? open(target, request, signal, onSent) : Promise.reject(fault);
  };
  return { run, tries };
}

Deno.test("all pods of a server that is down wait for one retry loop", async () => {
  const { run, tries } = fleetOf(() => refused);
  const outcomes = outcomesOf(await events(run));
  assert.ok(outcomes.every(({ kind }) => kind === "unreachable"));
  assert.equal(outcomes.length, 60);
  assert.equal(run.clock.elapsedMs(), connectTimeoutMs);
  // Each of them once, and the one that retries.
  assert.equal(tries.length, 60 + 3);
});

Deno.test("all waiting targets run when the server is back", async () => {
  const { run } = fleetOf((_, atMs) => atMs < 500 ? refused : undefined);
  assert.ok(outcomesOf(await events(run)).every(({ kind }) => kind === "ok"));
  assert.equal(run.clock.waiting, 0);
});

Deno.test("a server that is back after it was given up runs the remaining targets", async () => {
  const { run } = fleetOf((_, atMs) => atMs < connectTimeoutMs ? refused : undefined);
  const kinds = outcomesOf(await events(run)).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "unreachable").length, 10);
  assert.equal(kinds.filter((kind) => kind === "ok").length, 50);
});

Deno.test("a server that never answers gets the full limit once, then brief attempts", async () => {
  const { run } = fleetOf(() => "hangs");
  run.options.connectTimeoutMs = 15_000;
  const outcomes = outcomesOf(await events(run));
  const limits = outcomes.map((outcome) => outcome.kind === "timeout" ? outcome.afterMs : 0);
  assert.deepEqual(new Set(limits), new Set([15_000, 2000]));
  assert.equal(limits.filter((limit) => limit === 15_000).length, 10);
  assert.equal(run.clock.elapsedMs(), 15_000 + 5 * 2000);
  assert.ok(outcomes.every((outcome) => !("left" in outcome)));
});

Deno.test("a server that is down delays no target of another", async () => {
  const contextOf = (index: number) => index % 2 === 0 ? "dead" : "well";
  const { run } = fleetOf(
    ({ context }) => context === "dead" ? refused : undefined,
    contextOf,
  );
  const kinds = outcomesOf(await events(run)).map(({ kind }) => kind);
  assert.ok(kinds.every((kind, index) => kind === (index % 2 === 0 ? "unreachable" : "ok")));
});

Deno.test("a stream that was requested and isn't open at the limit may have started the command", async () => {
  const { run } = failing([], "hangs");
  assert.deepEqual(outcomesOf(await events(run)), [{
    kind: "timeout",
    limit: "connect",
    afterMs: connectTimeoutMs,
    left: "it was requested, and the command may have started",
  }]);
});

Deno.test("a request that may have been sent is never retried", async () => {
  for (const sent of ["some", "all"] as const) {
    const { run, tries } = failing([failure("connection reset", sent)]);
    const [outcome] = outcomesOf(await events(run));
    assert.equal(outcome?.kind, sent === "all" ? "unknown" : "unreachable");
    assert.deepEqual(tries, [0]);
  }
});

Deno.test("a link that breaks after the whole request is unknown", async () => {
  const { run } = failing([failure("connection reset", "all")]);
  assert.deepEqual(outcomesOf(await events(run)), [{
    kind: "unknown",
    reason:
      "the link broke before the server's answer, and the command may have started: connection reset",
  }]);
});

Deno.test("a target cancelled while its server is down has no remains", async () => {
  const { run } = failing([refused], "fails");
  run.clock.timer(450, () => run.cancel.abort());
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "cancelled" }]);
  assert.equal(run.clock.elapsedMs(), 450);
});

Deno.test("a given-up server gets brief attempts until it answers", async () => {
  const signal = new AbortController().signal;
  for (const [limitMs, brieflyMs] of [[15_000, 2000], [500, 500]] as const) {
    const outages = new Outages(new ManualClock(), limitMs);
    outages.giveUp("c");
    assert.equal(outages.limitMs("c"), brieflyMs);
    assert.equal(outages.limitMs("other"), limitMs);
    await outages.retry("c", () => Promise.resolve("here"), signal);
    assert.equal(outages.limitMs("c"), limitMs);
  }
});

/** A hanging command with a limit of a second, whose server does something else to every later stream. */
function ending(open: OpenExec) {
  const run = runFixture([{ ...hello, openMs: 0, end: "hangs" }], {
    connectTimeoutMs: 15_000,
    timeoutMs: 1000,
  });
  const works = run.options.open;
  run.options.open = (to, request, ...others) =>
    (run.pods[0]?.requests.length === 0 ? works : open)(to, request, ...others);
  return { run, works };
}

Deno.test("a command whose time is over is ended when its server is back", async () => {
  const { run, works } = ending((...words) =>
    run.clock.elapsedMs() < 4000 ? Promise.reject(refused) : works(...words)
  );
  const outcome = { kind: "timeout", limit: "command", afterMs: 1000 };
  assert.deepEqual(outcomesOf(await events(run)), [outcome]);
  assert.deepEqual(run.pods[0]?.requests.at(1)?.command[4], "TERM");
});

for (
  const [what, cancelMs, limit] of [
    ["a command whose time is over", undefined, 15_000],
    ["a cancelled command, which a person waits for", 500, 5000],
  ] as const
) {
  Deno.test(`a pod that falls silent delays the end of ${what} by ${limit / 1000}s`, async () => {
    const { run } = ending(() => new Promise(() => {}));
    if (cancelMs !== undefined) run.clock.timer(cancelMs, () => run.cancel.abort());
    const [outcome] = outcomesOf(await events(run));
    assert.ok(outcome?.kind === "timeout" || outcome?.kind === "cancelled");
    const reason = `no answer from pod pod-0 in ${limit / 1000}s`;
    assert.equal(outcome.left, `the command may still run: ${reason}`);
    assert.equal(run.clock.elapsedMs(), (cancelMs ?? 1000) + limit);
  });
}
