import assert from "node:assert/strict";
import fc from "fast-check";
import { BadValue } from "../operation/field.ts";
import {
  type Amount,
  next,
  parseAmount,
  parseAmounts,
  type SchedulePolicy,
  type ScheduleState,
} from "./schedule.ts";

const count = (number: number): Amount => ({ kind: "count", count: number });
const percent = (number: number): Amount => ({ kind: "percent", percent: number });

/** The end of each target. */
type End = "ok" | "failed" | "skipped";

interface Played {
  ends: (End | undefined)[];
  /** The first targets of batches that started while nothing ran. */
  afterPauses: number[];
  mostAtOnce: number;
}

/** Simulates a run: targets end in an order of their own, `fails` decides how. */
function play(
  fails: readonly boolean[],
  policy: SchedulePolicy,
  pick: (running: readonly number[]) => number = () => 0,
): Played {
  const state: ScheduleState = {
    total: fails.length,
    more: false,
    started: 0,
    running: 0,
    failed: 0,
  };
  const ends = new Array<End | undefined>(fails.length).fill(undefined);
  const running: number[] = [];
  const played: Played = { ends, afterPauses: [], mostAtOnce: 0 };
  for (;;) {
    const decision = next(state, policy);
    if (decision.kind === "stop") {
      for (let at = state.started; at < state.total; at++) {
        assert.equal(ends[at], undefined, "skipped and ended");
        ends[at] = "skipped";
      }
      break;
    }
    if (decision.kind === "start") {
      assert.equal(decision.target, state.started, "targets begin in order");
      if (running.length === 0) played.afterPauses.push(decision.target);
      running.push(decision.target);
      state.started += 1;
    } else {
      assert.ok(running.length > 0, "waits for something that never comes");
      endOne();
    }
    state.running = running.length;
    played.mostAtOnce = Math.max(played.mostAtOnce, running.length);
  }
  while (running.length > 0) endOne();
  return played;

  function endOne(): void {
    const [target = 0] = running.splice(pick(running), 1);
    assert.equal(ends[target], undefined, "ended twice");
    ends[target] = fails[target] ? "failed" : "ok";
    if (fails[target]) state.failed += 1;
    state.running = running.length;
  }
}

const well = (total: number) => new Array<boolean>(total).fill(false);

Deno.test("`next()` uses each batch size in turn, then the last one repeatedly", () => {
  const table: [number, readonly Amount[], number[]][] = [
    [50, [count(1), count(5), percent(20)], [0, 1, 6, 16, 26, 36, 46]],
    [7, [count(3)], [0, 3, 6]],
    [3, [percent(1)], [0, 1, 2]],
    [4, [percent(100)], [0]],
    [3, [count(1), count(10)], [0, 1]],
    [10, [percent(25)], [0, 2, 4, 6, 8]],
  ];
  for (const [total, serial, begins] of table) {
    assert.deepEqual(play(well(total), { fanout: 100, serial }).afterPauses, begins);
  }
});

Deno.test("`next()` stops after a failed canary", () => {
  const policy = { fanout: 8, serial: [count(1), count(4)], maxFail: count(0) };
  assert.deepEqual(play([true, false, false], policy).ends, ["failed", "skipped", "skipped"]);
});

Deno.test("`next()` applies the budget before a batch, not within one", () => {
  const policy = { fanout: 1, serial: [count(3)], maxFail: count(1) };
  const fails = [true, true, false, false];
  assert.deepEqual(play(fails, policy).ends, ["failed", "failed", "ok", "skipped"]);
  assert.ok(!play([true, false, false, false], policy).ends.includes("skipped"));
});

Deno.test("`next()` allows exactly the percentage of failures", () => {
  const policy = { fanout: 1, maxFail: percent(50) };
  assert.deepEqual(play([true, true, false, false], policy).ends.at(-1), "ok");
  assert.deepEqual(play([true, true, true, false], policy).ends.at(-1), "skipped");
});

Deno.test("`next()` waits for all targets if sizes are percentages", () => {
  const state = { total: 5, more: true, started: 0, running: 0, failed: 0 };
  assert.equal(next(state, { fanout: 8, serial: [percent(20)] }).kind, "wait");
  assert.equal(next(state, { fanout: 8, maxFail: percent(20) }).kind, "wait");
  assert.equal(next(state, { fanout: 8, maxFail: count(2) }).kind, "start");
});

Deno.test("`next()` waits while further targets may be found", () => {
  const state = { total: 2, started: 2, running: 0, failed: 0 };
  assert.equal(next({ ...state, more: true }, { fanout: 8 }).kind, "wait");
  assert.equal(next({ ...state, more: false }, { fanout: 8 }).kind, "stop");
});

const amounts = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map(count),
  fc.integer({ min: 1, max: 100 }).map(percent),
);

Deno.test("`next()` starts every target once, within the window and the budget", () => {
  fc.assert(fc.property(
    fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 9 }),
    fc.option(fc.array(amounts, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
    fc.boolean(),
    fc.infiniteStream(fc.nat()),
    (fails, fanout, serial, maxFail, failFast, picks) => {
      const played = play(fails, {
        fanout,
        failFast,
        ...(serial === undefined ? {} : { serial }),
        ...(maxFail === undefined ? {} : { maxFail: count(maxFail) }),
      }, (running) => (picks.next().value ?? 0) % running.length);
      assert.ok(played.ends.every((end) => end !== undefined), "a target without an end");
      assert.ok(played.mostAtOnce <= fanout, "more at once than the window holds");
      const failed = played.ends.filter((end) => end === "failed").length;
      const sizes = (serial ?? []).map((one) =>
        Math.max(1, one.kind === "count" ? one.count : Math.floor(one.percent * fails.length / 100))
      );
      // Beyond the budget only started targets fail: a batch at most, or a window.
      const excess = serial === undefined ? fanout : Math.max(...sizes);
      if (maxFail !== undefined) assert.ok(failed <= maxFail + excess, `${failed} failed`);
      if (failFast) assert.ok(failed <= fanout, `${failed} failed`);
      const skipped = played.ends.includes("skipped");
      if (!failFast && maxFail === undefined) assert.ok(!skipped, "skipped without a reason");
      if (failed === 0) assert.ok(!skipped, "skipped after nothing failed");
    },
  ));
});

Deno.test("batches are numbers and percentages, in turn", () => {
  assert.deepEqual(parseAmounts("1, 5,20%"), [
    { kind: "count", count: 1 },
    { kind: "count", count: 5 },
    { kind: "percent", percent: 20 },
  ]);
  assert.deepEqual(parseAmount("0"), { kind: "count", count: 0 });
  assert.deepEqual(parseAmount("12.5%"), { kind: "percent", percent: 12.5 });
});

Deno.test("what is not a number of pods is refused", () => {
  for (const raw of ["", "x", "-1", "1.5", "101%", "%", "5 %", "1e3", "1,2"]) {
    assert.throws(() => parseAmount(raw), BadValue, raw);
  }
  for (const raw of ["", "0", "1,,2", "0%", "1,x", "1,"]) {
    assert.throws(() => parseAmounts(raw), BadValue, raw);
  }
});
