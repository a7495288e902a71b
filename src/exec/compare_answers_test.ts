import assert from "node:assert/strict";
import fc from "fast-check";
import { type Answer, compareAnswers } from "./compare_answers.ts";

function answer(pod: string, text: string | undefined, exitCode: number | null = 0): Answer {
  return {
    context: "prod",
    namespace: "default",
    pod,
    container: "main",
    name: pod,
    outcome: exitCode === null ? null : exitCode === 0 ? "ok" : "failed",
    exitCode,
    ...(text === undefined ? {} : {
      output: { id: `of ${text}`, stdout: text, stderr: "", omittedBytes: 0 },
    }),
  };
}

Deno.test("`compareAnswers()` folds pods that changed in the same way", async () => {
  const before = [0, 1, 2, 3, 4].map((n) => answer(`db-${n}`, "4.4.2\n"));
  const after = [
    ...[0, 1].map((n) => answer(`db-${n}`, "4.4.1\n")),
    answer("db-2", "4.4.2\n", 1),
    answer("db-3", "4.4.2\n"),
    answer("db-5", "4.4.2\n"),
  ];
  const changes = await compareAnswers(before, after);
  assert.deepEqual(changes.changed.map(({ names }) => names), ["db-[0-1]", "db-2"]);
  const [first, second] = changes.changed.map(({ diff }) => diff);
  assert.ok(first?.kind === "unified" && first.stdout.includes("-4.4.2\n+4.4.1\n"));
  assert.equal(second?.kind, "same");
  assert.deepEqual(changes.added.map(({ names }) => names), ["db-5"]);
  assert.deepEqual(changes.gone.map(({ names }) => names), ["db-4"]);
  assert.equal(changes.same, 1);
});

Deno.test("`compareAnswers()` folds by the changed lines, whatever is around them", async () => {
  const text = (pod: string, version: string) => `host ${pod}\nversion ${version}\n`;
  const before = ["a-0", "a-1"].map((pod) => answer(pod, text(pod, "1")));
  const after = ["a-0", "a-1"].map((pod) => answer(pod, text(pod, "2")));
  const { changed } = await compareAnswers(before, after);
  assert.deepEqual(changed.map(({ names }) => names), ["a-[0-1]"]);
});

Deno.test("`compareAnswers()` compares a replaced pod with its successor", async () => {
  const before = [
    answer("web-5d89bdfb6f-x2v4z", "1\n"),
    answer("web-5d89bdfb6f-bbbbb", "2\n"),
    answer("agent-x2v4z", "a\n"),
    answer("job-0", "j\n"),
  ];
  const after = [
    answer("web-7c6d5f4b9-ccccc", "2\n"),
    answer("web-7c6d5f4b9-zzzzz", "3\n"),
    answer("web-7c6d5f4b9-zz2zz", "4\n"),
    answer("agent-99999", "a\n"),
    answer("job-1", "j\n"),
  ];
  const changes = await compareAnswers(before, after);
  assert.deepEqual(
    changes.replaced.map(({ before, after }) => `${before.pod} ${after.pod}`),
    [
      "web-5d89bdfb6f-bbbbb web-7c6d5f4b9-ccccc",
      "web-5d89bdfb6f-x2v4z web-7c6d5f4b9-zz2zz",
      "agent-x2v4z agent-99999",
    ],
  );
  assert.equal(changes.same, 2);
  assert.deepEqual(changes.changed.map(({ names }) => names), ["web-7c6d5f4b9-zz2zz"]);
  assert.deepEqual(changes.added.map(({ names }) => names), ["job-1", "web-7c6d5f4b9-zzzzz"]);
  assert.deepEqual(changes.gone.map(({ names }) => names), ["job-0"]);
});

Deno.test("`compareAnswers()` compares only the ends of outputs that aren't recorded", async () => {
  const before = [answer("a", undefined), answer("b", undefined), answer("c", "x", null)];
  const after = [answer("a", "1"), answer("b", "1", 7), answer("c", "x", null)];
  const { changed, same, unrecorded } = await compareAnswers(before, after);
  assert.deepEqual(changed.map(({ names, diff }) => [names, diff.kind]), [["b", "notCompared"]]);
  assert.deepEqual([same, unrecorded], [2, 1]);
});

Deno.test("`compareAnswers()` matches the pods of two clusters, if each run was in one", async () => {
  const before = [answer("a", "1")];
  const other = before.map((one) => ({ ...one, context: "staging", namespace: "other" }));
  assert.equal((await compareAnswers(before, other)).same, 1);
  const both = [...before, ...other];
  assert.equal((await compareAnswers(both, other)).gone.length, 1);
});

Deno.test("`compareAnswers()` counts every target of both runs exactly once", async () => {
  const names = fc.uniqueArray(
    fc.constantFrom("a-0", "a-1", "w-bbbbbb-ccccc", "w-bbbbbb-ddddd", "w-ffffff-ccccc", "d-ccccc"),
  );
  const run = names.chain((pods) =>
    fc.tuple(
      ...pods.map((pod) =>
        fc.tuple(fc.constantFrom("x\n", "y\n", undefined), fc.constantFrom(0, 1, null))
          .map(([text, code]) => answer(pod, text, code))
      ),
    )
  );
  await fc.assert(fc.asyncProperty(run, run, async (before, after) => {
    const { changed, added, gone, same } = await compareAnswers(before, after);
    const pairs = changed.reduce((sum, group) => sum + group.pairs.length, 0) + same;
    const count = (groups: typeof added) =>
      groups.reduce((sum, { answers }) => sum + answers.length, 0);
    assert.equal(pairs + count(added), after.length);
    assert.equal(pairs + count(gone), before.length);
    const self = await compareAnswers(before, before);
    assert.deepEqual([self.same, self.replaced], [before.length, []]);
  }));
});
