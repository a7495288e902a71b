/** Streams that are opened while a server is down, or breaks. */
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { KodamaError } from "../base/errors.ts";
import { LinkError, type Sent } from "../kube/failures.ts";
import { patiently } from "./patience.ts";
import type { OpenExec } from "./run_options.ts";
import { connectTimeoutMs, events, hello, outcomesOf, scene } from "./testing/run_scene.ts";

function failure(reason: string, sent: Sent): LinkError {
  const at = { context: "c", server: "https://c:6443" };
  return new LinkError(`cannot reach context c: ${reason}`, { at, reason, sent });
}

const refused = failure("connection refused", "nothing");

/** A run of one target whose first tries to open a stream fail like this. */
function failing(failures: readonly Error[], then: "works" | "hangs" | "fails" = "works") {
  const stage = scene([{ ...hello, openMs: then === "hangs" ? 60_000 : 1 }]);
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
  const asking = patiently(ask, { clock, signal: stop.signal });
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
  const asking = patiently(ask, { clock, signal: stop.signal });
  await assert.rejects(clock.runUntil(asking), forbidden);
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
      "the link broke before the server's answer, and the command may have begun: connection reset",
  }]);
});

Deno.test("a target that is cancelled while its server is down has nothing left in it", async () => {
  const { stage } = failing([refused], "fails");
  stage.clock.timer(450, () => stage.cancel.abort());
  assert.deepEqual(outcomesOf(await events(stage)), [{ kind: "cancelled" }]);
  assert.equal(stage.clock.elapsedMs(), 450);
});
