/** A run in shards whose processes are killed: nothing that may have been carried out is repeated, and no outcome is lost. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { PastWorkflow } from "./record.ts";
import { indivisible, isInShard } from "./shard.ts";
import {
  isWorkflowOver,
  joinedAttempts,
  joinedShards,
  readAttempts,
  retainedByItself,
  retainedWithPods,
} from "./shard_records.ts";
import { recordHeader, recordLines } from "./testing/record_header.ts";
import { loaded, type Play, play, saying } from "./testing/step_fixture.ts";

const may = "permissions: { run: [do] }\n";

/** The environment of a shard: what it starts waits for the record. */
const stored = { stored: () => Promise.resolve() };

/** Advances only when no promise is left that settles by itself: here they are long chains. */
class IdleClock extends ManualClock {
  override async runUntil<T>(promise: Promise<T>): Promise<T> {
    let hasEnded = false;
    const watched = promise.finally(() => hasEnded = true);
    watched.catch(() => {});
    while (!hasEnded) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!hasEnded) this.step();
    }
    return await watched;
  }
}

/** Runs it as a shard. */
async function playShard(one: Play) {
  return await play({ ...one, environment: stored, clock: new IdleClock() });
}

function readShard(...attempts: readonly (readonly string[])[]): PastWorkflow {
  const joined = joinedAttempts(readAttempts("r", attempts.flat().join("")));
  assert.ok(joined);
  return joined;
}

/** Returns what a run has sent: commands that may change something, and local programs. */
function sentIn({ events, ran }: Awaited<ReturnType<typeof play>>): string[] {
  return [
    ...events.flatMap((event) =>
      event.event === "targetStarted" ? [`${event.step} ${event.name}`] : []
    ),
    ...ran.map((argv) => argv.join(" ")),
  ];
}

function outcomesOf({ steps }: PastWorkflow): string[] {
  return steps.flatMap(({ key, targets }) =>
    [...targets.values()].map(({ name, outcome }) => `${key} ${name} ${outcome.kind}`)
  ).toSorted();
}

Deno.test("a shard killed after any line of its record repeats nothing that it may have done", async () => {
  const files = {
    "w.yaml": `${may}steps:
  - { id: first, exec: [change], allowFailure: any }
  - { id: note, shell: [do, it] }
  - { id: both, parallel: [{ id: left, exec: [change] }, { id: read, exec: [cat, /x] }] }
finally: [{ id: last, exec: [clean] }]
`,
  };
  const pods = { "web-0": saying("a"), "web-1": saying("b", 3), "web-2": saying("c") };
  const one: Play = { files, pods };
  const whole = await playShard(one);
  const lines = recordLines(whole.events);
  const expected = outcomesOf(readShard(lines));
  assert.equal(expected.length, 12);
  for (let count = 1; count < lines.length; count++) {
    const before = lines.slice(0, count);
    const past = readShard(before);
    assert.ok(!isWorkflowOver(past));
    const again = await playShard({ ...one, input: { retained: retainedByItself(past) } });
    // A step of `finally` belongs to the process that runs it.
    const isMain = (sent: string) => !sent.startsWith("finally/");
    const begun = past.steps.flatMap(({ key, kind, begun }) => [
      ...[...begun.keys()].map((name) => `${key} ${name}`),
      ...(kind === "shell" ? ["do it"] : []),
    ]).filter(isMain);
    const sent = sentIn(again).filter(isMain);
    assert.deepEqual(begun.filter((name) => sent.includes(name)), [], `after line ${count}`);
    const joined = readShard(before, recordLines(again.events));
    const isCut = joined.steps.some(({ end }) =>
      end?.outcome.kind === "failed" && "reason" in end.outcome &&
      end.outcome.reason.startsWith("its shard")
    );
    const known = new Map(
      outcomesOf(joined).map((text) => {
        const [key, name, kind] = text.split(" ");
        return [`${key} ${name}`, kind];
      }),
    );
    for (const text of expected) {
      const [key = "", name, kind] = text.split(" ");
      const found = known.get(`${key} ${name}`);
      // The run ends after a local step that may have been carried out.
      if (isCut && found === undefined && key.startsWith("both")) continue;
      const isOpen = past.steps.some((step) =>
        step.key === key && step.begun.get(name ?? "")?.hasEnded === false
      );
      assert.equal(found, isOpen && isMain(key) ? "unknown" : kind, `${text} after line ${count}`);
    }
    assert.ok(isWorkflowOver(joined));
  }
});

