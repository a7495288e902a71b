import assert from "node:assert/strict";
import type { FullWorkflow } from "../actions/workflow/files.ts";
import { workflowLines } from "./workflow_text.ts";

const workflow: FullWorkflow = {
  name: "kwekash",
  path: "/w/kwekash.yaml",
  description: "What it is for",
  params: [],
  select: { namespace: ["a", "b"], match: "drive", sample: 3 },
  defaults: {},
  permissions: { cluster: [] } as Partial<
    FullWorkflow["permissions"]
  > as FullWorkflow["permissions"],
  steps: [],
  finally: [],
  outputs: [],
};

Deno.test("a workflow is shown with the pods that it is for, as its file says them", () => {
  assert.deepEqual(workflowLines(workflow), [
    "kwekash: What it is for",
    "/w/kwekash.yaml",
    "",
    "pods",
    "  namespace: a, b",
    "  match: drive",
    "  sample: 3",
  ]);
});
