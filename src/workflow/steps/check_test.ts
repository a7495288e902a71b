import assert from "node:assert/strict";
import { endsOf, play, saying } from "../testing/step_fixture.ts";

const steps = `steps:
  - { id: install, exec: ["false"], allowFailure: true }
  - { id: verify, exec: ["false"], targets: "\${{ steps.install.ok }}" }
  - { id: again, exec: ["false"], when: false }
  - { id: local, shell: [echo, x] }
`;

/** A check over these steps, and how it ends. */
const checks: readonly (readonly [check: string, end: string])[] = [
  [
    "size(steps.verify.failed) == 0",
    "c failed: it says nothing: verify was skipped, and has no outputs; " +
    "a check that reads `steps.verify.outcome` may allow that",
  ],
  [
    "size(steps.verify.failed) <= params.limit && steps.again.failed.size() == 0",
    "c failed: it says nothing: verify, again were skipped, and have no outputs; " +
    "a check that reads `steps.verify.outcome` may allow that",
  ],
  ["size(steps.verify.failed) == 1", "c failed: it isn't true"],
  ['steps.verify.outcome == "skipped" || size(steps.verify.failed) == 0', "c ok"],
  ["size(steps.verify.failed) == 0 && size(steps.install.failed) == 1", "c ok"],
  ['size(steps.again.failed) == 0 && steps.local.stdout == "x"', "c ok"],
  ["params.limit == 1", "c ok"],
  ["size(steps.install.ok) == 0", "c ok"],
];

Deno.test("a check over the outputs of skipped steps alone isn't true", async () => {
  for (const [check, end] of checks) {
    const { events } = await play({
      files: {
        "w.yaml": `params: { limit: { default: 1 } }\npermissions: { run: [echo] }\n${steps}` +
          `  - { id: c, check: '\${{ ${check} }}' }\n`,
      },
      pods: { "web-0": saying("", 1) },
    });
    assert.equal(endsOf(events).find((one) => one.startsWith("c ")), end, check);
  }
});
