import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { newWorkflow } from "./new_workflow.ts";

const source = { kind: "template", template: "command" } as const;

Deno.test("`newWorkflow()` names the JSON Schema if the folder has it", async () => {
  const schema = { "/project/workflows/workflow.schema.json": "{}" };
  for (const [files, hasLine] of [[{}, false], [schema, true]] as const) {
    const { host, files: written } = simulatedHost({}, { files });
    const path = await newWorkflow(host, "uptime", source);
    assert.equal(path, "/project/workflows/uptime.yaml");
    const [first] = (written.get(path) ?? "").split("\n");
    const line = "# yaml-language-server: $schema=./workflow.schema.json";
    assert.equal(first === line, hasLine);
  }
});
