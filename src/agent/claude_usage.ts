/** The tokens and costs that Claude Code reports. */
import { asFields, fieldsOf, type JsonFields, numberOf } from "./json_fields.ts";
import type { Tokens } from "./model.ts";

/** Parses `usage` of a message or of a result, as in the Messages API. */
export function readUsage(usage: JsonFields): Tokens {
  return {
    input: numberOf(usage, "input_tokens") ?? 0,
    output: numberOf(usage, "output_tokens") ?? 0,
    cacheRead: numberOf(usage, "cache_read_input_tokens") ?? 0,
    cacheWrite: numberOf(usage, "cache_creation_input_tokens") ?? 0,
  };
}

/** Returns US dollars since the last result, over all models; undefined if it isn't reported. */
export function readUsageByModel(result: JsonFields): number | undefined {
  const byModel = fieldsOf(result, "model_usage_since_last_result");
  if (byModel === undefined) return undefined;
  const costs = Object.values(byModel).map((model) => numberOf(asFields(model) ?? {}, "costUSD"));
  const known = costs.filter((cost) => cost !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, cost) => sum + cost, 0);
}
