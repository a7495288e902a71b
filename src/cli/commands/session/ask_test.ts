/** The questions before a part of a session is lost. */
import assert from "node:assert/strict";
import type { DeletionPlan } from "../../../actions/session/events.ts";
import type { StopPlan } from "../../../actions/session/stop.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { askRestore } from "./clone.ts";
import { askSnapshotRemoval } from "../snapshots/snapshots.ts";
import { askDeletion, askStop } from "./stop.ts";

const signal = new AbortController().signal;
const ref = { namespace: "dev", context: "c" };
const session = { name: "web", owner: "alice" } as StopPlan["session"];

const deletion: DeletionPlan = {
  ...{ ...ref, name: "web", session, purge: false, takesSnapshots: false },
  removes: [{ kind: "pod", name: "kodama-web" }],
  claims: [],
  snapshots: [],
  unsaved: [],
};
const stop: StopPlan = { session, workingTask: 3 };
const restore = {
  ...{ ...ref, name: "web" },
  snapshot: {
    session: "web",
    image: "i",
    takenAt: new Date(0),
    content: { kind: "file", files: 1, bytes: 1 },
  },
  lost: [{ name: "kodama-workspace-web", size: "10Gi" }],
  unsaved: [],
} as const;
const removal = {
  ...ref,
  snapshots: [{ name: "half", session: "web", takenAt: "2025-01-15T14:30:00Z" }],
  run: async function* () {},
} as unknown as Parameters<typeof askSnapshotRemoval>[0];

type Ask = (around: { terminal: MemoryTerminal; signal: AbortSignal }) => Promise<boolean>;

const questions: [ask: Ask, refusal: RegExp, question: RegExp][] = [
  [
    (around) => askDeletion(deletion, around),
    /^refusing to delete session "web" without confirmation$/,
    /^session "web" in [^]*Delete it\? \[y\/N\] $/,
  ],
  [
    (around) => askStop(stop, around),
    /^refusing to stop session "web" without confirmation: its agent works on task 3, /,
    /^session "web": its agent works on task 3, which fails then\. Stop it\? \[y\/N\] $/,
  ],
  [
    (around) => askRestore(restore, around),
    /^refusing to restore session "web" without confirmation: the contents of kodama-workspace-web /,
    /Restore it\? \[y\/N\] $/,
  ],
  [
    (around) => askSnapshotRemoval(removal, around),
    /^refusing to delete snapshot half without confirmation$/,
    /Delete\? \[y\/N\] $/,
  ],
];

Deno.test("a loss is confirmed on the terminal, and refused with the flag to pass if there is none", async () => {
  for (const [ask, message, question] of questions) {
    await assert.rejects(ask({ terminal: new MemoryTerminal(), signal }), {
      kind: "unconfirmed",
      message,
      hint: /^pass --yes/,
    });
    for (const [answer, isConfirmed] of [["y\n", true], ["\n", false]] as const) {
      const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"], input: [answer] });
      assert.equal(await ask({ terminal, signal }), isConfirmed);
      assert.match(terminal.written("stderr"), question);
    }
  }
});

Deno.test("`askStop()` asks nothing if no agent works", async () => {
  const terminal = new MemoryTerminal();
  assert.equal(await askStop({ ...stop, workingTask: undefined }, { terminal, signal }), true);
  assert.equal(terminal.written("stderr"), "");
});
