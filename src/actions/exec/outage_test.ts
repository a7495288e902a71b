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
  assert.equal(kinds()[0], "runStarted 705");
  assert.ok(kinds().includes("contextWaiting 1000"));
  const ended = reports.find(({ event }) => event.kind === "targetEnded");
  assert.ok(ended !== undefined && ended.atMs < 1000);
  const failed = reports.find(({ event }) => event.kind === "contextFailed");
  assert.equal(failed?.atMs, connectTimeoutMs);
});

Deno.test("a wait that starts during the run is reported", async () => {
  const { done, kinds } = outage({
    near: { pods: { "w-0": { ...hello, openMs: 5000 } } },
    lab: { answersAfterMs: 3000, failure: refused },
  });
  await done;
  // Before it, only that there is no answer is known.
  const isWait = (kind: string) => kind.startsWith("contextWaiting");
  assert.deepEqual(kinds().filter(isWait), ["contextWaiting 1000", "contextWaiting 3000"]);
});

const silent = "context lab, https://lab:6443: no answer in 15s";
const login = { text: "the credential plugin login", mayPrompt: true };

Deno.test("a context that hangs is named after a second, delays no other, and ends at the limit", async () => {
  const asks = { ask: () => Promise.reject(new Error("no question is needed")) };
  const table: [string, SimulatedCluster, reason: string, message: string][] = [
    ["a silent server", { hangs: true }, "no answer yet", silent],
    [
      "a plugin",
      { hangs: true, awaited: { ...login, mayPrompt: false } },
      "the credential plugin login is running",
      "context lab: the credential plugin login gave no answer in 15s",
    ],
    [
      "a plugin that may prompt",
      { hangs: true, awaited: login },
      "the credential plugin login is running",
      "context lab: the credential plugin login gave no answer in 15s",
    ],
  ];
  for (const [name, lab, reason, message] of table) {
    const { done, reports, kinds } = outage({ near: { pods }, lab }, { confirm: asks });
    await done;
    const started = reports.find(({ event }) => event.kind === "targetEnded");
    assert.ok(started !== undefined && started.atMs < 1000, `${name}: ${kinds()}`);
    const wait = reports.find(({ event }) => event.kind === "contextWaiting")?.event;
    assert.deepEqual(wait, {
      kind: "contextWaiting",
      context: "lab",
      reason,
      limitMs: connectTimeoutMs,
    });
    const failed = reports.find(({ event }) => event.kind === "contextFailed");
    assert.equal(failed?.atMs, connectTimeoutMs, name);
    assert.equal(failed?.event.kind === "contextFailed" && failed.event.error.message, message);
  }
});

Deno.test("the only context waits for its user as long as no limit is given", async () => {
  const { host, clock } = simulatedHost({ lab: { hangs: true, awaited: login } });
  const stop = new AbortController();
  clock.timer(120_000, () => stop.abort());
  const options = { contexts: [], selection: wholeSelection, command: ["x"], signal: stop.signal };
  await assert.rejects(clock.runUntil(Array.fromAsync(exec(host, options))), { kind: "cancelled" });
  assert.equal(clock.elapsedMs(), 120_000);
  const { done, clock: limited } = outage({ lab: { hangs: true, awaited: login } });
  await assert.rejects(done, {
    message: "context lab: the credential plugin login gave no answer in 15s",
  });
  assert.equal(limited.elapsedMs(), connectTimeoutMs);
});

Deno.test("a list of pods ends at the limit of a silent server too", async () => {
  const { host, clock } = simulatedHost({ lab: { hangs: true } });
  const { signal } = new AbortController();
  const listing = Array.fromAsync(
    listPods(host, { contexts: [], selection: wholeSelection, signal }),
  );
  await assert.rejects(clock.runUntil(listing), { message: silent });
  assert.equal(clock.elapsedMs(), connectTimeoutMs);
});

Deno.test("a context that answers late takes part, unless its pods need a question", async () => {
  const late = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`l-${index}`, hello]));
  const questions: number[] = [];
  const confirm = {
    ask: ({ count }: { count: number }) => {
      questions.push(count);
      return Promise.resolve(true);
    },
  };
  const run = async (near: SimulatedCluster, other: SimulatedCluster) => {
    questions.length = 0;
    const { done, reports } = outage({ near, other }, { confirm });
    await done;
    const ended = reports.filter(({ event }) => event.kind === "targetEnded").length;
    const failed = reports.map(({ event }) =>
      event.kind === "contextFailed" ? event.error.message : ""
    ).join("");
    return { ended, failed, questions: [...questions] };
  };
  assert.deepEqual(await run({ pods }, { answersAfterMs: 3000, pods }), {
    ended: 2,
    failed: "",
    questions: [],
  });
  assert.deepEqual(await run({ pods }, { answersAfterMs: 3000, pods: late }), {
    ended: 1,
    failed:
      "context other answered after the run had begun, and its 12 pods would need a confirmation",
    questions: [],
  });
  // The question is about all pods, so it waits for all contexts.
  assert.deepEqual(await run({ pods: late }, { answersAfterMs: 3000, pods }), {
    ended: 13,
    failed: "",
    questions: [13],
  });
});

Deno.test("two contexts of one server run once in each container, with a note", async () => {
  const server = "https://same:6443";
  const { done, reports } = outage({ one: { server, pods }, two: { server, pods } });
  await done;
  assert.equal(reports.filter(({ event }) => event.kind === "targetEnded").length, 1);
  const skipped = reports.find(({ event }) => event.kind === "podsSkipped")?.event;
  assert.deepEqual(skipped, {
    kind: "podsSkipped",
    context: "two",
    several: true,
    skipped: [{
      namespace: "n",
      pod: "w-0",
      reason: "has the same server as context one, by which it is selected too",
    }],
  });
  const last = reports.at(-1)?.event;
  assert.equal(last?.kind === "runEnded" && last.exitCode, 0);
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
