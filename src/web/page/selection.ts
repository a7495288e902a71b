/** A selection as the texts of a form, as the query of an address, and as the server takes it. Pure. */
import type { JsonValue } from "../../base/json_value.ts";
import type { PodsQuery } from "../api.ts";

/** The texts of the form; lists are separated by spaces. */
export type SelectionFields =
  & Record<typeof textFields[number], string>
  & { allNamespaces: boolean };

/** Lists; `match` and `exclude` may have expressions with spaces: `/a b/`. */
const listFields = ["pods", "match", "exclude", "namespaces", "contexts"] as const;

/** The names of all texts, as the server has them. */
export const textFields = [
  ...listFields,
  "selector",
  "fieldSelector",
  "container",
  "node",
  "sample",
] as const;

/** Returns the texts that a query has. */
export function selectionFields(query: URLSearchParams): SelectionFields {
  const texts = textFields.map((name) => [name, query.getAll(name).join(" ")]);
  return { ...Object.fromEntries(texts), allNamespaces: query.get("allNamespaces") === "true" };
}

/** Returns the query of the texts, without empty ones. */
export function queryOf(fields: SelectionFields): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(selectionOfFields(fields))) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query;
}

/** Returns the selection as the server takes it. A sample that isn't a number is omitted. */
export function selectionOfFields(fields: SelectionFields): PodsQuery {
  const selection: Record<string, JsonValue> = {};
  for (const name of textFields) {
    const text = fields[name].trim();
    if (text === "") continue;
    if ((listFields as readonly string[]).includes(name)) selection[name] = items(text);
    else if (name !== "sample") selection[name] = text;
    else if (/^[1-9]\d*$/.test(text)) selection[name] = Number(text);
  }
  if (fields.allNamespaces) selection["allNamespaces"] = true;
  return selection;
}

/** Splits a list. An expression between slashes is one item. */
function items(text: string): string[] {
  return text.match(/\/(?:\\.|[^\/\\])+\/(?!\S)|\S+/g) ?? [];
}