Deno.test("a shard killed while it repeats what an earlier record has loses none of it", async () => {
  const files = { "w.yaml": "steps: [{ id: a, exec: [change] }]\n" };
  const names = Array.from({ length: 6 }, (_, index) => `p-${index}`);
  const one: Play = {
    files,
    pods: Object.fromEntries(names.map((name) => [name, saying(name)])),
  };
  const lines = recordLines((await playShard(one)).events);
  const firstEnd = lines.findIndex((line) => line.includes("targetEnded"));
  const first = lines.slice(0, firstEnd + 3);
  const second = recordLines(
    (await playShard({ ...one, input: { retained: retainedByItself(readShard(first)) } })).events,
  );
  for (let count = 1; count <= second.length; count++) {
    const past = readShard(first, second.slice(0, count));
    const ended = [...past.steps[0]?.targets.values() ?? []].filter(({ outcome }) =>
      outcome.kind === "ok"
    );
    assert.ok(ended.length >= 3, `after line ${count}`);
  }
});

Deno.test("shards together do what one process does, pod by pod", async () => {
  const files = {
    "w.yaml":
      "steps: [{ id: a, exec: [change] }, { id: b, exec: [change, more], allowFailure: any }]\n"
        .replace("[change] }", "[change], allowFailure: any }"),
  };
  const names = Array.from({ length: 40 }, (_, index) => `web-${index}`);
  const pods = Object.fromEntries(
    names.map((name, index) => [name, saying(name, index % 7 === 0 ? 2 : 0)]),
  );
  const { workflow } = await loaded(files);
  assert.equal(indivisible(workflow), undefined);
  const local = readShard(recordLines((await playShard({ files, pods })).events));
  const shards = [];
  for (const index of [0, 1, 2]) {
    const { events } = await playShard({
      files,
      pods,

      input: { shard: { index, count: 3 } },
    });
    shards.push({ record: readShard(recordLines(events)), lost: undefined });
  }
  assert.ok(shards.every(({ record }) => [...record.steps[0]?.targets ?? []].length > 3));
  const joined = joinedShards(shards);
  assert.ok(joined);
  assert.deepEqual(outcomesOf(joined), outcomesOf(local));
  assert.deepEqual(joined.end?.exitCode, local.end?.exitCode);
  // A rerun of a shard whose pods were all ok lists them, and runs in none of them.
  const ok = {
    files: { "w.yaml": "steps: [{ id: a, exec: [change] }]\n" },
    pods: { p: saying("p") },
  };
  const past = readShard(recordLines((await playShard(ok)).events));
  const retained = retainedWithPods(past, { kind: "failed" });
  const again = await playShard({ ...ok, input: { retained } });
  assert.deepEqual(outcomesOf(readShard(recordLines(again.events))), ["a p ok"]);
  assert.deepEqual(sentIn(again), []);
  const [first, second] = shards;
  assert.ok(first && second);
  // Without all of its shards a run hasn't ended, unless one of them is given up.
  const open = { record: undefined, lost: undefined };
  assert.equal(joinedShards([first, second, open])?.end, undefined);
  const lost = { record: undefined, lost: "shard 2 was killed 7 times" };
  assert.deepEqual(joinedShards([first, second, lost])?.end?.outcome.kind, "failed");
});

Deno.test("`joinedShards()` starts with the first, lasts as long as the longest, and ends like the worst", () => {
  type Outcome = NonNullable<PastWorkflow["end"]>["outcome"];
  const failed = (reason: string): Outcome => ({ kind: "failed", reason });
  const ok: Outcome = { kind: "ok" };
  const shard = (at: string, outcome: Outcome, durationMs: number) => {
    const end = { outcome, outputs: { a: 1 }, exitCode: 0, again: { kind: "all" }, durationMs };
    const header = { ...recordHeader("r"), at };
    const record = { header, steps: [], scopes: [{ context: "c", namespace: at }], end };
    return { record: record as unknown as PastWorkflow, lost: undefined };
  };
  const [late, early] = [shard("2026-01-02", ok, 5), shard("2026-01-01", failed("x"), 3)];
  const joined = joinedShards([late, early]);
  assert.equal(joined?.header.at, "2026-01-01");
  assert.deepEqual(joined.scopes.map(({ namespace }) => namespace), ["2026-01-02", "2026-01-01"]);
  // The shards' outputs and the reruns of one are not those of the run.
  assert.deepEqual(joined.end, {
    outcome: failed("x"),
    outputs: {},
    exitCode: 5,
    again: { kind: "failed" },
    durationMs: 5,
  });
  const ended = (...shards: Parameters<typeof joinedShards>[0]) => joinedShards(shards)?.end;
  assert.deepEqual([ended(late, late)?.exitCode, ended(late, late)?.again], [0, null]);
  assert.deepEqual(ended(late)?.outputs, { a: 1 });
  assert.deepEqual(ended(early)?.again, { kind: "all" });
  assert.equal(joinedShards([{ record: undefined, lost: "never started" }]), undefined);
});

