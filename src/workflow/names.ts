/** The names that expressions of a workflow have, with their types, as the checks know them before the run. */
import type { JsonValue } from "../base/json_value.ts";
import {
  anyType,
  booleanType,
  listOf,
  numberType,
  textType,
  type Type,
} from "../expression/type.ts";
import type { FullWorkflow, ParamType, Step } from "./model.ts";
import { stepOutcomes } from "./step_events.ts";
import type { StepKind } from "./step_kind.ts";

/** How a step, or a run so far, has ended. */
export const outcomeType: Type = { kind: "text", values: stepOutcomes };

const paramTypes: Readonly<Record<ParamType, Type>> = {
  text: textType,
  duration: textType,
  number: numberType,
  boolean: booleanType,
  list: listOf(anyType),
};

/** Names that every step has. `steps` are added as they become known. */
export function outerNames({ params, permissions }: FullWorkflow): Record<string, Type> {
  const { env } = permissions;
  const variables = Array.isArray(env) ? env : [];
  return {
    params: record(Object.fromEntries(params.map(({ name, type }) => [name, paramTypes[type]]))),
    env: env === true
      ? { kind: "record", fields: {}, rest: textType }
      : record(Object.fromEntries(variables.map((name: string) => [name, textType]))),
    run: record({ id: textType, workflow: textType }),
    steps: record({}),
  };
}

/** The name of a step's own output in its `until`. */
export const resultName = "result";

/** The type of `steps.ID` in expressions. @param fields unknown of a step that can't be read. */
export function stepType({ output, outputOf }: StepKind, fields: Step["fields"] | undefined): Type {
  return record({ ...output, ...fields && outputOf(fields), outcome: outcomeType });
}

/** The output of a step that didn't run: the fields of its kind, all empty. */
export function emptyOutput({ output }: StepKind): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(output).map(([name, type]) => [name, emptyOf(type)]));
}

function emptyOf(type: Type): JsonValue {
  switch (type.kind) {
    case "text":
      return "";
    case "number":
      return 0;
    case "boolean":
      return false;
    case "list":
      return [];
    case "record":
      return Object.fromEntries(
        Object.entries(type.fields).map(([name, of]) => [name, emptyOf(of)]),
      );
    default:
      return null;
  }
}

function record(fields: Readonly<Record<string, Type>>): Type {
  return { kind: "record", fields };
}
