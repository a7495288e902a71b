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
  const stage = runFixture([{ ...hello, openMs: then === "hangs" ? 60_000 : 1 }]);
  const { open } = stage.options;
  const tries: number[] = [];
  const failingOpen: OpenExec = (...words) => {
    const error = failures[tries.length] ?? (then === "fails" ? failures.at(-1) : undefined);
    tries.push(stage.clock.elapsedMs());
    return error === undefined ? open(...words) : Promise.reject(error);
  };
  stage.options.open = failingOpen;
  return { stage, tries };
}

Deno.test("a server that is back after three tries runs the command", async () => {
  const { stage, tries } = failing([refused, refused, refused]);
  assert.deepEqual(outcomesOf(await events(stage)), [{ kind: "ok" }]);
  assert.deepEqual(tries, [0, 100, 300, 700]);
  assert.equal(stage.clock.waiting, 0);
});

for (const then of ["fails", "hangs"] as const) {
  Deno.test(`a server that was down and ${then} is unreachable at the limit`, async () => {
    const { stage } = failing([refused], then);
    const [outcome] = outcomesOf(await events(stage));
    assert.deepEqual(outcome, { kind: "unreachable", reason: refused.message });
    assert.equal(stage.clock.elapsedMs(), connectTimeoutMs);
  });
}

Deno.test("the tries come once a second at last", async () => {
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

Deno.test("what the server says when it is back is told, even at the limit", async () => {
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
  const stage = runFixture(Array.from({ length: 60 }, () => ({ ...hello, unsent: true })), {
    fanout: 10,
  });
  for (const [index, target] of stage.targets.entries()) target.context = contextOf(index);
  const { open } = stage.options;
  const tries: number[] = [];
  stage.options.open = (target, request, signal, onSent) => {
    tries.push(stage.clock.elapsedMs());
    const fault = opening(target, stage.clock.elapsedMs());
    if (fault === "hangs") return new Promise(() => {});
    return fault === undefined ? open(target, request, signal, onSent) : Promise.reject(fault);
  };
  return { stage, tries };
}

Deno.test("all pods of a server that is down wait once, and one of them asks", async () => {
  const { stage, tries } = fleetOf(() => refused);
  const outcomes = outcomesOf(await events(stage));
  assert.ok(outcomes.every(({ kind }) => kind === "unreachable"));
  assert.equal(outcomes.length, 60);
  assert.equal(stage.clock.elapsedMs(), connectTimeoutMs);
  // Each of them once, and the one that retries.
  assert.equal(tries.length, 60 + 3);
});

Deno.test("when the server is back, all that waited are run", async () => {
  const { stage } = fleetOf((_, atMs) => atMs < 500 ? refused : undefined);
  assert.ok(outcomesOf(await events(stage)).every(({ kind }) => kind === "ok"));
  assert.equal(stage.clock.waiting, 0);
});

Deno.test("a server that comes back after it was waited for in vain runs what is left", async () => {
  const { stage } = fleetOf((_, atMs) => atMs < connectTimeoutMs ? refused : undefined);
  const kinds = outcomesOf(await events(stage)).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "unreachable").length, 10);
  assert.equal(kinds.filter((kind) => kind === "ok").length, 50);
});

Deno.test("a server that swallows connections is given its whole time once, and then looked for", async () => {
  const { stage } = fleetOf(() => "hangs");
  stage.options.connectTimeoutMs = 15_000;
  const outcomes = outcomesOf(await events(stage));
  const limits = outcomes.map((outcome) => outcome.kind === "timeout" ? outcome.afterMs : 0);
  assert.deepEqual(new Set(limits), new Set([15_000, 2000]));
  assert.equal(limits.filter((limit) => limit === 15_000).length, 10);
  assert.equal(stage.clock.elapsedMs(), 15_000 + 5 * 2000);
  assert.ok(outcomes.every((outcome) => !("left" in outcome)));
});

Deno.test("a server that is down holds up no target of another", async () => {
  const contextOf = (index: number) => index % 2 === 0 ? "dead" : "well";
  const { stage } = fleetOf(({ context }) => context === "dead" ? refused : undefined, contextOf);
  const kinds = outcomesOf(await events(stage)).map(({ kind }) => kind);
  assert.ok(kinds.every((kind, index) => kind === (index % 2 === 0 ? "unreachable" : "ok")));
});

Deno.test("a stream that was requested and isn't open at the limit may have started the command", async () => {
  const { stage } = failing([], "hangs");
  assert.deepEqual(outcomesOf(await events(stage)), [{
    kind: "timeout",
    limit: "connect",
    afterMs: connectTimeoutMs,
    left: "it was requested, and the command may have started",
  }]);
});

Deno.test("what isn't known to have sent nothing is asked once", async () => {
  for (const sent of ["some", "all"] as const) {
    const { stage, tries } = failing([failure("connection reset", sent)]);
    const [outcome] = outcomesOf(await events(stage));
    assert.equal(outcome?.kind, sent === "all" ? "unknown" : "unreachable");
    assert.deepEqual(tries, [0]);
  }
});

Deno.test("a link that breaks after the whole request was sent leaves the end unknown", async () => {
  const { stage } = failing([failure("connection reset", "all")]);
  assert.deepEqual(outcomesOf(await events(stage)), [{
    kind: "unknown",
    reason:
      "the link broke before the server's answer, and the command may have started: connection reset",
  }]);
});

Deno.test("a target that is cancelled while its server is down has nothing left in it", async () => {
  const { stage } = failing([refused], "fails");
  stage.clock.timer(450, () => stage.cancel.abort());
  assert.deepEqual(outcomesOf(await events(stage)), [{ kind: "cancelled" }]);
  assert.equal(stage.clock.elapsedMs(), 450);
});

Deno.test("a server that was waited for in vain is looked for briefly, until it answers", async () => {
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
