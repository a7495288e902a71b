/** Parses the text of a workflow file. */
import { definedOnly } from "../base/defined_only.ts";
import { parseDuration } from "../base/duration.ts";
import { shapeOf } from "../base/yaml/shape.ts";
import { YamlSource } from "../base/yaml/source.ts";
import { listed, patternsOf } from "./one_or_more.ts";
import type { Workflow } from "./workflow.ts";
import { type WorkflowFile, workflowShape } from "./workflow_shape.ts";

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

/** Fields that the short form doesn't have. */
const fullFields = ["steps", "extends", "finally", "params", "select", "defaults", "outputs"];

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
  const { command, description, selector, container, fanout, outputMode } = file;
  const timeoutMs = durationMs(file.timeout);
  const connectTimeoutMs = durationMs(file.connectTimeout);
  const namespaces = listed(file.namespace);
  return {
    contexts: listed(file.context),
    selection: {
      namespaces: namespaces.length === 0
        ? { kind: "default" }
        : { kind: "named", names: namespaces },
      match: patternsOf(file.match),
      exclude: patternsOf(file.exclude),
      ...definedOnly({ labelSelector: selector, container }),
    },
    command: typeof command === "string"
      ? { kind: "line", line: command }
      : { kind: "args", args: command },
    bounds: definedOnly({ timeoutMs, connectTimeoutMs, fanout, outputMode }),
    ...definedOnly({ description }),
  };
}

function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
