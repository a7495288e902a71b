/** Workflow files in an editor: checked at every change, with what an editor asks about a position. */
import { EditedWorkflow } from "../../workflow/editor/editor.ts";
import { SchemaIndex } from "../../workflow/editor/schema_at.ts";
import { workflowSchema } from "../../workflow/schema.ts";
import type { Host } from "../host.ts";
import { workflowFiles } from "./workflow_files.ts";

export type {
  EditedWorkflow,
  EditorCompletion as Completion,
  OutlineStep,
} from "../../workflow/editor/editor.ts";
export type { Range } from "../../workflow/editor/positions.ts";
export type { Diagnostic } from "../../workflow/diagnostics.ts";

/** Checks a text; `before` is the same file's earlier state. */
export type CheckText = (
  file: { path: string; text: string },
  before?: EditedWorkflow,
) => Promise<EditedWorkflow>;

/** Returns the check for the files of a machine. */
export async function workflowEditor(host: Host): Promise<CheckText> {
  const schema = new SchemaIndex(await workflowSchema());
  const files = await workflowFiles(host);
  return (file, before) =>
    EditedWorkflow.check(file, { files, paths: host.places, schema }, before);
}
