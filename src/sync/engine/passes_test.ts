/** Passes over parts of two folders, as watchers report them: nothing is lost, and a full pass finds nothing to do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import { sameEntry, type Side } from "../core/model.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "../testing/memory_end.ts";
import { MemoryTree, type StepHook } from "../testing/memory_tree.ts";
import { runs } from "../testing/runs.ts";
import { SideLostError } from "../core/tree.ts";
import { AncestorStore } from "./ancestor_store.ts";
import type { Work } from "./dirty.ts";
import type { EngineParts } from "./parts.ts";
import { Passes } from "./passes.ts";
import { StateTracker } from "./state_tracker.ts";

interface Edit {
  kind: "save" | "run" | "delete" | "folder" | "move";
  side: Side;
  path: string;
  to: string;
}

interface Round {
  edits: Edit[];
  /** The step at which a side is lost, or an edit comes in between. */
  meetings: { at: number; what: "lost" | "restart" | Edit }[];
  /** A full pass, as at intervals. */
  whole: boolean;
}

const path = fc.constantFrom("a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x", "g/h/i");
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("save", "save", "save", "run", "delete", "folder", "move"),
  side: fc.constantFrom<Side>("local", "remote"),
  path,
  to: path,
});
const round: fc.Arbitrary<Round> = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  meetings: fc.array(
    fc.record({
      at: fc.nat(20),
      what: fc.oneof(fc.constantFrom("lost" as const, "restart" as const), edit),
    }),
    { maxLength: 2 },
  ),
  whole: fc.boolean(),
});

class Fixture {
  readonly trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  readonly #local = new MemoryEnd(this.trees.local);
  /** A connection. */
  #remote = new MemoryEnd(this.trees.remote);
  readonly #files = new MemoryFiles();
  readonly owed = new Set<string>();
  #passes: Passes | undefined;
  /** Paths that watchers have reported, and that weren't inspected yet. */
  #seen: Record<Side, Set<string>> = { local: new Set(), remote: new Set() };
  #anywhere = true;
  #count = 0;
  #step = 0;
  #meetings: Round["meetings"] = [];

  constructor() {
    for (const tree of Object.values(this.trees)) tree.hook = (place) => this.#meet(tree, place);
  }

  edit({ kind, side, path, to }: Edit): void {
    const tree = this.trees[side];
    const before = tree.entries.get(path);
    this.#seen[side].add(path);
    // A watcher reports new folders, too.
    if (path.includes("/")) this.#seen[side].add(path.slice(0, path.indexOf("/")));
    switch (kind) {
      case "save":
      case "run": {
        const content = `${++this.#count}|${path}|${this.#count}`;
        tree.save(path, content, kind === "run" ? 0o755 : 0o644);
        const now = tree.entries.get(path);
        if (now?.kind !== "file" || now.digest !== content) return;
        if (before?.kind === "file") this.owed.delete(before.digest);
        this.owed.add(content);
        return;
      }
      case "delete":
        for (const content of tree.delete(path)) this.owed.delete(content);
        return;
      case "folder":
        return tree.makeFolder(path);
      case "move":
        this.#seen[side].add(to.replace(/\/.*/, ""));
        return tree.move(path, to);
    }
  }

  #meet(tree: MemoryTree, place: Parameters<StepHook>[0]): undefined {
    this.#step++;
    if (place !== "before") this.#seen[tree.side].add(place.changed);
    for (const { what } of this.#meetings.filter(({ at }) => at === this.#step)) {
      if (typeof what === "object") this.edit(what);
      else if (what === "lost") throw new SideLostError("remote");
      else throw new Restart();
    }
    return undefined;
  }

  async #parts(): Promise<Passes> {
    const clock = new ManualClock();
    const parts: EngineParts = {
      mode: "two-way-safe",
      local: this.#local,
      localWatcher: () => "test",
      connect: () => Promise.reject(new Error("not asked for")),
      rules: { local: linuxRules, remote: linuxRules },
      store: await AncestorStore.open(this.#files),
      ignoring: () => ignoresNothing,
      clock,
      onEvent: () => {},
      log: () => {},
    };
    return new Passes(parts, new StateTracker("two-way-safe", clock, () => {}));
  }

  async pass({ meetings, whole }: Pick<Round, "meetings" | "whole">): Promise<string> {
    this.#passes ??= await this.#parts();
    const work: Work = { paths: this.#seen, anywhere: whole || this.#anywhere };
    this.#seen = { local: new Set(), remote: new Set() };
    [this.#meetings, this.#step] = [meetings, 0];
    const { signal } = new AbortController();
    const context = { remote: this.#remote, acceptRemovals: true, signal };
    try {
      const end = await this.#passes.run(work, context);
      this.#anywhere = end.kind === "again";
      return end.kind;
    } catch (error) {
      if (error instanceof Restart) this.#passes = undefined;
      else if (!(error instanceof SideLostError)) throw error;
      this.#anywhere = true;
      this.#remote = new MemoryEnd(this.trees.remote, this.#remote);
      return "lost";
    } finally {
      this.#meetings = [];
    }
  }

  async settle(): Promise<void> {
    for (let pass = 0; pass < 8; pass++) {
      const before = JSON.stringify(Object.values(this.trees).map(({ entries }) => [...entries]));
      const end = await this.pass({ meetings: [], whole: true });
      const after = JSON.stringify(Object.values(this.trees).map(({ entries }) => [...entries]));
      if (end !== "again" && before === after) return;
    }
    assert.fail("an eighth pass still found something to do");
  }

  assertNothingLost(when: string): void {
    const skipped = new Set<string>();
    for (const { entries } of Object.values(this.trees)) {
      for (const entry of entries.values()) if (entry.kind === "file") skipped.add(entry.digest);
    }
    assert.deepEqual([...this.owed].filter((content) => !skipped.has(content)), [], when);
  }

  assertAlike(when: string): void {
    const [local, remote] = [this.trees.local.entries, this.trees.remote.entries];
    for (const path of new Set([...local.keys(), ...remote.keys()])) {
      assert.ok(sameEntry(local.get(path), remote.get(path)), `${when}: ${path} differs`);
    }
  }
}

class Restart extends Error {}

Deno.test("passes over what changed lose no edit, over links and processes that end at any step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 6 }), async (rounds) => {
      const fixture = new Fixture();
      for (const { edits, ...rest } of rounds) {
        for (const one of edits) fixture.edit(one);
        await fixture.pass(rest);
        fixture.assertNothingLost("after a round");
      }
      await fixture.settle();
      fixture.assertNothingLost("in the end");
      fixture.assertAlike("in the end");
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("what a watcher reported is enough: both sides are alike without another whole pass", async () => {
  const quiet = fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(quiet, async (rounds) => {
      const fixture = new Fixture();
      await fixture.pass({ meetings: [], whole: true });
      for (const edits of rounds) {
        for (const one of edits) fixture.edit(one);
        for (let pass = 0; pass < 5; pass++) await fixture.pass({ meetings: [], whole: false });
        fixture.assertAlike("after a round");
        fixture.assertNothingLost("after a round");
      }
    }),
    { numRuns: runs(300) },
  );
});
