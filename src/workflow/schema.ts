/** The JSON Schema of a workflow file, for editors. Generated from the shapes that the checks use. */
import * as v from "valibot";
import { jsonSchemaOf } from "../base/json_schema.ts";
import type { FileSchema } from "../base/yaml/shape.ts";
import { frameEntries, fullShape, paramShape } from "./file_shape.ts";
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
  for (const field of ["steps", "finally"]) setItems(full, field);
  const { params } = full.properties as { params: Json };
  // A parameter is its default, or a mapping with more fields.
  const plain = { type: ["null", "string", "number", "boolean", "array"] };
  params.additionalProperties = { anyOf: [await bare(paramShape, "A parameter"), plain] };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A workflow of kodama",
    if: { required: ["command"] },
    then: short,
    else: { ...full, anyOf: [{ required: ["steps"] }, { required: ["extends"] }] },
    definitions: { step: { anyOf: steps } },
  };
}

async function stepSchema(kind: StepKind): Promise<Json> {
  const shape = v.strictObject({ ...frameEntries, ...kind.entries });
  const schema = await bare(shape, kind.summary);
  for (const field of kind.inner) setItems(schema, field);
  if (kind.refine !== undefined) Object.assign(schema, { allOf: [kind.refine] });
  return schema;
}

async function bare(shape: FileSchema, title: string): Promise<Json> {
  const { $schema: _, ...schema } = await jsonSchemaOf(shape, title);
  return schema;
}

/** Makes lists of steps refer to the one definition, as steps contain steps. */
function setItems(schema: Json, field: string): void {
  const properties = schema.properties as Record<string, Json>;
  const list = properties[field];
  if (list !== undefined) list.items = { $ref: "#/definitions/step" };
}
