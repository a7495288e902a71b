/**
 * Lists in pages. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
import { KodamaError } from "../../base/errors.ts";
import type {
  ApiResource,
  KubeClient,
  ListPage,
  ListScope,
  PrinterColumn,
  Tabled,
} from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { resourcePath, scopeQuery } from "../resources.ts";
import type { Transport } from "./transport.ts";
import { isRecord } from "../../base/json_value.ts";

/** kubectl's own chunk. */
const pageSize = 500;

/** The fields of a list's JSON that are read. */
interface ListBody<T> {
  items?: T[] | null;
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
}

/** Returns the pages of a list, each fetched on demand. Throws ExpiredError if they no longer fit. */
export async function* listPages<T>(
  transport: Transport,
  resource: ApiResource,
  scope: ListScope,
  { signal, isTable = false }: { signal: AbortSignal; isTable?: boolean },
): AsyncGenerator<ListPage<T>, void> {
  const query = scopeQuery(scope);
  if (isTable) query.set(...includeObject);
  query.set("limit", String(pageSize));
  const path = resourcePath(resource, scope.namespace);
  for (;;) {
    const body = await transport.json<ListBody<T>>({
      method: "GET",
      path: `${path}?${query}`,
      signal,
      ...(isTable ? { accept: tableAccept } : {}),
    });
    const { metadata = {} } = body;
    const items = isTable ? tabledItems<T>(body) : body.items;
    if (!isListOfObjects(items ?? [])) {
      throw new KodamaError("server", `${path} of ${transport.serverRef.server} gave no list`);
    }
    yield {
      items: items ?? [],
      resourceVersion: metadata.resourceVersion ?? "",
      ...(metadata.remainingItemCount === undefined
        ? {}
        : { remaining: metadata.remainingItemCount }),
    };
    if (!metadata.continue) return;
    if (metadata.continue === query.get("continue")) {
      throw new KodamaError("server", `${path} of ${transport.serverRef.server} has no end`);
    }
    query.set("continue", metadata.continue);
  }
}

/** The caller's type is {@link Tabled}. */
function tabledItems<T>(body: ListBody<T>): T[] | undefined {
  const document = body as Readonly<Record<string, unknown>>;
  const items = tableRows(document) ??
    body.items?.map((item) => tabled(item as Readonly<Record<string, unknown>>));
  return items as T[] | undefined;
}

/** Returns whether these are objects with names, as all readers require. */
function isListOfObjects(items: unknown): boolean {
  return Array.isArray(items) && items.every((item) => typeof item?.metadata?.name === "string");
}

/** How often a list that changes too fast is restarted. */
const maxAttempts = 3;

/**
 * Returns all pages as a single list. A list that expired halfway is restarted: its pages would not belong together.
 * Throws ExpiredError if that happens repeatedly.
 */
export async function wholeList<T>(
  start: () => AsyncIterable<ListPage<T>>,
): Promise<{ items: T[]; resourceVersion: string }> {
  for (let attempt = 1;; attempt++) {
    const items: T[] = [];
    let resourceVersion = "";
    try {
      for await (const page of start()) {
        for (const item of page.items) items.push(item);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    } catch (error) {
      if (!(error instanceof ExpiredError) || attempt === maxAttempts) throw error;
    }
  }
}

/** Returns all objects of a scope. Rejects as {@link wholeList}. */
export async function listAll<T>(
  client: KubeClient,
  resource: ApiResource,
  scope: ListScope,
  signal: AbortSignal,
): Promise<T[]> {
  return (await wholeList(() => client.list<T>(resource, scope, { signal }))).items;
}

/*
 * Objects with the server's own columns, as `kubectl get` prints them, of any kind that the server has.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */

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
  return definitions.filter(isRecord).map(({ name, type, format, priority }) => ({
    name: typeof name === "string" ? name : "",
    type: typeof type === "string" ? type : "string",
    isName: format === "name",
    isWide: typeof priority === "number" && priority > 0,
  }));
}
