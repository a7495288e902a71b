/** The JSON Schema of a workflow file, for editors. Generated from the shapes that the checks use. */
import * as v from "valibot";
import { jsonSchemaOf } from "../base/json_schema.ts";
import type { FileSchema } from "../base/yaml/shape.ts";
import { fullShape, paramShape, writtenFrame } from "./file_shape.ts";
import type { SourcePath } from "./model.ts";
import type { StepKind } from "./step_kind.ts";
import { stepKinds } from "./step_registry.ts";
import { workflowShape } from "./short_form.ts";

type Json = Record<string, unknown>;

/** Draft 7, which the YAML language server supports best. */
export async function workflowSchema(): Promise<Json> {
  const [short, full] = await Promise.all([
    bare(workflowShape, "The short form"),
    bare(fullShape, "The full form"),
  ]);
  const steps = await Promise.all(stepKinds.map(stepSchema));
  for (const field of ["steps", "finally"]) setItems(full, [field]);
  const { params } = full.properties as { params: Json };
  // A parameter is its default, or a mapping with more fields.
  const plain = { type: ["null", "string", "number", "boolean", "array"] };
  params.additionalProperties = { anyOf: [await bare(paramShape, "A parameter"), plain] };
  const { description: _, ...select } = (full.properties as { select: Json }).select;
  const definitions = { expression, select };
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A workflow of kodama",
    if: { required: ["command"] },
    then: short,
    else: full,
    definitions: { step: { anyOf: steps } },
  };
  const shared = Object.entries(definitions);
  const { definitions: own, ...file } = referring(schema, shared) as Json & { definitions: Json };
  return {
    ...file,
    definitions: { ...own, expression, select: referring(select, [["expression", expression]]) },
  };
}

/** What `written()` accepts beside a value. */
const expression = {
  type: "string",
  pattern: String.raw`\$\{\{`,
};

/** Replaces parts that several fields share by references to their definitions. */
function referring(value: unknown, shared: readonly (readonly [string, Json])[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => referring(one, shared));
  const { description, ...own } = value as Json;
  const text = JSON.stringify(own);
  const name = shared.find(([, one]) => JSON.stringify(one) === text)?.[0];
  if (name !== undefined) {
    const reference = { $ref: `#/definitions/${name}` };
    // Draft 7 ignores what is beside a reference.
    return description === undefined ? reference : { description, allOf: [reference] };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, referring(one, shared)]),
  );
}

async function stepSchema(kind: StepKind): Promise<Json> {
  const shape = v.strictObject({ ...writtenFrame, ...kind.written });
  const schema = await bare(shape, kind.summary);
  for (const path of Object.values(kind.inner)) setItems(schema, path);
  // `until` repeats the step by itself, and `every` is about it.
  const repeated = { dependencies: { every: ["until"] }, not: { required: ["until", "attempts"] } };
  schema.allOf = kind.refine === undefined ? [repeated] : [repeated, kind.refine];
  return schema;
}

async function bare(shape: FileSchema, title: string): Promise<Json> {
  const { $schema: _, ...schema } = await jsonSchemaOf(shape, title);
  return schema;
}

/** Makes lists of steps refer to the one definition, as steps contain steps. */
function setItems(schema: Json, path: SourcePath): void {
  const list = path.reduce<Json | undefined>(
    (at, name) => (at?.properties as Record<string, Json> | undefined)?.[name],
    schema,
  );
  if (list !== undefined) list.items = { $ref: "#/definitions/step" };
}
