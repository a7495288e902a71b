/** Saves on two real file systems that no time and no size reveals: each is on both sides in the end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { Side } from "../core/model.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import { LocalFolder } from "../local/folder.ts";
import { ignoresNothing, MemoryFiles } from "../testing/memory_end.ts";
import { openRemoteFixture } from "../testing/remote_fixture.ts";
import { shells } from "../testing/remote_shells.ts";
import { runs } from "../testing/runs.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { Passes } from "./passes.ts";
import { StateTracker } from "./state_tracker.ts";

interface Save {
  side: Side;
  name: "a" | "b";
  /** How: over the file, or by a new file that is renamed, as editors do. */
  renamed: boolean;
  /** After it: nothing, a pass over the saved path as a watcher reports it, or a scan of both sides. */
  then: "nothing" | "reported" | "scan";
}

const save: fc.Arbitrary<Save> = fc.record({
  side: fc.constantFrom<Side>("local", "remote"),
  name: fc.constantFrom("a", "a", "b"),
  renamed: fc.boolean(),
  then: fc.constantFrom("nothing", "reported", "reported", "scan"),
});

/** Files were saved at this second, whenever they were. */
const kept = new Date("2020-01-01T00:00:00Z");

for (const shell of shells) {
  Deno.test(`${shell.name}: saves within a second that keep size and time are each on both sides`, async () => {
    await using there = await openRemoteFixture(shell);
    const here = await Deno.makeTempDir({ prefix: "kodama-here-" });
    try {
      const folders = { local: here, remote: there.folder };
      const local = new LocalFolder(here, "test", linuxRules);
      local.use(there.end.digests);
      const clock = new ManualClock();
      const passes = new Passes({
        mode: "two-way-safe",
        local,
        localWatcher: () => "test",
        connect: () => Promise.reject(new Error("not asked for")),
        rules: { local: linuxRules, remote: linuxRules },
        store: await AncestorStore.open(new MemoryFiles()),
        ignoring: () => ignoresNothing,
        clock,
        onEvent: () => {},
        log: () => {},
      }, new StateTracker("two-way-safe", clock, () => {}));
      const { signal } = new AbortController();
      const context = { remote: there.end, acceptRemovals: true, signal };
      const pass = (reported: Partial<Record<Side, string>>, anywhere: boolean) => {
        const set = (path?: string) => new Set(path === undefined ? [] : [path]);
        const paths = { local: set(reported.local), remote: set(reported.remote) };
        return passes.run({ paths, anywhere }, context);
      };
      const contents = (side: Side) => {
        const found = new Map<string, string>();
        for (const { name, isFile } of Deno.readDirSync(folders[side])) {
          if (isFile) found.set(name, Deno.readTextFileSync(`${folders[side]}/${name}`));
        }
        return found;
      };
      let count = 10_000;
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(save, { minLength: 2, maxLength: 5 }), async (saves) => {
          round++;
          const owed = new Set<string>();
          for (const { side, name, renamed, then } of saves) {
            const path = `${round}${name}`;
            const full = `${folders[side]}/${path}`;
            // A person who saves over a text has seen it.
            owed.delete(contents(side).get(path) ?? "");
            const text = `${++count}`;
            owed.add(text);
            const at = renamed ? `${full}.new` : full;
            Deno.writeTextFileSync(at, text);
            Deno.utimeSync(at, kept, kept);
            if (renamed) Deno.renameSync(at, full);
            if (then !== "nothing") await pass({ [side]: path }, then === "scan");
          }
          for (let tries = 0; (await pass({}, true)).kind === "again"; tries++) {
            assert.ok(tries < 5, "a sixth pass still found something to do");
          }
          const [ours, theirs] = [contents("local"), contents("remote")];
          assert.deepEqual([...theirs].sort(), [...ours].sort());
          const lost = [...owed].filter((text) => ![...ours.values()].includes(text));
          assert.deepEqual(lost, []);
          for (const path of ours.keys()) {
            for (const folder of Object.values(folders)) Deno.removeSync(`${folder}/${path}`);
          }
        }),
        { numRuns: runs(40) },
      );
    } finally {
      await Deno.remove(here, { recursive: true });
    }
  });
}
