/** A pod's folder, or this machine's state, that is put back to an earlier time: no version of any file is lost. */
import assert from "node:assert/strict";
import { encodeAncestor } from "../core/ancestor.ts";
import { conflictName, type SyncMode } from "../core/plan.ts";
import type { Side } from "../core/model.ts";
import { SideLostError } from "../core/tree.ts";
import { type MemoryPasses, memoryPasses } from "../testing/memory_passes.ts";
import type { MemoryTree } from "../testing/memory_tree.ts";
import { AncestorStore } from "./ancestor_store.ts";

class Killed extends Error {}

function contents({ entries }: MemoryTree): string[] {
  return [...entries.values()].flatMap((entry) => entry.kind === "file" ? [entry.digest] : []);
}

function conflicts({ trees }: MemoryPasses): string[] {
  const paths = [...trees.local.entries.keys(), ...trees.remote.entries.keys()];
  return paths.filter((path) => conflictName.isOne(path));
}

/** Kills the process at a step: of a side, or a write of its files. Returns whether it was reached. */
async function killedAt(world: MemoryPasses, step: number): Promise<boolean> {
  let count = 0;
  const hook = () => {
    if (count++ === step) throw new Killed();
    return undefined;
  };
  const { trees, files } = world;
  [trees.local.hook, trees.remote.hook, files.hook] = [hook, hook, hook];
  try {
    await world.pass();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  const none = () => undefined;
  [trees.local.hook, trees.remote.hook, files.hook] = [none, none, none];
  return count > step;
}

const sides = ["local", "remote"] as const;

/** Saves on the sides that changes come from. */
function onSources(mode: SyncMode, save: (side: Side) => void): void {
  for (const side of sides) {
    if (mode === "two-way-safe" || side === (mode === "pull" ? "remote" : "local")) save(side);
  }
}

/** A world in sync on Tuesday, the copies of Monday, and a change that isn't in sync yet. */
async function tuesday(mode: SyncMode) {
  const world = await memoryPasses({ mode });
  const { trees, files } = world;
  onSources(mode, (side) => {
    for (const name of ["edited", "removed", "same"]) {
      trees[side].save(`${side}-${name}`, `monday ${name} ${side}`);
    }
  });
  await world.settle();
  const copies = { volume: trees.remote.copy(), state: files.copy() };
  onSources(mode, (side) => {
    trees[side].save(`${side}-edited`, `tuesday ${side}`);
    trees[side].save(`${side}-work/new`, `tuesday new ${side}`);
    trees[side].delete(`${side}-removed`);
  });
  await world.settle();
  return { world, copies };
}

const restored: Record<
  string,
  (copies: { volume(): void; state(): void }, pod: MemoryTree) => void
> = {
  "the volume is restored": ({ volume }) => volume(),
  "the claim is replaced": (_, pod) => {
    pod.entries.clear();
    [pod.root, pod.agreement, pod.mark] = ["another", "", undefined];
  },
  "the state here is restored": ({ state }) => state(),
  "both are restored": ({ volume, state }) => {
    volume();
    state();
  },
};

const modes = ["two-way-safe", "pull", "one-way"] as const;

for (const mode of modes) {
  for (const [what, restore] of Object.entries(restored)) {
    Deno.test(`${mode}: ${what}, while the sync runs, is stopped, or is killed at any step`, async () => {
      const steps = 60;
      let isKilled = true;
      for (let step = -2; step < steps && isKilled; step++) {
        const { world, copies } = await tuesday(mode);
        const { trees } = world;
        onSources(mode, (side) => trees[side].save(`${side}-edited`, `tuesday night ${side}`));
        isKilled = step < 0 || await killedAt(world, step);
        restore(copies, trees.remote);
        const owed = new Set([...contents(trees.local), ...contents(trees.remote)]);
        // Two states that belong together know which versions were replaced, and by whom.
        const known = what === "both are restored" || (what.includes("state") && step === -2);
        if (known) {
          const replaced = what.includes("both")
            ? /^monday (edited|removed)/
            : /^tuesday (local|remote)/;
          for (const one of owed) if (replaced.test(one)) owed.delete(one);
        }
        if (step !== -2) await world.restart();
        await world.settle();
        const left = new Set([...contents(trees.local), ...contents(trees.remote)]);
        assert.deepEqual([...owed].filter((one) => !left.has(one)), [], `step ${step}`);
        if (known) continue;
        assert.notEqual(world.state().merged, null, `step ${step}: it is said`);
      }
      assert.equal(isKilled, false, "every step was tried");
    });
  }
}

Deno.test("a process that is killed at any step is not taken for a restore: nothing conflicts", async () => {
  for (const mode of modes) {
    for (let step = 0, isKilled = true; isKilled; step++) {
      const { world } = await tuesday(mode);
      const { trees } = world;
      onSources(mode, (side) => {
        trees[side].save(`${side}-more`, `more ${side}`);
        trees[side].delete(`${side}-same`);
      });
      isKilled = await killedAt(world, step);
      await world.restart();
      // Paths that the killed run didn't touch are as well known as before.
      onSources(mode, (side) => trees[side].save(`${side}-edited`, `wednesday ${side}`));
      await world.settle();
      assert.deepEqual(conflicts(world), [], `${mode}, step ${step}`);
      assert.equal(world.state().merged, null, `${mode}, step ${step}`);
      onSources(mode, (side) => {
        assert.ok(contents(trees.local).includes(`wednesday ${side}`), `${mode}, step ${step}`);
        assert.ok(contents(trees.remote).includes(`wednesday ${side}`), `${mode}, step ${step}`);
      });
    }
  }
});

Deno.test("a state restored from before a killed run doesn't take the edits of that run back", async () => {
  for (let step = 0, isKilled = true; isKilled; step++) {
    const { world } = await tuesday("two-way-safe");
    const { trees, files } = world;
    const state = files.copy();
    trees.local.save("local-edited", "night");
    isKilled = await killedAt(world, step);
    state();
    if (contents(trees.remote).includes("night")) trees.local.save("local-edited", "tuesday local");
    const owed = contents(trees.local);
    await world.restart();
    await world.settle();
    const left = new Set([...contents(trees.local), ...contents(trees.remote)]);
    assert.deepEqual(owed.filter((one) => !left.has(one)), [], `step ${step}`);
  }
});

/** A world whose link broke after the pod had done a part of a run, and a copy of the pod's folder from before that. */
async function brokenLink() {
  const { world } = await tuesday("two-way-safe");
  const { trees } = world;
  trees.local.save("local-edited", "night");
  trees.local.save("more", "more");
  let copy = () => {};
  trees.local.hook = () => {
    // Read for the pod: the run has begun there.
    copy = trees.remote.copy();
    return undefined;
  };
  trees.remote.hook = (place) => {
    if (place !== "before" && place.changed === "more") throw new SideLostError("remote");
    return undefined;
  };
  await world.pass();
  trees.local.hook = trees.remote.hook = () => undefined;
  assert.ok(contents(trees.remote).includes("night"));
  return { world, restore: () => copy() };
}

Deno.test("what a pod did before its link broke is known, unless its folder is of a time before that", async () => {
  for (const isRestored of [false, true]) {
    const { world, restore } = await brokenLink();
    const { trees } = world;
    if (isRestored) restore();
    else trees.remote.save("local-edited", "later");
    await world.settle();
    assert.equal(conflicts(world).length, isRestored ? 2 : 0);
    assert.ok(contents(trees.local).includes(isRestored ? "night" : "later"));
  }
});

Deno.test("what a pod did before its link broke isn't stored before an agreement there says so", async () => {
  for (let step = 0, isKilled = true; isKilled; step++) {
    const { world, restore } = await brokenLink();
    const { trees } = world;
    isKilled = await killedAt(world, step);
    restore();
    await world.restart();
    await world.settle();
    assert.ok(contents(trees.local).includes("night"), `step ${step}`);
  }
});

Deno.test("a state of earlier versions, which stored no agreement on either side, is trusted once", async () => {
  for (const podHasOne of [false, true]) {
    const world = await memoryPasses();
    const { trees, files } = world;
    for (const side of sides) for (const name of ["a", "b"]) trees[side].save(name, name);
    const { entries } = trees.local.snapshot();
    const roots = { local: trees.local.root, remote: trees.remote.root };
    await files.replaceBase(encodeAncestor({ roots, entries }));
    if (podHasOne) trees.remote.agreement = "of a later version";
    trees.local.delete("a");
    await world.restart();
    await world.settle();
    assert.equal(trees.remote.entries.has("a"), podHasOne);
    assert.equal(world.state().merged?.why, podHasOne ? "otherTime" : undefined);
    assert.notEqual(trees.remote.agreement, "");
    assert.equal(
      (await AncestorStore.open(files)).ancestor?.agreements?.at(-1),
      trees.remote.agreement,
    );
  }
});
