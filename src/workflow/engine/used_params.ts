/** The parameters that a step passes to the workflow that it uses. Pure. */
import { UsageError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import type { FullWorkflow } from "../model.ts";
import { paramValue } from "../params.ts";
import { fits, typeNouns } from "../read_frame.ts";

/** Returns all parameters with their values. @throws UsageError for one that is missing or of another type. */
export function usedParams(
  { name: workflow, params }: FullWorkflow,
  given: Readonly<Record<string, JsonValue>>,
  env: (name: string) => string | undefined,
): Record<string, JsonValue> {
  return Object.fromEntries(params.map((param) => {
    const { name, type, required } = param;
    const value = given[name];
    if (value !== undefined && value !== null) {
      if (fits(value, type)) return [name, value];
      throw new UsageError(`${workflow}: parameter ${name}: expected ${typeNouns[type]}`);
    }
    const text = param.env === undefined ? undefined : env(param.env);
    if (text !== undefined) return [name, paramValue(param, text)];
    if (param.default === undefined && required) {
      throw new UsageError(`${workflow} needs the parameter "${name}"`);
    }
    return [name, param.default ?? null];
  }));
}
