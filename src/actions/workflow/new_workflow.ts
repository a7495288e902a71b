/** Creates a workflow file in the folder in which its name is found from here. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import {
  schemaName,
  templates,
  withSchemaLine,
  workflowOfRun,
} from "../../workflow/new_workflow.ts";
import type { Host } from "../host.ts";
import { findRun } from "../runs/past_runs.ts";

/** The source of a new workflow. */
export type NewWorkflowSource =
  | { kind: "template"; template: string }
  /** An id or a prefix of one; the last run if absent. */
  | { kind: "run"; run: string | undefined };

/**
 * Creates `workflows/NAME.yaml` below the working directory, and returns its path. If the folder has the JSON Schema of
 * workflows, the file's first line names it: a line that names a missing schema would be an error in editors.
 *
 * @throws KodamaError `conflict` if it already exists; the error of a record that can't be used.
 */
export async function newWorkflow(
  host: Host,
  name: string,
  source: NewWorkflowSource,
): Promise<string> {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new UsageError(`"${name}" is not a workflow name`, {
      hint: "letters, digits, dots, - and _",
    });
  }
  const folder = `${host.places.workingDir}/workflows`;
  const path = `${folder}/${name}.yaml`;
  const text = source.kind === "run"
    ? await textOfRun(host, source.run)
    : templates[source.template]?.text ?? "";
  const hasSchema = (await host.files.listFiles(folder)).includes(schemaName);
  await using file = await host.files.create(path, { private: false, replace: false });
  await file.write(new TextEncoder().encode(hasSchema ? withSchemaLine(text) : text));
  return path;
}

async function textOfRun(host: Host, wanted: string | undefined): Promise<string> {
  const run = await findRun(host, wanted);
  if (run.header.redacted) {
    throw new KodamaError("conflict", `run ${run.header.id} can't be made a workflow`, {
      hint: "its command held what looks like a secret, and that isn't kept",
    });
  }
  return workflowOfRun(run.header, run.targets.map(({ target }) => target));
}
