import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { LinkError } from "../kube/failures.ts";
import { followContainer, readContainer } from "./read_container.ts";
import { logLineText } from "./line.ts";
import type { LogStart, ReadEvent } from "./reading.ts";
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
  const { lines } = await read((options) => followContainer(tailed, options), { tailLines: 2 });
  assert.deepEqual(lines, ["c", "d", "e"]);
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
