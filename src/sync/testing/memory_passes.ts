/** Two folders in memory, and the passes that bring them in sync. */
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { AncestorStore } from "../engine/ancestor_store.ts";
import { type PassEnd, Passes } from "../engine/passes.ts";
import { StateTracker } from "../engine/state_tracker.ts";
import { linuxRules, type SideRules } from "../core/skipped_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "./memory_end.ts";
import { MemoryTree } from "./memory_tree.ts";

/** `pass` inspects these paths, or everything if none are given. */
export interface MemoryPasses {
  trees: Record<"local" | "remote", MemoryTree>;
  pass(paths?: { local?: readonly string[]; remote?: readonly string[] }): Promise<PassEnd>;
}

/** Returns empty ones. `rules` are those of the folder here. */
export async function memoryPasses(rules: SideRules = linuxRules): Promise<MemoryPasses> {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  const clock = new ManualClock();
  const passes = new Passes({
    mode: "two-way-safe",
    local: new MemoryEnd(trees.local),
    localWatcher: () => "test",
    connect: () => Promise.reject(new Error("not asked for")),
    rules: { local: rules, remote: linuxRules },
    store: await AncestorStore.open(new MemoryFiles()),
    ignoring: () => ignoresNothing,
    clock,
    onEvent: () => {},
    log: () => {},
  }, new StateTracker("two-way-safe", clock, () => {}));
  const { signal } = new AbortController();
  const context = { remote: new MemoryEnd(trees.remote), allowEmptied: false, signal };
  const pass: MemoryPasses["pass"] = (paths) => {
    const onEvent = { local: new Set(paths?.local), remote: new Set(paths?.remote) };
    return passes.run({ paths: onEvent, anywhere: paths === undefined }, context);
  };
  return { trees, pass };
}
