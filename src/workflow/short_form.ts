/** The short form of a workflow file: one command in the pods of a selection. Its shape, its types and its parser. */
import * as v from "valibot";
import { definedOnly } from "../base/json_value.ts";
import { shapeOf } from "../base/yaml/shape.ts";
import { YamlSource } from "../base/yaml/source.ts";
import {
  command,
  described,
  entriesOf,
  inputOfEntries,
  labelSelector,
  listed,
  names,
  namespaces,
  text,
  version,
} from "./fields.ts";
import { commandFields, fanOutFields, layoutFields } from "../exec/exec.ts";
import { type Selection, wholeSelection } from "../kube/select/target.ts";
import { selectionFields } from "../kube/select/fields.ts";
import type { Given } from "../operation/field.ts";

/**
 * Reads a workflow of the short form; returns undefined for the full form, which `load_workflow.ts` reads.
 *
 * @throws FileError with every problem of the file, each at its line and column.
 */
export async function parseShortWorkflow(
  file: { path: string; text: string },
  name: string,
): Promise<Workflow | undefined> {
  const source = YamlSource.parse(file);
  return isFull(source.plain) ? undefined : await shortForm(source, name);
}

/** Fields that the short form doesn't have; some are of other tools. */
const fullFields = [
  ...["steps", "finally", "params", "select", "defaults", "outputs"],
  ...["jobs", "inputs", "tasks"],
];

/** Returns whether a file has something that the short form has no field for. */
export function isFull(plain: unknown): boolean {
  return typeof plain === "object" && plain !== null &&
    fullFields.some((field) => Object.hasOwn(plain, field));
}

async function shortForm(source: YamlSource, name: string): Promise<Workflow> {
  const value = await shapeOf(source, workflowShape);
  return { name, path: source.file.path, ...resolved(value) };
}

/** Converts texts to their narrow types. The shape has checked them. */
function resolved(file: WorkflowFile): Omit<Workflow, "name" | "path"> {
  const { command, description, selector } = file;
  const namespaces = listed(file.namespace);
  return {
    contexts: listed(file.context),
    selection: {
      namespaces: namespaces.length === 0
        ? { kind: "default" }
        : { kind: "named", names: namespaces },
      ...inputOfEntries({ match, exclude }, file),
      ...definedOnly({ ...inputOfEntries({ container }, file), labelSelector: selector }),
    },
    command: typeof command === "string"
      ? { kind: "line", line: command }
      : { kind: "args", args: command },
    bounds: definedOnly(inputOfEntries(boundFields, file)),
    ...definedOnly({ description }),
  };
}

/* A workflow as written, with every text converted to its narrow type. */

/** The command: args as they are, or a line for the image's shell. */
type WorkflowCommand =
  | { kind: "args"; args: readonly string[] }
  | { kind: "line"; line: string };

/** Bounds of a run that a file may set: the short form has them at its top, and the full form in its steps. */
const boundFields = {
  timeoutMs: commandFields.timeoutMs,
  connectTimeoutMs: fanOutFields.connectTimeoutMs,
  fanout: fanOutFields.fanout,
  ...layoutFields,
};

/** One command for the pods of one selection: the short form of a workflow file. */
export interface Workflow {
  /** The file's name without its extension. */
  name: string;
  path: string;
  description?: string;
  /** Empty for the current one. */
  contexts: readonly string[];
  selection: Pick<Selection, "namespaces" | "match" | "exclude" | "labelSelector" | "container">;
  command: WorkflowCommand;
  bounds: Given<typeof boundFields>;
}

/*
 * The short form of a workflow file: one command, and the pods that it is for.
 *
 *     description: WEKA's version in every drive pod
 *     namespace: weka-operator-system
 *     match: drive
 *     command: [weka, version]
 *
 * The fields mean what the flags of the same names mean on the command line.
 */

const { match, exclude, container } = selectionFields;

/** Fields that the short form has at its top, and the full form under `select`. */
export const whereEntries = {
  context: v.optional(
    described(
      names,
      "Contexts of the kubeconfig; the current one by default, and in a step those of the selection around it.",
    ),
  ),
  namespace: v.optional(
    described(
      namespaces,
      "Namespaces; the context's own by default, and in a step those of the selection around it.",
    ),
  ),
  ...entriesOf({ match, exclude, container }),
  selector: v.optional(described(labelSelector, "A label selector, as `-l` of kubectl.")),
};

/** The shape of a workflow file. Only `command` is required. */
export const workflowShape = v.strictObject({
  version,
  description: v.optional(described(text, "The purpose of the workflow, in one line.")),
  ...whereEntries,
  command: described(
    command,
    "The command: a list of arguments, run without a shell, or a text, run by the image's shell.",
  ),
  ...entriesOf(boundFields),
}, "a mapping of fields");

/** A workflow file as written. */
type WorkflowFile = v.InferOutput<typeof workflowShape>;

/* Resolves a workflow and the command line to what will be run. Pure. */

/** Overrides of the workflow's own fields. An absent field doesn't override. */
export interface PlanOverrides {
  contexts?: readonly string[];
  selection?: Partial<Selection>;
  /** Args that are run as they are. */
  command?: readonly string[];
}

/** What will be run, in which pods, and within which bounds. */
export interface Plan extends Given<typeof boundFields> {
  workflow: string;
  contexts: readonly string[];
  selection: Selection;
  command: readonly string[];
  /** The command is one line for a shell. */
  shell: boolean;
}

/** Returns the plan of a workflow. The command line wins, field by field. */
export function plan(workflow: Workflow, overrides: PlanOverrides = {}): Plan {
  const { contexts, selection, command } = overrides;
  const own = workflow.command;
  return {
    workflow: workflow.name,
    contexts: contexts ?? workflow.contexts,
    selection: { ...wholeSelection, ...workflow.selection, ...selection },
    command: command ?? (own.kind === "args" ? own.args : [own.line]),
    shell: command === undefined && own.kind === "line",
    ...workflow.bounds,
  };
}
