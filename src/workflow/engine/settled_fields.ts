/** Evaluated fields held against the shape of their kind: an expression may have come to anything. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import { fieldText, foundText } from "../../base/yaml_shape.ts";
import type { StepKind } from "../steps/kind.ts";

/**
 * The fields, narrow.
 *
 * @throws KodamaError `config` for the first that isn't what its shape expects.
 */
export function settled(
  kind: StepKind,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = v.safeParse(v.object(kind.entries), fields);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  throw new KodamaError(
    "config",
    `${fieldText(path)}: expected ${issue.message}, found ${foundText(issue.input)}`,
  );
}
