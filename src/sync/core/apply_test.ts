import assert from "node:assert/strict";
import { apply, type ApplyEvent } from "./apply.ts";
import { linuxRules } from "./skipped_paths.ts";
import type { Ancestor, Entry } from "./model.ts";
import { reconcile } from "./reconcile.ts";
import { file, MemoryTree, type StepHook } from "../testing/memory_tree.ts";
import { SideLostError } from "./tree.ts";

const roots = { local: "local", remote: "remote" };

/** Runs once over files of either side; returns the events, and each ancestor that was saved. */
async function run(
  states: Record<"local" | "remote" | "agreed", Record<string, Entry>>,
  { hook = () => undefined, signal = new AbortController().signal }: {
    hook?: StepHook;
    signal?: AbortSignal;
  } = {},
) {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  for (const side of ["local", "remote"] as const) {
    for (const [path, entry] of Object.entries(states[side])) trees[side].entries.set(path, entry);
  }
  const sides = { local: trees.local.snapshot(), remote: trees.remote.snapshot() };
  const ancestor: Ancestor = { roots, entries: new Map(Object.entries(states.agreed)) };
  const rules = { local: linuxRules, remote: linuxRules };
  const plan = reconcile({ ...sides, ancestor, rules, mode: "two-way-safe", now: 0 });
  assert.ok(plan.kind === "plan");
  const saved: Ancestor[] = [];
  const saveAncestor = (one: Ancestor) => Promise.resolve(void saved.push(one));
  trees.remote.hook = hook;
  const running = apply({ plan, ...sides, ancestor, trees, saveAncestor }, signal);
  const events: ApplyEvent[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { trees, events, saved, result: value };
    events.push(value);
  }
}

Deno.test("before the first step, the ancestor knows what the scans agree on, and nothing of the plan", async () => {
  const { saved } = await run({
    agreed: { "both deleted": file("1"), "b": file("2"), "c": file("3") },
    local: { "b": file("4"), "c": file("3") },
    remote: { "b": file("2"), "c": file("3") },
  });
  assert.deepEqual(saved.map(({ entries }) => [...entries.keys()].sort()), [["c"], ["b", "c"]]);
});

Deno.test("whatever is added comes before anything is taken away, on both sides", async () => {
  const { events } = await run({
    agreed: { "x": file("x"), "y": file("y"), "z": file("z") },
    local: { "a": file("1"), "y": file("y"), "z": file("z") },
    remote: { "b": file("2"), "x": file("x"), "z": file("z") },
  });
  const kinds = events.map(({ action: { kind, side } }) => `${kind} ${side}`);
  assert.deepEqual(kinds.slice(0, 2).sort(), ["put local", "put remote"]);
  assert.deepEqual(kinds.slice(2).sort(), ["remove local", "remove remote"]);
});

Deno.test("a full disk fails one file after the other, and removals are still tried", async () => {
  const { events, result } = await run({
    agreed: { "x": file("x"), "y": file("y") },
    local: { "a": file("1"), "b": file("2"), "y": file("y") },
    remote: { "x": file("x"), "y": file("y") },
  }, {
    hook: (place) =>
      place === "before" ? { kind: "failed", reason: "full", message: "no space" } : undefined,
  });
  assert.deepEqual(events.map(({ kind, action }) => `${kind} ${action.path}`), [
    "failed a",
    "failed b",
    "failed x",
  ]);
  assert.equal(result.complete, false);
});

Deno.test("a lost side ends the run, and the path of the last step is unsure", async () => {
  const { result, events } = await run({
    agreed: { "a": file("1"), "y": file("y") },
    local: { "a": file("2"), "y": file("y") },
    remote: { "a": file("1"), "y": file("y") },
  }, {
    hook: (place) => {
      if (place !== "before") throw new SideLostError("remote");
      return undefined;
    },
  });
  assert.deepEqual([events, result.lost?.side], [[], "remote"]);
  assert.deepEqual([...result.ancestor.entries.keys()], ["y"]);
});

Deno.test("an aborted run stops before its next step", async () => {
  const states = { agreed: {}, local: { "a": file("1") }, remote: {} };
  await assert.rejects(run(states, { signal: AbortSignal.abort() }), { name: "AbortError" });
});
