import assert from "node:assert/strict";
import { loaded } from "./testing/step_fixture.ts";

Deno.test("a missing field is taken from the nearest extended file", async () => {
  const { workflow } = await loaded({
    "w.yaml": "extends: ./a.yaml\nselect: { match: own }\nparams: { one: 1 }\n",
    "a.yaml": "extends: ./b.yaml\nselect: { match: a, node: near }\nparams: { one: 2, two: 2 }\n",
    "b.yaml": `description: the last
select: { match: b, node: far, container: main }
steps:
  - exec: [id]
`,
  });
  assert.deepEqual(workflow.select, { match: "own", node: "near", container: "main" });
  assert.deepEqual(
    Object.fromEntries(workflow.params.map((param) => [param.name, param.default])),
    { one: 1, two: 2 },
  );
  assert.equal(workflow.description, "the last");
  assert.equal(workflow.steps.length, 1);
});
