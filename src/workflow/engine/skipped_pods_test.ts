import assert from "node:assert/strict";
import { play, saying } from "../testing/step_fixture.ts";
import type { Environment } from "./environment.ts";

const target = { context: "c", namespace: "n", pod: "p", container: "a", node: "", ip: "" };
const skipped = [{ namespace: "n", pod: "pending", reason: "is Pending" }];

async function skippedIn(steps: string, without = skipped): Promise<unknown[]> {
  const environment: Partial<Environment> = {
    find: () => Promise.resolve({ targets: [target], skipped: without, dead: [] }),
  };
  const files = { "w.yaml": `steps:\n${steps}` };
  const { events } = await play({ files, pods: { p: saying("x") }, environment });
  return events.filter(({ event }) => event === "podSkipped");
}

Deno.test("a step reports the pods that it skips", async () => {
  const seen = await skippedIn("  - { id: a, exec: [id] }\n");
  assert.deepEqual(
    seen,
    skipped.map((pod) => ({
      ...{ event: "podSkipped", step: "a", context: null },
      ...pod,
    })),
  );
  assert.deepEqual(await skippedIn("  - { id: a, exec: [id] }\n", []), []);
});

Deno.test("a step with named targets skips no pods", async () => {
  assert.deepEqual(await skippedIn("  - { id: a, exec: [id], targets: [p] }\n"), []);
});
