/** Checks evaluated fields against the shape of their kind: an expression may have evaluated to anything. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import { fieldText, foundText } from "../../base/yaml/shape.ts";
import type { StepKind } from "../step_kind.ts";

/**
 * Returns the fields as narrow types.
 *
 * @throws KodamaError `config` for the first that doesn't match its shape.
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
