import assert from "node:assert/strict";
import { Capture } from "./capture.ts";
import { type DiffBounds, withDiffs } from "./diff_groups.ts";
import { Fold, type GroupDiff } from "./fold.ts";
import type { Outcome } from "./outcome.ts";

const ok: Outcome = { kind: "ok" };

/** Returns the diffs for three targets with equal output and one other. */
async function diffOf(
  usual: string | Uint8Array,
  other: string | Uint8Array,
  { bounds, outcome = ok }: { bounds?: DiffBounds; outcome?: Outcome } = {},
): Promise<GroupDiff | undefined> {
  const fold = new Fold();
  const names = ["web-0", "web-1", "web-2", "web-3"];
  for (const target of names.keys()) {
    const stdout = new Capture();
    const said = target === 3 ? other : usual;
    stdout.push(typeof said === "string" ? new TextEncoder().encode(said) : said);
    fold.add({ target, outcome: target === 3 ? outcome : ok, stdout });
  }
  const groups = await withDiffs(fold.groups(names), bounds);
  assert.deepEqual(groups[0]?.diff, { kind: "reference" });
  return groups[1]?.diff;
}

Deno.test("`withDiffs()` compares with the largest group", async () => {
  assert.deepEqual(await diffOf("a\nb\nc\n", "a\nB\nc\n"), {
    kind: "unified",
    stdout: "--- web-[0-2]\n+++ web-3\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
    stderr: "",
  });
});

Deno.test("`withDiffs()` shows a missing last newline", async () => {
  const diff = await diffOf("a\n", "a");
  assert.ok(diff?.kind === "unified");
  assert.match(diff.stdout, /-a\n\+a\n\\ No newline at end of file/);
});

Deno.test("`withDiffs()` has no diff for groups that differ only by outcome", async () => {
  const outcome: Outcome = { kind: "failed", exitCode: 1 };
  assert.deepEqual(await diffOf("a\n", "a\n", { outcome }), { kind: "same" });
});

Deno.test("`withDiffs()` reports output that is too long, too different or binary", async () => {
  const bounds = { maxBytes: 100, maxChangedLines: 2 };
  const lines = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${prefix}${at}\n`).join("");
  const table: [string | Uint8Array, string | Uint8Array, string][] = [
    ["a\n", lines("x", 100), "too long"],
    [lines("a", 5), lines("b", 5), "too different"],
    ["a\n", Uint8Array.of(0xff, 0xfe), "not UTF-8 text"],
  ];
  for (const [usual, other, reason] of table) {
    assert.deepEqual(await diffOf(usual, other, { bounds }), { kind: "notCompared", reason });
  }
});
