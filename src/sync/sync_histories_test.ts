/** Random histories of edits and faults on both sides, in every mode. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { apply } from "./core/apply.ts";
import { ancestorOf, decodeAncestor, encodeAncestor, isSkipped } from "./core/ancestor.ts";
import {
  type Ancestor,
  type Entry,
  otherSide,
  sameContent,
  sameEntry,
  type Side,
  type Snapshot,
} from "./core/model.ts";
import { linuxRules } from "./core/skipped_paths.ts";
import type { SyncMode } from "./core/plan.ts";
import { reconcile } from "./core/reconcile.ts";
import { MemoryEnd } from "./testing/memory_end.ts";
import { MemoryTree, type StepHook } from "./testing/memory_tree.ts";
import { runs } from "./testing/runs.ts";
import { type ActionFailure, SideLostError } from "./core/tree.ts";

type Edit =
  | {
    kind: "save" | "run" | "mode" | "revert" | "delete" | "folder" | "link";
    side: Side;
    path: string;
  }
  | { kind: "move"; side: Side; path: string; to: string };
type Fault = "lostLocal" | "lostRemote" | "killed" | "full" | "denied";
/** The pod's folder, or the saved ancestor, is put back to an earlier state. */
interface Restore {
  kind: "restore";
  what: "volume" | "state" | "both";
  /** Which of the copies, from the newest. */
  which: number;
}
interface Meeting {
  /** The step of the run at which it happens. */
  at: number;
  what: Edit | Fault | Restore | "copied";
}
interface Round {
  edits: Edit[];
  meetings: Meeting[];
  /** The unreadable part of a scan: a folder, or everything from some path on ("cut"). */
  unread: { side: Side; path: string; how: "folder" | "cut" } | undefined;
  /** Before the edits. */
  restore: Restore | undefined;
  /** The state of the saved ancestor before the round. */
  ancestor: "whole" | "missing" | "torn";
}

class Killed extends Error {}

const path = fc.constantFrom("a", "a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x");
const side = fc.constantFrom<Side>("local", "remote");
const kinds = "save save save save revert revert delete delete run mode folder link".split(" ");
const kind = fc.constantFrom(...kinds as Exclude<Edit["kind"], "move">[]);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind, side, path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move" as const), side, path, to: path }) },
);
const fault = fc.constantFrom<Fault>("lostLocal", "lostRemote", "killed", "full", "denied");
const restore: fc.Arbitrary<Restore> = fc.record({
  kind: fc.constant("restore"),
  what: fc.constantFrom("volume", "volume", "state", "both"),
  which: fc.nat(5),
});
const round: fc.Arbitrary<Round> = fc.record({
  edits: fc.array(edit, { maxLength: 5, size: "max" }),
  unread: fc.option(
    fc.record({ side, path, how: fc.constantFrom("folder" as const, "cut" as const) }),
    { nil: undefined, freq: 5 },
  ),
  meetings: fc.array(
    fc.record({
      at: fc.nat(25),
      what: fc.oneof(edit, fault, fault, restore, fc.constant("copied" as const)),
    }),
    { maxLength: 3, size: "max" },
  ),
  restore: fc.option(restore, { nil: undefined, freq: 4 }),
  ancestor: fc.constantFrom<Round["ancestor"]>(
    "whole",
    "whole",
    "whole",
    "whole",
    "missing",
    "torn",
  ),
});
const history = fc.array(round, { minLength: 1, maxLength: 6, size: "max" });

/** Two trees, the contents that users have saved and not deleted themselves, and the stored ancestor. */
class Fixture {
  readonly trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  readonly owed = new Set<string>();
  /** The contents after a restore, whose order in time is unknown since. */
  private readonly unordered = new Set<string>();
  /** Every content that was ever saved. */
  private readonly written = new Set<string>();
  /**
   * The content of each path when a scan or a step last found or made both sides equal there: saving that again changes
   * nothing that a later scan could see.
   */
  private readonly agreed = new Map<string, string>();
  private saved: string | undefined;
  private readonly copies: {
    volume: () => void;
    mark: object | undefined;
    state: string | undefined;
  }[] = [];
  /** While a run is being carried out. */
  private connection: MemoryEnd | undefined;
  /** The process's knowledge beside the saved ancestor, and its last connection. */
  private memory: { learnt: ReadonlyMap<string, Entry>; before: MemoryEnd } | undefined;
  private count = 0;
  private step = 0;
  private meetings: Meeting[] = [];

  constructor(readonly mode: SyncMode) {
    for (const tree of Object.values(this.trees)) tree.hook = (place) => this.meet(tree, place);
  }

