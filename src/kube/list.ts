/** Lists by pages. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
import { KodamaError } from "../base/errors.ts";
import type { ApiResource, ListPage, ListScope } from "./client.ts";
import { resourcePath, scopeQuery } from "./resources.ts";
import type { Transport } from "./transport.ts";

/** kubectl's own chunk. */
const pageSize = 500;

/** What of a list's JSON is read. */
export interface ListBody<T> {
  items?: T[] | null;
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
}

/** The pages of one list, each fetched when it is asked for. */
export async function* listPages<T>(
  transport: Transport,
  resource: ApiResource,
  scope: ListScope,
  signal: AbortSignal,
): AsyncGenerator<ListPage<T>, void> {
  const query = scopeQuery(scope);
  query.set("limit", String(pageSize));
  const path = resourcePath(resource, scope.namespace);
  for (;;) {
    const body = await transport.json<ListBody<T>>({
      method: "GET",
      path: `${path}?${query}`,
      signal,
    });
    const { items, metadata = {} } = body;
    if (items !== null && items !== undefined && !Array.isArray(items)) {
      throw new KodamaError("server", `${path} of ${transport.place.server} gave no list`);
    }
    yield {
      items: items ?? [],
      resourceVersion: metadata.resourceVersion ?? "",
      ...(metadata.remainingItemCount === undefined
        ? {}
        : { remaining: metadata.remainingItemCount }),
    };
    if (!metadata.continue) return;
    query.set("continue", metadata.continue);
  }
}