Deno.test("a failure in one shard has the run's own reason, unless a shard was lost or the step is tolerated", () => {
  const failed = (reason: string) => ({ kind: "failed", reason });
  const shard = (tolerated: boolean, lost?: string) => {
    const end = { outcome: failed("of the step"), tolerated, output: null, durationMs: 1 };
    const none = { targets: new Map(), begun: new Map(), endedAt: new Map(), written: new Map() };
    const step = { key: "s", identity: "s", title: "s", ...none, end };
    const own = { outcome: failed("of the shard"), outputs: {}, exitCode: 1, durationMs: 1 };
    const record = { header: recordHeader("r"), steps: [step], scopes: [], end: own };
    return {
      record: {
        ...record,
        ...(lost === undefined ? {} : { end: undefined }),
      } as unknown as PastWorkflow,
      lost,
    };
  };
  const reasonOf = (...shards: Parameters<typeof joinedShards>[0]) => {
    const outcome = joinedShards(shards)?.end?.outcome;
    return outcome?.kind === "failed" ? outcome.reason : outcome;
  };
  assert.equal(reasonOf(shard(true), shard(true)), "of the shard");
  assert.equal(reasonOf(shard(false), shard(false)), "of the step");
  assert.equal(reasonOf(shard(false)), "of the shard");
  assert.equal(reasonOf(shard(false, "killed"), shard(false, "killed")), "killed");
});

Deno.test("a pod is in exactly one shard, whatever other pods there are", () => {
  for (const count of [1, 2, 7]) {
    for (let pod = 0; pod < 50; pod++) {
      const shards = Array.from({ length: count }, (_, index) => index)
        .filter((index) => isInShard({ namespace: "n", pod: `web-${pod}` }, { index, count }));
      assert.equal(shards.length, 1);
    }
  }
});

Deno.test("`indivisible()` names what needs all pods", async () => {
  const cases: [string, RegExp | undefined][] = [
    ["steps: [{ exec: [a] }]", undefined],
    ["command: [a]\nnamespace: n", undefined],
    ["steps: [{ parallel: [{ exec: [a] }, { exec: [b] }] }]", undefined],
    ["select: { sample: 3 }\nsteps: [{ exec: [a] }]", /`sample`/],
    ["steps: [{ exec: [a], select: { sample: 1 } }]", /exec-1 has `sample`/],
    ["steps: [{ exec: [a], serial: 1 }]", /`serial`/],
    ["defaults: { maxFail: 3 }\nsteps: [{ exec: [a] }]", /`maxFail`/],
    ["steps: [{ exec: [a] }, { exec: [b] }]", /exec-2 runs only if step exec-1 was ok/],
    ["steps: [{ exec: [a], allowFailure: any }, { exec: [b] }]", undefined],
    [
      "steps: [{ id: a, exec: [a], allowFailure: any }, { exec: [b], targets: '${{ steps.a.ok }}' }]",
      undefined,
    ],
    [
      "steps: [{ id: a, exec: [a], allowFailure: any }, { exec: [b, '${{ steps.a.ok[0] }}'] }]",
      /reads what other steps wrote/,
    ],
    ["steps: [{ id: a, exec: [a] }]\noutputs: { x: '${{ steps.a.distinct }}' }", /outputs/],
    ["permissions: { run: [do] }\nsteps: [{ shell: [do] }]", /shell-1 \(shell\)/],
  ];
  for (const [text, expected] of cases) {
    const { workflow } = await loaded({ "w.yaml": `${text}\n` });
    const reason = indivisible(workflow);
    if (expected === undefined) assert.equal(reason, undefined, text);
    else assert.match(reason ?? "", expected, text);
  }
});
