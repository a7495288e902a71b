import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { LinkError } from "../kube/failures.ts";
import { followContainer, readContainer } from "./read_container.ts";
import { logLineText } from "./line.ts";
import type { ContainerState } from "./containers.ts";
import type { FollowedContainer, LogStart, ReadEvent } from "./reading.ts";
import { type Happening, SimulatedContainer } from "./testing/simulated_container.ts";

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("line" as const),
      // Many lines of one moment, and seconds without any.
      afterMs: fc.constantFrom(0, 0, 0, 1, 400, 1000, 3500),
      text: fc.constantFrom("a", "b", "same", "", "ä 🌳", "x".repeat(50)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("clockBack" as const),
      byMs: fc.constantFrom(300, 1500, 5000, 3_600_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("cut" as const, "quietCut" as const),
      afterBytes: fc.nat(200),
    }),
  },
);

async function read(
  events: (options: Parameters<typeof followContainer>[1]) => AsyncIterable<ReadEvent>,
  start: LogStart = {},
): Promise<{ lines: string[]; gaps: string[]; failed: boolean; kinds: Set<string> }> {
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  const received = await clock.runUntil(
    Array.fromAsync(events({ source: 0, start, clock, random: () => 0.5, signal })),
  );
  return {
    lines: received.flatMap((event) => event.kind === "lines" ? event.lines.map(logLineText) : []),
    gaps: received.flatMap((event) => event.kind === "gap" ? [event.reason] : []),
    failed: received.some(({ kind }) => kind === "failed"),
    kinds: new Set(received.map(({ kind }) => kind)),
  };
}

Deno.test("following loses no line and repeats none, wherever the links break and the container restarts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 60 }),
      fc.integer({ min: 1, max: 90 }),
      async (script, chunkBytes) => {
        const container = new SimulatedContainer(script, { chunkBytes });
        const { lines, gaps, failed } = await read((options) =>
          followContainer(container, options)
        );
        assert.equal(failed, false);
        // The node retains one earlier instance: missing lines are reported, and no others may be missing.
        if (gaps.length === 0) assert.deepEqual(lines, container.written);
        else assert.ok(isSubsequence(lines, container.written), "a line was repeated or moved");
      },
    ),
    { numRuns: 500 },
  );
});

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of all) if (at < some.length && some[at] === one) at++;
  return at === some.length;
}

const line = (text: string, afterMs = 10): Happening => ({ kind: "line", afterMs, text });

Deno.test("a restart while the link is down: the rest of the old instance comes before the new one", async () => {
  const container = new SimulatedContainer([
    line("one"),
    { kind: "cut", afterBytes: 1000 },
    line("two"),
    { kind: "restart" },
    line("three"),
  ], { chunkBytes: 10 });
  const { lines, kinds } = await read((options) => followContainer(container, options));
  assert.deepEqual(lines, ["one", "two", "three"]);
  assert.ok(kinds.has("restarted"));
});

Deno.test("`--tail`: after a cut, what was left out from the start stays left out", async () => {
  const script: Happening[] = ["a", "b", "c", "d"].map((text) => line(text));
  const tailed = new SimulatedContainer([
    ...script,
    { kind: "cut", afterBytes: 1000 },
    line("e"),
  ], { chunkBytes: 7 });
  for (let written = 0; written < script.length; written++) await tailed.changed();
  const { lines } = await read((options) => followContainer(tailed, options), { tail: 2 });
  assert.deepEqual(lines, ["c", "d", "e"]);
});