  edit(edit: Edit): void {
    const tree = this.trees[edit.side];
    const there = tree.entries.get(edit.path);
    switch (edit.kind) {
      case "save":
      case "run":
      case "revert": {
        // Both halves depend on the content, so that a torn file was never saved.
        const mark = edit.kind === "revert" ? "as before" : ++this.count;
        const content = `${mark}|${edit.path}|${mark}`;
        tree.save(edit.path, content, edit.kind === "run" ? 0o755 : 0o644);
        const now = tree.entries.get(edit.path);
        if (now?.kind !== "file" || now.digest !== content) return;
        if (there?.kind === "file") this.disown(there.digest);
        if (this.agreed.get(edit.path) !== content) this.owed.add(content);
        this.written.add(content);
        return;
      }
      case "delete":
        for (const content of tree.delete(edit.path)) this.disown(content);
        return;
      case "mode":
        if (there?.kind === "file") {
          tree.entries.set(edit.path, { ...there, mode: there.mode ^ 0o100 });
        }
        return;
      case "folder":
        return tree.makeFolder(edit.path);
      case "link":
        if (there === undefined && !edit.path.includes("/")) {
          tree.entries.set(edit.path, { kind: "symlink", target: `target-${++this.count}` });
        }
        return;
      case "move":
        return tree.move(edit.path, edit.to);
    }
  }

  private disown(content: string): void {
    this.owed.delete(content);
    this.unordered.delete(content);
  }

  copy(): void {
    const { remote } = this.trees;
    this.copies.push({ volume: remote.copy(), mark: remote.mark, state: this.saved });
  }

  restore({ what, which }: Restore): void {
    const copy = this.copies.at(-1 - which % Math.max(1, this.copies.length));
    if (copy === undefined) return;
    // No folder is copied and put back during a request.
    if (this.connection !== undefined && copy.mark === this.connection.mark) return;
    const [local, before] = [this.contents("local"), this.contents("remote")];
    if (what !== "state") copy.volume();
    if (what !== "volume") [this.saved, this.memory] = [copy.state, undefined];
    // A running process still knows its saved state.
    if (this.connection !== undefined && what === "state") return;
    const after = this.contents("remote");
    // The restore itself has removed them.
    for (const one of before) if (!local.has(one) && !after.has(one)) this.disown(one);
    const ancestor = this.saved === undefined ? undefined : decodeAncestor(this.saved);
    const sides = {
      local: this.trees.local.snapshot(),
      remote: this.trees.remote.snapshot(),
    };
    const known = ancestorOf(ancestor, sides);
    this.unordered.clear();
    this.agreed.clear();
    if (typeof known === "object") {
      for (const [path, one] of known.entries) {
        this.note(path, one);
        // A file here that is as it was then counts as unchanged since, whatever it was in between.
        const isAsThen = sameContent(sides.local.entries.get(path), one);
        if (one.kind === "file" && (isAsThen || !local.has(one.digest))) this.disown(one.digest);
      }
      return;
    }
    if (this.connection === undefined) {
      for (const one of [...local, ...after]) this.unordered.add(one);
    }
  }

  private compare(local: Snapshot, remote: Snapshot): void {
    const unread = new Map([...local.unread, ...remote.unread].map((path) => [path, true]));
    for (const path of new Set([...local.entries.keys(), ...this.agreed.keys()])) {
      const [here, there] = [local.entries.get(path), remote.entries.get(path)];
      if (sameContent(here, there) && !isSkipped(path, unread)) this.note(path, here);
    }
  }

  private note(path: string, entry: Entry | undefined): void {
    if (entry?.kind === "file") this.agreed.set(path, entry.digest);
    else this.agreed.delete(path);
  }

  private meet(tree: MemoryTree, place: Parameters<StepHook>[0]): ActionFailure | undefined {
    this.step++;
    if (place !== "before") this.note(place.changed, tree.entries.get(place.changed));
    let failure: ActionFailure | undefined;
    for (const { what } of this.meetings.filter(({ at }) => at === this.step)) {
      if (what === "copied") this.copy();
      else if (typeof what === "object") {
        if (what.kind === "restore") this.restore(what);
        else this.edit(what);
      } else if (what === "killed") throw new Killed();
      else if (what === "lostLocal" || what === "lostRemote") throw new SideLostError(tree.side);
      else if (place === "before") failure = { kind: "failed", reason: what, message: what };
    }
    return failure;
  }

  private scan(side: Side, unread: Round["unread"]): Snapshot {
    const whole = this.trees[side].snapshot();
    if (unread?.side !== side) return whole;
    const { path, how } = unread;
    if (how === "folder" && whole.entries.get(path)?.kind !== "folder") return whole;
    const isKept = (at: string) => how === "cut" ? at < path : !at.startsWith(`${path}/`);
    const entries = new Map([...whole.entries].filter(([at]) => isKept(at)));
    return { ...whole, entries, unread: new Set([how === "cut" ? "" : path]) };
  }

