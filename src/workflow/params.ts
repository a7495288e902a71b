/** Values of parameters: from the command line, a variable or the default; each of its type. Pure. */
import { UsageError } from "../base/errors.ts";
import { type JsonValue, parseJson } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import type { FullWorkflow, Param } from "./model.ts";
import { fits, typeNouns } from "./read_frame.ts";

/** `--param`, by name: a text, or several if the flag is repeated. */
export type ParamTexts = ReadonlyMap<string, string | readonly string[]>;

/** Values, and the parameters that a person must still be prompted for. */
interface ParamValues {
  values: Record<string, JsonValue>;
  missing: Param[];
}

/**
 * Returns the values of a run's parameters. One that isn't set and isn't required is null.
 *
 * @param given `--param`, as texts.
 * @throws UsageError for a name that doesn't exist, or a value that doesn't fit its parameter.
 */
export async function paramValues(
  { name: workflow, params }: FullWorkflow,
  given: ParamTexts,
  env: (name: string) => string | undefined,
): Promise<ParamValues> {
  const known = params.map(({ name }) => name);
  for (const name of given.keys()) {
    if (known.includes(name)) continue;
    const near = await didYouMean(name, known);
    throw new UsageError(`${workflow} has no parameter ${JSON.stringify(name)}${near}`, {
      hint: known.length === 0 ? "it has none" : `it has ${known.join(", ")}`,
    });
  }
  const missing: Param[] = [];
  const values: Record<string, JsonValue> = {};
  for (const param of params) {
    const text = given.get(param.name) ?? (param.env === undefined ? undefined : env(param.env));
    if (text !== undefined) values[param.name] = paramValue(param, text);
    else if (param.default !== undefined) values[param.name] = param.default;
    else if (param.required) missing.push(param);
    else values[param.name] = null;
  }
  return { values, missing };
}

/**
 * Returns the value of a text; of several texts a list, one item each.
 *
 * @throws UsageError if it doesn't fit the parameter.
 */
export function paramValue(param: Param, text: string | readonly string[]): JsonValue {
  const { enum: values, secret, name, type } = param;
  if (typeof text !== "string" && type !== "list") {
    throw new UsageError(`parameter ${name} is given ${text.length} times`, {
      hint: `it is ${typeNouns[type]}; only a list can be given item by item`,
    });
  }
  const value = typeof text === "string" ? valueOf(param, text) : [...text];
  const found = secret ? "something else" : JSON.stringify(text);
  if (value === undefined || !fits(value, type)) {
    throw new UsageError(`parameter ${name}: expected ${typeNouns[type]}, found ${found}`);
  }
  const isRespelled = typeof value === "number" && String(value) !== String(text).trim();
  if (param.isInferred === true && isRespelled) {
    const other = secret ? "another text" : String(value);
    throw new UsageError(`parameter ${name}: ${found} would reach its commands as ${other}`, {
      hint: "spell it as a number is, or give the parameter a `type`: text or number",
    });
  }
  if (values !== undefined && !values.includes(value)) {
    const allowed = values.map((one) => String(one)).join(", ");
    throw new UsageError(`parameter ${name}: expected one of ${allowed}, found ${found}`);
  }
  return value;
}

/** JSON Schema of parameters. https://json-schema.org/draft/2020-12 */
export interface ParamsSchema {
  type: "object";
  properties: Record<string, ParameterSchema>;
  required: string[];
  additionalProperties: false;
}

/** The schema of one parameter; `duration` is a text such as `30s`, a list has texts. */
export interface ParameterSchema {
  type: "string" | "number" | "boolean" | "array";
  format?: "duration";
  items?: { type: "string" };
  title: string;
  description?: string;
  default?: JsonValue;
  enum?: readonly JsonValue[];
  /** It is a secret, whose default isn't published. */
  writeOnly?: true;
}

/** Returns the schema of a workflow's parameters, for forms. */
export function paramsSchema({ params }: Pick<FullWorkflow, "params">): ParamsSchema {
  return {
    type: "object",
    properties: Object.fromEntries(params.map((param) => [param.name, paramSchema(param)])),
    required: params.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

function paramSchema({ name, type, description, default: preset, enum: values, secret }: Param) {
  const schema: ParameterSchema = {
    ...schemaTypes[type],
    title: name,
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined || secret ? {} : { default: preset }),
    ...(values === undefined ? {} : { enum: values }),
    ...(secret ? { writeOnly: true } : {}),
  };
  return schema;
}

const schemaTypes: Readonly<
  Record<Param["type"], Pick<ParameterSchema, "type" | "format" | "items">>
> = {
  text: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  duration: { type: "string", format: "duration" },
  list: { type: "array", items: { type: "string" } },
};

/** Parses a list from JSON; returns undefined for anything else. */
function listOf(text: string): JsonValue[] | undefined {
  try {
    const value = parseJson(text, "spelled");
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns undefined for what isn't a number, or is an integer that is too large to be exact. */
function exactNumber(text: string): number | undefined {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) return undefined;
  return /^[-+]?\d+$/.test(text) && !Number.isSafeInteger(number) ? undefined : number;
}

function valueOf({ type }: Param, text: string): JsonValue | undefined {
  switch (type) {
    case "text":
    case "duration":
      return text;
    case "number":
      return exactNumber(text.trim());
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "list":
      if (text === "") return [];
      return text.startsWith("[") ? listOf(text) : text.split(",");
  }
}