Deno.test("following from the last lines loses none that comes later, with any cuts, restarts and clocks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(5),
      fc.array(fc.constantFrom("a", "b", "same"), { maxLength: 8 }),
      fc.array(happening, { maxLength: 40 }),
      async (tailLines, existing, script) => {
        const container = new SimulatedContainer(
          [...existing.map((text) => line(text)), ...script],
          { chunkBytes: 50 },
        );
        for (let written = 0; written < existing.length; written++) await container.changed();
        const { lines, gaps } = await read(
          (options) => followContainer(container, options),
          { tail: tailLines },
        );
        const expected = container.written.slice(Math.max(0, existing.length - tailLines));
        if (gaps.length > 0) assert.ok(isSubsequence(lines, expected), "repeated or moved");
        else if (!script.some(({ kind }) => kind.endsWith("ut"))) assert.deepEqual(lines, expected);
        else if (tailLines === 0) {
          // A body that ends before its first byte looks like an empty log, and then all of it is shown.
          assert.deepEqual(lines.slice(lines.length - expected.length), expected);
        } else {
          // A link that breaks before its first line: the start is that of the next one.
          assert.deepEqual(lines, expected.slice(-lines.length || expected.length));
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("without following, a log is read to its end over cuts, and a server that stays away is a failure", async () => {
  const cut: Happening = { kind: "cut", afterBytes: 60 };
  const wavering = new SimulatedContainer([line("a"), line("b"), line("c"), cut, cut], {
    chunkBytes: 20,
  });
  for (let written = 0; written < 3; written++) await wavering.changed();
  const once = await read((options) =>
    readContainer(wavering.open, { ...options, previous: false })
  );
  assert.deepEqual([once.lines, once.failed], [["a", "b", "c"], false]);
  const away = new SimulatedContainer(Array(20).fill({ kind: "cut", afterBytes: 0 }), {
    chunkBytes: 20,
  });
  const never = await read((options) => readContainer(away.open, { ...options, previous: false }));
  assert.equal(never.failed, true);
});

Deno.test("a broken link is reported with its reason, and not as an unreachable server", async () => {
  const at = { context: "c", server: "s" };
  const broken = new LinkError("cannot reach context c, s: reset", {
    at,
    reason: "reset",
    sent: "all",
  });
  const opens = [Promise.reject(broken), Promise.resolve((async function* () {})())];
  const options = { source: 0, start: {}, random: () => 0, clock: new ManualClock() };
  const { signal } = new AbortController();
  const open = () => opens.shift() ?? Promise.reject(broken);
  const events = Array.fromAsync(readContainer(open, { ...options, signal, previous: false }));
  assert.deepEqual(await options.clock.runUntil(events), [{ kind: "cut", reason: "reset" }]);
});

const failure = new LinkError("gone", {
  at: { context: "", server: "s" },
  reason: "",
  sent: "all",
});

/** Answers with each of these in turn, then with the last again and again. */
function inTurn<T>(answers: readonly (T | Error)[]): () => Promise<T> {
  const [remaining, last] = [[...answers], answers.at(-1)];
  return () => {
    const answer = (remaining.shift() ?? last) as T | Error;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
}

/** A container whose last known state is older than that which its server answers with. */
function restarted(
  { known, present, logs, previous = "" }: {
    known: readonly (ContainerState | Error)[];
    present: readonly ContainerState[];
    /** A line for each reading. */
    logs: readonly (string | Error)[];
    previous?: string;
  },
): FollowedContainer {
  const [last, fresh, text] = [inTurn(known), inTurn(present), inTurn(logs)];
  return {
    open: async (query) => {
      const line = `2026-01-01T00:00:00.000000000Z ${query.previous ? previous : await text()}\n`;
      return ReadableStream.from([new TextEncoder().encode(line)]);
    },
    state: (options) => options.fresh ? fresh() : last(),
    changed: () => Promise.resolve(),
  };
}

const follow = (container: FollowedContainer) =>
  read((options) => followContainer(container, options));

Deno.test("a container that was restarted twice has a gap, though the last known log was complete", async () => {
  const { lines, gaps } = await follow(restarted({
    known: [{ kind: "ended", instance: 0, final: false }],
    present: [{ kind: "ended", instance: 2, final: true }],
    logs: ["zero", "two"],
    previous: "one",
  }));
  assert.deepEqual(lines, ["zero", "two"]);
  assert.equal(gaps.length, 1);
});

Deno.test("a known state that is older than what was read doesn't repeat a log", async () => {
  const { lines } = await follow(restarted({
    known: [1, 0].map((instance) => ({ kind: "ended", instance, final: false })),
    present: [false, true].map((final) => ({ kind: "ended", instance: 1, final })),
    logs: ["one"],
  }));
  assert.deepEqual(lines, ["one"]);
});

Deno.test("the previous log of a container that waits to be started isn't read: it is the present one", async () => {
  const { lines, gaps } = await follow(restarted({
    known: [{ kind: "running", instance: 0 }],
    present: [{ kind: "ended", instance: 1, final: true, isWaiting: true }],
    logs: [failure, "one"],
    previous: "one",
  }));
  assert.deepEqual(lines, ["one"]);
  assert.equal(gaps.length, 1);
});

Deno.test("after a failure the state is queried again: another pod may have the name", async () => {
  const { lines } = await follow(restarted({
    known: [failure, { kind: "running", instance: 0 }],
    present: [{ kind: "gone" }],
    logs: ["of another pod"],
  }));
  assert.deepEqual(lines, []);
});
