import assert from "node:assert/strict";
import { sampleSession } from "../../session/testing/session.ts";
import type { SessionRow } from "./events.ts";
import { noticesOf } from "./notices.ts";

const at = new Date("2026-01-01T00:00:00Z");

/** A session whose agent has this task; none without a number. */
function row(number: number, state: string): SessionRow {
  const status = { state, ...(state === "waiting" ? { for: "Bash" } : {}) };
  const task = number === 0 ? {} : { task: { number, status } };
  const session = sampleSession();
  return { kind: "session", session, ...task } as unknown as SessionRow;
}

Deno.test("`noticesOf()` has each task that waits or has ended once, and nothing of before", () => {
  const known = new Map<string, string>();
  const steps: [number, string, string | undefined][] = [
    [1, "done", undefined],
    [2, "working", undefined],
    [0, "", undefined],
    [2, "waiting", "2 waiting Bash"],
    [2, "waiting", undefined],
    [2, "working", undefined],
    [2, "done", "2 done undefined"],
    [3, "failed", "3 failed undefined"],
  ];
  for (const [number, state, notice] of steps) {
    const found = noticesOf(known, [row(number, state)], { context: "lab", at })
      .map(({ task, state, reason }) => `${task} ${state} ${reason}`);
    assert.deepEqual(found, notice === undefined ? [] : [notice]);
  }
});
