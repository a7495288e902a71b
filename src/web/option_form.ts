/** Options of an action as the texts of a form. Pure. */
import type { Fields, Given } from "../operation/field.ts";
import { readInput } from "../operation/operation.ts";
import type { FormTexts } from "./api.ts";

/** Returns the values of texts; an empty text is an option that isn't given. @throws UsageError for any other field. */
export async function formOptions<F extends Fields>(
  fields: F,
  texts: FormTexts,
): Promise<Given<F>> {
  const given = Object.entries(texts).map(([name, text]) => [name, text.trim()] as const)
    .filter(([name, text]) => text !== "" || !Object.hasOwn(fields, name));
  const values = await readInput(fields, Object.fromEntries(given));
  return Object.fromEntries(given.map(([name]) => [name, values[name]])) as Given<F>;
}
