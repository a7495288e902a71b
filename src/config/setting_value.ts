/** The value of a setting on one line: a command's operand, a variable. */
import * as v from "valibot";
import { parse } from "yaml";
import { UsageError } from "../base/errors.ts";
import type { FileSchema } from "../base/yaml/shape.ts";

/**
 * Parses the value: text if the setting is text; else YAML: `64`, `true`, `[a, b]`.
 *
 * @param name the setting as shown in the message.
 * @throws UsageError for a value that the setting can't have.
 */
export function parseSettingValue(name: string, schema: FileSchema, text: string): unknown {
  // As written: a quantity stays the number or the text that it is.
  if (v.safeParse(schema, text).success) return text;
  const value = yamlOf(text);
  const result = v.safeParse(schema, value);
  if (result.success) return value;
  const [issue] = result.issues;
  throw new UsageError(`${name}: expected ${issue.message}, found ${JSON.stringify(text)}`);
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}
