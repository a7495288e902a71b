/** The folded answers: what is a group, what comes first, and the sentence. */
import assert from "node:assert/strict";
import { type AnsweringPod, foldAnswers, foldedLines } from "./fold_answers.ts";
import { linesOf, RunState } from "./run_state.ts";

function pod(name: string, stdout: string, more: Partial<AnsweringPod> = {}): AnsweringPod {
  const output = linesOf({ stdout });
  return { name, phase: "ended", outcome: "ok", output, omittedLines: 0, ...more };
}

function pods(count: number, stdout: string, prefix = "cache"): AnsweringPod[] {
  return Array.from({ length: count }, (_, at) => pod(`${prefix}-${at}`, stdout));
}

async function text(all: readonly AnsweringPod[]): Promise<string> {
  return foldedLines(await foldAnswers(all)).map(({ text }) => text).join("\n");
}

const failed = { outcome: "failed", exitCode: 3 };

Deno.test("`foldAnswers()` shows the pod that differs first, with its lines; the equal pods are last", async () => {
  const all = [...pods(23, "a\nLIMIT=512\nz\n"), pod("cache-23", "a\nLIMIT=64\nz\n")];
  assert.equal(
    await text(all),
    `23 of 24 equal; cache-23 differs in 1 line

---- cache-23 (1)
compared with most
@@ -1,3 +1,3 @@
 a
-LIMIT=512
+LIMIT=64
 z

---- cache-[0-22] (23)
a
LIMIT=512
z`,
  );
  assert.equal((await foldAnswers(all)).differing, 1);
});

Deno.test("`foldAnswers()`: the sentence for each situation", async () => {
  const cases: [expected: string, all: AnsweringPod[]][] = [
    ["", []],
    ["", pods(1, "x")],
    ["all 24 equal", pods(24, "x\n")],
    ["all 2 equal: failed with exit code 3", pods(2, "").map((one) => ({ ...one, ...failed }))],
    ["no two of 3 equal", [pod("a", "1"), pod("b", "2"), pod("c", "3")]],
    ["b differs from a in 1 line", [pod("a", "1"), pod("b", "2")]],
    [
      "2 of 3 equal; cache-2 failed with exit code 3",
      [...pods(2, "x"), pod("cache-2", "y", failed)],
    ],
    [
      "2 of 3 equal (failed with exit code 3); web-0 ok",
      [...pods(2, "x").map((one) => ({ ...one, ...failed })), ...pods(1, "x", "web")],
    ],
    [
      "3 of 9 equal; a-0 differs in 1 line, b-0 differs in 2 lines, c-0 differs in 1 line, 3 more in 2 groups",
      [
        ...pods(3, "1\n2\n"),
        pod("a-0", "1\n3\n"),
        pod("b-0", "3\n4\n"),
        pod("c-0", "1\n"),
        pod("d-0", "5\n"),
        ...pods(2, "6\n", "e"),
      ],
    ],
    [
      "2 of 3 equal; web-0 not compared",
      [...pods(2, "x"), pod("web-0", "", { isUnrecorded: true })],
    ],
    [
      "all 2 equal; 1 not ended",
      [...pods(2, "x"), pod("web-0", "", { phase: "running" })],
    ],
  ];
  for (const [expected, all] of cases) {
    assert.equal((await foldAnswers(all)).sentence, expected);
  }
});

Deno.test("`foldAnswers()` tells pods apart by how they ended, by both streams, and by what isn't stored", async () => {
  const both = linesOf({ stdout: "x\n", stderr: "y\n" });
  const one = pod("a", "", { output: both });
  const groups = async (...others: AnsweringPod[]) =>
    (await foldAnswers([one, ...others])).groups.length;
  assert.equal(await groups(pod("b", "", { output: both.toReversed() })), 1);
  assert.equal(await groups(pod("b", "y\nx\n")), 2);
  assert.equal(await groups({ ...one, name: "b", reason: "cut" }), 2);
  assert.equal(await groups({ ...one, name: "b", omittedLines: 2, omittedHash: 1 }), 2);
  const id = { outputId: "1" };
  const recorded = { ...one, ...id };
  const { groups: same } = await foldAnswers([recorded, { ...recorded, name: "b" }]);
  assert.equal(same.length, 1);
  const other = await foldAnswers([recorded, { ...recorded, name: "b", outputId: "2" }]);
  assert.deepEqual(other.groups[0]?.note, "not compared: the stored part is the same");
});

Deno.test("`RunState` tells long outputs apart by the lines that it doesn't store", async () => {
  const state = new RunState({ linesOfPod: 10 });
  for (const [name, first] of [["a", "x"], ["b", "y"], ["c", "x"]] as const) {
    for (const text of [first, ...Array.from({ length: 30 }, (_, at) => `${at}`)]) {
      state.apply({ event: "line", step: "", name, stream: "stdout", text, endedBy: "newline" });
    }
    const end = { at: "", outcome: "ok", exitCode: 0, signal: null, durationMs: 5 } as const;
    state.apply({ event: "targetEnded", step: "", name, ...end, error: null });
  }
  const { sentence, groups } = await foldAnswers(state.pods);
  assert.equal(sentence, "2 of 3 equal; b differs");
  assert.match(groups[0]?.note ?? "", /the stored part is the same · \d+ earlier lines omitted/);
});
