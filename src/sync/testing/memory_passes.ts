/** Two folders in memory, and the passes that bring them in sync. */
import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { AncestorStore } from "../engine/ancestor_store.ts";
import type { EngineParts } from "../engine/parts.ts";
import { type PassEnd, Passes } from "../engine/passes.ts";
import { StateTracker } from "../engine/state_tracker.ts";
import type { SyncState } from "../engine/status.ts";
import { SideLostError } from "../core/tree.ts";
import type { SyncMode } from "../core/plan.ts";
import { linuxRules, type SideRules } from "../core/skipped_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "./memory_end.ts";
import { MemoryTree } from "./memory_tree.ts";

/** Folders, a process that keeps them in sync, and its files. */
export interface MemoryPasses {
  trees: Record<"local" | "remote", MemoryTree>;
  /** Where the ancestor is stored. */
  files: MemoryFiles;
  /** Inspects these paths, or everything if none are given. A lost connection is opened again by the next pass. */
  pass(
    paths?: { local?: readonly string[]; remote?: readonly string[] },
    options?: { acceptRemovals?: boolean },
  ): Promise<PassEnd>;
  clock: ManualClock;
  /** Passes until nothing remains to do. */
  settle(): Promise<void>;
  /** Starts another process in place of the current process, which may have been killed. */
  restart(): Promise<void>;
  /** The state that the current process reports. */
  state(): SyncState;
}

/** Returns empty passes. `rules` are those of the folder here. */
export async function memoryPasses(
  { rules = linuxRules, mode = "two-way-safe" }: {
    rules?: SideRules | undefined;
    mode?: SyncMode;
  } = {},
): Promise<MemoryPasses> {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  const files = new MemoryFiles();
  const clock = new ManualClock();
  const { signal } = new AbortController();
  let tracker = new StateTracker(mode, clock, () => {});
  let remote: MemoryEnd | undefined;
  let before: MemoryEnd | undefined;
  const open = async () => {
    const parts: EngineParts = {
      mode,
      local: new MemoryEnd(trees.local),
      localWatcher: () => "test",
      connect: () => Promise.reject(new Error("not asked for")),
      rules: { local: rules, remote: linuxRules },
      store: await AncestorStore.open(files),
      ignoring: () => ignoresNothing,
      clock,
      onEvent: () => {},
      log: () => {},
    };
    return new Passes(parts, tracker);
  };
  let passes = await open();
  const pass: MemoryPasses["pass"] = async (paths, { acceptRemovals = false } = {}) => {
    const onEvent = { local: new Set(paths?.local), remote: new Set(paths?.remote) };
    remote ??= new MemoryEnd(trees.remote, before);
    const context = { remote, acceptRemovals, signal };
    try {
      return await passes.run({ paths: onEvent, anywhere: paths === undefined }, context);
    } catch (error) {
      if (!(error instanceof SideLostError)) throw error;
      [before, remote] = [remote, undefined];
      return { kind: "again", changed: [] };
    }
  };
  return {
    trees,
    files,
    clock,
    pass,
    async settle() {
      for (let count = 0; count < 8; count++) {
        if ((await pass()).kind === "quiet" && (await pass()).kind === "quiet") return;
      }
      assert.fail("an eighth pass still found something to do");
    },
    async restart() {
      [before, remote] = [undefined, undefined];
      tracker = new StateTracker(mode, clock, () => {});
      passes = await open();
    },
    state: () => tracker.current,
  };
}
