import assert from "node:assert/strict";
import type { ChangeQuestion } from "./confirm_change.ts";
import { roundConfirmation } from "./rounds.ts";

function question(pods: readonly string[], command = "touch"): ChangeQuestion {
  const action = { kind: "command", command: [command], shell: false, variables: [] } as const;
  const scope = { context: "lab", namespace: "web", ranges: "", pods };
  return { action, count: pods.length, scopes: [scope] };
}

Deno.test("roundConfirmation() asks once, and lets later rounds reach the pods of that answer alone", async () => {
  const asked: number[] = [];
  const { first, later } = roundConfirmation({
    above: 2,
    ask: ({ count }) => Promise.resolve(asked.push(count) === 1),
  });
  assert.equal(first.above, 2);
  assert.equal(await first.ask(question(["a", "b", "c"])), true);
  assert.equal(await later.ask(question(["a", "b", "c"])), true);
  assert.equal(await later.ask(question(["c"])), true);
  const refused = { kind: "unconfirmed" };
  await assert.rejects(later.ask(question(["a", "b", "d", "e"])), {
    ...refused,
    message: "this round would change what no one was asked about: d, e",
  });
  await assert.rejects(later.ask(question(["a"], "rm")), refused);
  // The answer was no.
  assert.equal(await first.ask(question(["d"])), false);
  await assert.rejects(later.ask(question(["d"])), refused);
  assert.deepEqual(asked, [3, 1]);
});

Deno.test("roundConfirmation() refuses later rounds that have grown beyond what needed no question", async () => {
  const { later } = roundConfirmation({ ask: () => assert.fail("it was asked") });
  const pods = Array.from({ length: 14 }, (_, index) => `w-${index}`);
  await assert.rejects(later.ask(question(pods)), {
    message: "this round would change what no one was asked about: " +
      "w-0, w-1, w-2, w-3, w-4, w-5, w-6, w-7 and 6 more",
  });
});
