/** From the text of a workflow file to a workflow. */
import { parseDuration } from "../base/duration.ts";
import { parseTextPattern } from "../base/text_pattern.ts";
import { shapeOf } from "../base/yaml_shape.ts";
import { YamlSource } from "../base/yaml_source.ts";
import type { NamePattern } from "../kube/target.ts";
import type { Workflow } from "./workflow.ts";
import { type WorkflowFile, workflowShape } from "./workflow_shape.ts";

/**
 * Reads a workflow, where it is of the short form; undefined for the full form, which `load_workflow.ts` reads.
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

/** Whether a file says what the short form has no field for. */
export function isFull(plain: unknown): boolean {
  return typeof plain === "object" && plain !== null &&
    fullFields.some((field) => Object.hasOwn(plain, field));
}

async function shortForm(source: YamlSource, name: string): Promise<Workflow> {
  const value = await shapeOf(source, workflowShape);
  return { name, path: source.file.path, ...resolved(value) };
}

/** Texts become their narrow types. The shape has checked them. */
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
      match: patterns(file.match),
      exclude: patterns(file.exclude),
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(container === undefined ? {} : { container }),
    },
    command: typeof command === "string"
      ? { kind: "line", line: command }
      : { kind: "words", words: command },
    bounds: {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      ...(fanout === undefined ? {} : { fanout }),
      ...(outputMode === undefined ? {} : { outputMode }),
    },
    ...(description === undefined ? {} : { description }),
  };
}

function listed(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

function patterns(value: string | readonly string[] | undefined): NamePattern[] {
  return listed(value).map(parseTextPattern).filter((pattern) => pattern.kind !== "invalid");
}

function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
