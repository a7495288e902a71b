/** Creates a workflow file in the folder in which its name is found from here. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { findRun } from "../runs/past_runs.ts";
import { escaped } from "../../expression/template.ts";
import type { Amount } from "../../exec/schedule.ts";
import { formatVersion } from "../../workflow/fields.ts";
import type { RecordHeader } from "../../exec/event_shapes.ts";

/** The source of a new workflow. */
type NewWorkflowSource =
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
      hint: "its command held what looks like a secret, which isn't stored",
    });
  }
  return workflowOfRun(run.header, run.targets.map(({ target }) => target));
}

/* Texts of new workflow files, from a template or from a past run. Pure. */

/** The name under which a folder of workflows has their JSON Schema (`kodama workflow schema`). */
const schemaName = "workflow.schema.json";

/** Returns a file's text with the line by which an editor finds the schema in the same folder. */
function withSchemaLine(text: string): string {
  return `# yaml-language-server: $schema=./${schemaName}\n${text}`;
}

/** The templates, each with a one-line description. */
export const templates: Readonly<Record<string, { about: string; text: string }>> = {
  command: {
    about: "one command in the pods of a selection",
    text: `version: ${formatVersion}
description: What it is for, in a line
namespace: default
match: web
command: [uname, -a]
`,
  },
  steps: {
    about: "steps, parameters and a result",
    text: `version: ${formatVersion}
description: What it is for, in a line
params:
  path: { default: /etc/hostname, description: The file that is looked at }
select:
  namespace: default
  match: web
steps:
  - id: sum
    exec: [cksum, "\${{ params.path }}"]
  - id: same
    check: \${{ size(steps.sum.distinct) == 1 }}
    message: \${{ params.path }} isn't the same in all pods
    allowFailure: true
outputs:
  sums: \${{ steps.sum.distinct }}
`,
  },
  rolling: {
    about: "a change in one pod first, then in the others by batches",
    text: `version: ${formatVersion}
description: What is changed, in a line
select:
  namespace: default
  match: web
steps:
  - name: the change, in one pod first
    exec: [touch, /tmp/changed]
    serial: [1, 25%]
    maxFail: 0
  - wait: ready
    timeout: 5m
`,
  },
};

/** How many pods run at the same time, unless a run sets it. */
const defaultFanout = 32;

/** Maximum of pods that a file lists; for more, it has their common name prefix or a note. */
const mostListed = 20;

/** A pod as a file names it. */
interface RunPod {
  namespace: string;
  pod: string;
}

/** Returns a file that repeats a past run in the pods that it had. */
export function workflowOfRun(header: RecordHeader, targets: readonly RunPod[]): string {
  const { command, shell, bounds, workdir, env } = header;
  const { fanout, timeoutMs, connectTimeoutMs, maxFail, failFast } = bounds;
  // A batch has the pods that would run at the same time.
  const window: Amount = { kind: "count", count: fanout ?? defaultFanout };
  const serial = bounds.serial ?? (failFast === true ? [window] : undefined);
  const fields = [
    `exec: ${shell ? scalar(command.join(" ")) : flow(command)}`,
    ...(workdir === null ? [] : [`workdir: ${scalar(workdir)}`]),
    ...(env.length === 0 ? [] : [`env: { ${env.map((name) => `${name}: CHANGE-ME`).join(", ")} }`]),
    ...(fanout === undefined ? [] : [`fanout: ${fanout}`]),
    ...(serial === undefined ? [] : [`serial: [${serial.map(amountText).join(", ")}]`]),
    ...(maxFail === undefined ? [] : [`maxFail: ${amountText(maxFail)}`]),
    ...(timeoutMs === undefined ? [] : [`commandTimeout: ${timeoutMs}ms`]),
    ...(connectTimeoutMs === undefined ? [] : [`connectTimeout: ${connectTimeoutMs}ms`]),
  ];
  const lines = [
    `version: ${formatVersion}`,
    `description: As run ${header.id} of ${header.at.slice(0, 10)}`,
    ...selectLines(targets),
    "steps:",
    ...fields.map((field, at) => `${at === 0 ? "  - " : "    "}${field}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Selects the pods of the run: by their names, or if there were many, by their common name prefix. */
function selectLines(targets: readonly RunPod[]): string[] {
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))];
  const pods = [...new Set(targets.map(({ pod }) => pod))];
  const where = namespaces.length === 0 ? [] : [`  namespace: ${flow(namespaces)}`];
  const prefix = commonBeginning(pods);
  const note = "  # The pods of that run. Ones that come later: match, or selector for labels.";
  if (pods.length > 0 && pods.length <= mostListed) {
    return ["select:", ...where, note, `  pods: ${flow(pods)}`];
  }
  const match = prefix === "" ? "CHANGE-ME" : scalar(`/^${RegExp.escape(prefix)}/`);
  return ["select:", ...where, `  # The run had ${pods.length} pods.`, `  match: ${match}`];
}

function commonBeginning([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const one of others) while (!one.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

function amountText(amount: Amount): string {
  return amount.kind === "count" ? String(amount.count) : `${amount.percent}%`;
}

function flow(values: readonly string[]): string {
  return `[${values.map(scalar).join(", ")}]`;
}

/** Texts that YAML, or an older YAML, parses as another type. */
const notTexts = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** JSON is YAML. Plain args stay unquoted to be readable; all others must be escaped. */
function scalar(value: string): string {
  const isPlain = /^(?:[A-Za-z_/]|-{1,2}[A-Za-z])[\w./-]*$/.test(value) && !notTexts.test(value);
  return isPlain ? value : JSON.stringify(escaped(value));
}
