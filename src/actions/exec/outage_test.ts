/** Runs that start while a server is down. */
import { wholeSelection } from "../../kube/select/target.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { hello } from "../../exec/testing/run_fixture.ts";
import { LinkError } from "../../kube/failures.ts";
import { exec } from "./exec.ts";
import type { ExecEvent, ExecOptions } from "./events.ts";
import { listPods } from "../pick/list_pods.ts";
import { type SimulatedCluster, simulatedHost } from "../testing/simulated_host.ts";

const refused = new LinkError("cannot reach context lab: connection refused", {
  at: { context: "lab", server: "https://lab:6443" },
  reason: "connection refused",
  sent: "nothing",
});
const pods = { "w-0": hello };
const connectTimeoutMs = 15_000;

/** Runs on these clusters, and collects the events with their times. */
function outage(
  clusters: Readonly<Record<string, SimulatedCluster>>,
  options: Partial<ExecOptions> = {},
) {
  const { host, clock } = simulatedHost(clusters);
  const reports: { event: ExecEvent; atMs: number }[] = [];
  const follow = async () => {
    const contexts = Object.keys(clusters);
    const signal = new AbortController().signal;
    const all = {
      contexts,
      selection: wholeSelection,
      command: ["x"],
      signal,
      connectTimeoutMs,
      ...options,
    };
    for await (const event of exec(host, all)) reports.push({ event, atMs: clock.elapsedMs() });
  };
  const done = clock.runUntil(follow());
  const kinds = () => reports.map(({ event, atMs }) => `${event.kind} ${atMs}`);
  return { clock, reports, done, kinds };
}

Deno.test("a run waits for a server that comes back, and says so once", async () => {
  const { done, reports, clock } = outage({ lab: { failure: refused, failsUntilMs: 3000, pods } });
  await done;
  assert.deepEqual(reports[0], {
    event: {
      kind: "contextWaiting",
      context: "lab",
      reason: "connection refused",
      limitMs: connectTimeoutMs,
    },
    atMs: 1000,
  });
  assert.equal(reports.filter(({ event }) => event.kind === "contextWaiting").length, 1);
  const last = reports.at(-1)?.event;
  assert.equal(last?.kind === "runEnded" && last.exitCode, 0);
  assert.equal(clock.waiting, 0);
});

Deno.test("a short outage is not worth a line", async () => {
  const { done, kinds } = outage({ lab: { failure: refused, failsUntilMs: 600, pods } });
  await done;
  assert.equal(kinds()[0], "runStarted 700");
});

Deno.test("a server that stays away is unreachable at the limit", async () => {
  const { done, clock, kinds } = outage({ lab: { failure: refused } });
  await assert.rejects(done, refused);
  assert.equal(clock.elapsedMs(), connectTimeoutMs);
  assert.deepEqual(kinds(), ["contextWaiting 1000"]);
});

Deno.test("one dead server doesn't hold up the others", async () => {
  const { done, reports, kinds } = outage({
    near: { answersAfterMs: 5, pods },
    lab: { failure: refused },
  });
  await done;
  assert.deepEqual(kinds().slice(0, 2), ["contextWaiting 1000", "runStarted 1005"]);
  const ended = reports.find(({ event }) => event.kind === "targetEnded");
  assert.ok(ended !== undefined && ended.atMs < 2000);
  const failed = reports.find(({ event }) => event.kind === "contextFailed");
  assert.equal(failed?.atMs, connectTimeoutMs);
});

Deno.test("a wait that starts during the run is reported", async () => {
  const { done, kinds } = outage({
    near: { pods: { "w-0": { ...hello, openMs: 5000 } } },
    lab: { answersAfterMs: 3000, failure: refused },
  });
  await done;
  const reports = kinds();
  assert.equal(reports.filter((kind) => kind.startsWith("contextWaiting")).length, 1);
  assert.ok(reports.findIndex((kind) => kind.startsWith("contextWaiting")) > 0, reports.join());
});

Deno.test("a server that says no is not waited for", async () => {
  const failure = new KodamaError("forbidden", "may not list pods");
  const { done, clock } = outage({ lab: { failure } });
  await assert.rejects(done, failure);
  assert.equal(clock.elapsedMs(), 0);
});

Deno.test("a cancelled wait ends at once", async () => {
  const stop = new AbortController();
  const { done, clock } = outage({ lab: { failure: refused } }, { signal: stop.signal });
  clock.timer(2100, () => stop.abort());
  await assert.rejects(done, { kind: "cancelled" });
  assert.equal(clock.elapsedMs(), 2100);
});

Deno.test("a list of pods doesn't wait", async () => {
  const { host, clock } = simulatedHost({ lab: { failure: refused } });
  const signal = new AbortController().signal;
  const listing = Array.fromAsync(
    listPods(host, { contexts: [], selection: wholeSelection, signal }),
  );
  await assert.rejects(clock.runUntil(listing), refused);
  assert.equal(clock.elapsedMs(), 0);
});
