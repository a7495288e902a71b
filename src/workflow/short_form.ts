/** The short form beside the full one: recognized by its fields, and converted to one step. */
import { shapeOf } from "../base/yaml/shape.ts";
import type { YamlSource } from "../base/yaml/source.ts";
import { escaped } from "../expression/template.ts";
import { type FullWorkflow, noPermissions } from "./model.ts";
import { isFull } from "./parse_workflow.ts";
import { workflowShape } from "./workflow_shape.ts";

/** Returns whether a file has something that the short form has no field for. */
export function isFullForm({ plain }: YamlSource): boolean {
  return isFull(plain);
}

/** Converts a file of the short form to a workflow of one step. */
export async function widened(
  source: YamlSource,
  { name, path }: { name: string; path: string },
): Promise<FullWorkflow> {
  const { description, command, timeout, connectTimeout, fanout, outputMode, ...select } =
    await shapeOf(source, workflowShape);
  const bounds = { commandTimeout: timeout, connectTimeout, fanout, outputMode };
  return {
    name,
    path,
    params: [],
    select: defined(select),
    defaults: {},
    permissions: noPermissions,
    steps: [{
      id: "exec-1",
      named: false,
      kind: "exec",
      at: source.place([]),
      // Values of the short form are literal: `${{` has no meaning there.
      fields: { exec: literal(command), ...defined(bounds) },
      inner: {},
      continueOn: "nothing",
    }],
    finally: [],
    outputs: [],
    ...(description === undefined ? {} : { description }),
  };
}

function literal(command: string | string[]): string | string[] {
  return typeof command === "string" ? escaped(command) : command.map(escaped);
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== undefined));
}
