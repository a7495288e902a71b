import assert from "node:assert/strict";
import type { Outcome } from "../../exec/model.ts";
import { believed, goneEnd, lacksShell, reasonOf } from "./shell.ts";

const kept = { kind: "kept", by: "tmux", id: "a", found: false } as const;
const ok: Outcome = { kind: "ok" };
const cut: Outcome = { kind: "unknown", reason: "cut" };

Deno.test("a kept shell's own word counts, and nothing else does", () => {
  assert.equal(believed(ok, kept, undefined).kind, "unknown", "a server's good end alone");
  const hungUp: Outcome = { kind: "failed", exitCode: 129 };
  assert.equal(believed(hungUp, kept, undefined).kind, "unknown");
  assert.deepEqual(believed(cut, kept, 7), { kind: "failed", exitCode: 7 });
  assert.deepEqual(believed(cut, kept, 0), ok);
  assert.deepEqual(believed(cut, kept, undefined), cut);
});

Deno.test("a shell that isn't kept ends as its stream does", () => {
  for (const outcome of [ok, cut]) {
    assert.equal(believed(outcome, { kind: "plain" }, undefined), outcome);
  }
});

Deno.test("what ended while nobody looked has its exit code, or isn't known", () => {
  assert.deepEqual(goneEnd(3, "cut").outcome, { kind: "failed", exitCode: 3 });
  assert.deepEqual(goneEnd(0, "cut").outcome, ok);
  assert.deepEqual(goneEnd(undefined, "cut").outcome, {
    kind: "unknown",
    reason: "cut; it is no longer in its container",
  });
});

Deno.test("reasons are for people; a lack of a shell is told from a command's failure", () => {
  assert.equal(reasonOf(cut), "cut");
  assert.equal(reasonOf({ kind: "cancelled" }), "cancelled");
  assert.equal(
    lacksShell({ kind: "failed", exitCode: 127, reason: "the image has no sh, which…" }),
    true,
  );
  assert.equal(
    lacksShell({ kind: "failed", exitCode: 127, reason: 'exec: "x": not found' }),
    false,
  );
});
