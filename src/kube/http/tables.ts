/**
 * Objects with the server's own columns, as `kubectl get` prints them, of any kind that the server has.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import { isRecord } from "../../base/json_value.ts";
import type { PrinterColumn, Tabled } from "../client.ts";

/** A server that can't print tables of a kind answers with the objects alone. */
export const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/** Requests the whole object with each row. */
export const includeObject = ["includeObject", "Object"] as const;

/** Returns the objects of a table's rows; undefined if the document isn't a table. */
export function tableRows(
  document: Readonly<Record<string, unknown>>,
  known: readonly PrinterColumn[] = [],
): Tabled[] | undefined {
  if (document["kind"] !== "Table") return undefined;
  const columns = columnsOf(document["columnDefinitions"]) ?? known;
  const rows = Array.isArray(document["rows"]) ? document["rows"] : [];
  return rows.flatMap((row: unknown): Tabled[] => {
    if (!isRecord(row) || !isRecord(row["object"])) return [];
    const cells = Array.isArray(row["cells"]) ? row["cells"] : [];
    return [{ ...tabled(row["object"]), printed: { columns, cells } }];
  });
}

/** Returns an object as a row without columns. */
export function tabled(object: Readonly<Record<string, unknown>>): Tabled {
  const metadata = object["metadata"];
  return { object, ...(isRecord(metadata) ? { metadata } : {}) };
}

/** The events of a watch carry the columns only once. */
function columnsOf(definitions: unknown): readonly PrinterColumn[] | undefined {
  if (!Array.isArray(definitions) || definitions.length === 0) return undefined;
  return definitions.filter(isRecord).map(({ name, type, priority }) => ({
    name: typeof name === "string" ? name : "",
    type: typeof type === "string" ? type : "string",
    isWide: typeof priority === "number" && priority > 0,
  }));
}
