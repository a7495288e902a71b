/** The values of parameters: what was said, what a variable says, the default; each of its type. Pure. */
import { UsageError } from "../base/errors.ts";
import type { JsonValue } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import type { FullWorkflow, Param } from "./model.ts";
import { fits, typeNouns } from "./read_frame.ts";

/** `--param`, by name: a text, or several if the flag is repeated. */
export type ParamTexts = ReadonlyMap<string, string | readonly string[]>;

/** Values, and the parameters that somebody must still be asked for. */
export interface ParamValues {
  values: Record<string, JsonValue>;
  missing: Param[];
}

/**
 * The values of a run's parameters. One that nobody says and that isn't required is null.
 *
 * @param said `--param`, as texts.
 * @throws UsageError for a name that isn't there, or a value that can't be its parameter's.
 */
export async function paramValues(
  { name: workflow, params }: FullWorkflow,
  said: ParamTexts,
  env: (name: string) => string | undefined,
): Promise<ParamValues> {
  const known = params.map(({ name }) => name);
  for (const name of said.keys()) {
    if (known.includes(name)) continue;
    const near = await didYouMean(name, known);
    throw new UsageError(`${workflow} has no parameter ${JSON.stringify(name)}${near}`, {
      hint: known.length === 0 ? "it has none" : `it has ${known.join(", ")}`,
    });
  }
  const missing: Param[] = [];
  const values: Record<string, JsonValue> = {};
  for (const param of params) {
    const text = said.get(param.name) ?? (param.env === undefined ? undefined : env(param.env));
    if (text !== undefined) values[param.name] = paramValue(param, text);
    else if (param.default !== undefined) values[param.name] = param.default;
    else if (param.required) missing.push(param);
    else values[param.name] = null;
  }
  return { values, missing };
}

/**
 * The value that a text stands for; of several texts a list, one item each.
 *
 * @throws UsageError if it can't be the parameter's.
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
  if (values !== undefined && !values.includes(value)) {
    const allowed = values.map((one) => String(one)).join(", ");
    throw new UsageError(`parameter ${name}: expected one of ${allowed}, found ${found}`);
  }
  return value;
}

/** A list as JSON; undefined for what isn't one. */
function listOf(text: string): JsonValue[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what isn't a number, or a whole one that is too large to be exact. */
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
