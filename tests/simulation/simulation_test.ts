/** A fixed number of histories; `KODAMA_HISTORIES` sets another, and `deno task simulate` runs any. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { execHistories, happen } from "./exec_history.ts";
import { findingText, search } from "./histories.ts";
import { subjects } from "./subjects.ts";

const count = Number(Deno.env.get("KODAMA_HISTORIES") ?? 600);

for (const subject of subjects) {
  Deno.test(`every history of \`${subject.name}\` fulfils the invariants`, async () => {
    const { finding } = await search(subject, { firstSeed: 1, count });
    assert.equal(finding && findingText(subject, finding), undefined);
  });
}

Deno.test("a history happens again in the same way", async () => {
  for (const history of fc.sample(execHistories, { seed: 1, numRuns: 50 })) {
    const [first, again] = [await happen(history), await happen(history)];
    const { streams: _nonces, ...same } = first;
    assert.deepEqual({ ...again, streams: undefined }, { ...same, streams: undefined });
  }
});
