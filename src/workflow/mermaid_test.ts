import assert from "node:assert/strict";
import { mermaidOf } from "./mermaid.ts";
import { loaded } from "./testing/step_fixture.ts";

Deno.test("`mermaidOf()` draws every step once, with inner steps and finally", async () => {
  const { workflow } = await loaded({
    "w.yaml": `steps:
  - { id: look, name: 'a "look" [at] it', wait: 1s }
  - id: both
    parallel:
      - { id: left, wait: 1s }
      - { id: right, wait: 2s }
  - { id: maybe, wait: 1s, when: "\${{ size(steps.look.outcome) > 1 }}" }
finally:
  - { id: last, wait: 1s }
`,
  });
  assert.deepEqual(mermaidOf(workflow).split("\n"), [
    "flowchart TD",
    '  begin(["w"])',
    '  s1["look: a #quot;look#quot; [at] it"]',
    "  begin --> s1",
    '  subgraph s2 ["both: 2 steps at the same time"]',
    '    s3["left: wait 1s"]',
    '    s4["right: wait 2s"]',
    "  end",
    "  s1 --> s2",
    '  s5["maybe: wait 1s"]',
    '  s2 -- "when ${{ size(steps.look.outcome) > 1 }}" --> s5',
    '  subgraph finally ["finally"]',
    '    s6["finally/last: wait 1s"]',
    "  end",
    "  s5 --> finally",
    '  finally --> done(["end"])',
    "",
  ]);
});