  /** Scans, reconciles and applies; returns the number of actions. */
  async sync(
    { meetings, ancestor: fate, unread }: Omit<Round, "edits" | "restore">,
  ): Promise<number> {
    if (fate === "missing") this.saved = undefined;
    if (fate === "torn") this.saved = this.saved?.slice(0, -20);
    if (fate !== "whole") this.memory = undefined;
    const saved = this.saved === undefined ? undefined : decodeAncestor(this.saved);
    const connection = new MemoryEnd(this.trees.remote, this.memory?.before);
    const learnt = connection.continues ? this.memory?.learnt : undefined;
    this.memory = undefined;
    const ancestor = saved && { ...saved, entries: new Map([...saved.entries, ...learnt ?? []]) };
    const [local, remote] = [this.scan("local", unread), this.scan("remote", unread)];
    this.compare(local, remote);
    const rules = { local: linuxRules, remote: linuxRules };
    const plan = reconcile({
      ...{ local, remote, ancestor, rules, mode: this.mode },
      now: 1_700_000_000_000 + this.count * 1000,
      acceptRemovals: true,
    });
    if (plan.kind !== "plan") throw new Error("halted");
    [this.step, this.meetings] = [0, meetings];
    const saveAncestor = async (ancestor: Ancestor) => {
      await Promise.resolve();
      this.meet(this.trees.local, "before");
      this.saved = encodeAncestor(ancestor);
      this.meet(this.trees.local, "before");
    };
    const trees = { local: this.trees.local, remote: connection };
    const input = { plan, local, remote, ancestor, learnt, trees, saveAncestor };
    this.connection = connection;
    try {
      const running = apply(input, new AbortController().signal);
      let next = await running.next();
      while (next.done !== true) next = await running.next();
      this.memory = { learnt: next.value.learnt, before: connection };
    } catch (error) {
      // A process also ends with an error that it doesn't expect.
      if (!(error instanceof Killed) && !(error instanceof SideLostError)) throw error;
    }
    [this.connection, this.meetings] = [undefined, []];
    return plan.actions.length;
  }

  async settle(): Promise<void> {
    const quiet: Omit<Round, "edits" | "restore"> = {
      meetings: [],
      ancestor: "whole",
      unread: undefined,
    };
    for (let pass = 0; pass < 6; pass++) if (await this.sync(quiet) === 0) return;
    assert.fail("a sixth pass still found something to do");
  }

  contents(side: Side): Set<string> {
    const entries = [...this.trees[side].entries.values()];
    return new Set(entries.flatMap((entry) => entry.kind === "file" ? [entry.digest] : []));
  }

  assertNothingLost(when: string): void {
    const [local, remote] = [this.contents("local"), this.contents("remote")];
    const lost = [...this.owed, ...this.unordered].filter((content) =>
      !local.has(content) && !remote.has(content)
    );
    assert.deepEqual(lost, [], when);
    const made = [...local, ...remote].filter((content) => !this.written.has(content));
    assert.deepEqual(made, [], "a content that was never saved");
  }

  assertAlike(): void {
    const [local, remote] = [this.trees.local.entries, this.trees.remote.entries];
    for (const path of new Set([...local.keys(), ...remote.keys()])) {
      assert.ok(sameEntry(local.get(path), remote.get(path)), `${path} differs`);
    }
  }
}

async function live(mode: SyncMode, rounds: Round[]): Promise<Fixture> {
  const fixture = new Fixture(mode);
  for (const { edits, restore, ...rest } of rounds) {
    fixture.copy();
    if (restore !== undefined) fixture.restore(restore);
    for (const one of edits) fixture.edit(one);
    await fixture.sync(rest);
    if (mode !== "mirror") fixture.assertNothingLost("after a round");
  }
  return fixture;
}

Deno.test("two-way-safe: no edit is lost, both sides become alike, and then nothing is left to do", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (rounds) => {
      const fixture = await live("two-way-safe", rounds);
      await fixture.settle();
      fixture.assertNothingLost("after all rounds");
      fixture.assertAlike();
    }),
    { numRuns: runs(400) },
  );
});

for (const mode of ["one-way", "pull", "mirror"] as const) {
  const from: Side = mode === "pull" ? "remote" : "local";
  Deno.test(`${mode}: the ${from} side is never written to, and the second pass is empty`, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (rounds) => {
        const fixture = await live(mode, rounds);
        const before = new Map(fixture.trees[from].entries);
        await fixture.settle();
        assert.deepEqual(fixture.trees[from].entries, before);
        if (mode === "mirror") return fixture.assertAlike();
        fixture.assertNothingLost("after all rounds");
      }),
      { numRuns: runs(200) },
    );
  });

  Deno.test(`${mode}: no action is ever planned for the ${from} side`, () => {
    fc.assert(
      fc.property(history, (rounds) => {
        const fixture = new Fixture(mode);
        for (const { edits } of rounds) edits.forEach((one) => fixture.edit(one));
        const [local, remote] = [fixture.trees.local.snapshot(), fixture.trees.remote.snapshot()];
        const rules = { local: linuxRules, remote: linuxRules };
        const plan = reconcile({
          local,
          remote,
          ancestor: undefined,
          mode,
          now: 0,
          rules,
          acceptRemovals: true,
        });
        assert.ok(
          plan.kind === "plan" && plan.actions.every((one) => one.side === otherSide(from)),
        );
      }),
      { numRuns: runs(200) },
    );
  });
}
