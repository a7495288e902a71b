import assert from "node:assert/strict";
import { strictLine } from "../../base/strict_line.ts";
import { play, saying } from "../testing/step_fixture.ts";

Deno.test("a text of several lines, and a pipe, are strict in pods and on this machine", async () => {
  const text = "dump | gzip\necho done";
  const { pods, ran } = await play({
    files: {
      "w.yaml": `select: { match: p }
permissions: { run: [sh] }
steps:
  - exec: ${JSON.stringify(text)}
  - shell: ${JSON.stringify(text)}
`,
    },
    pods: { p: saying("") },
  });
  assert.deepEqual(ran, [["sh", "-c", strictLine(text)]]);
  const [request] = pods.get("p")?.requests ?? [];
  assert.ok(request?.command.includes(strictLine(text)));
});
