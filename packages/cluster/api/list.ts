/**
 * Lists, whole or in pages.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
import type { Store, Stored } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { type FieldError, forbiddenField, notSupported } from "./field_error.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { representationOf } from "./negotiate.ts";
import type { ResourceRoute } from "./route.ts";
import { parseSelection, type Served } from "./served.ts";
import { badRequest, expired, failedStatus } from "./status.ts";
import { partialObject, tableOf } from "./tables/table.ts";

/** The remaining items of a list that a client reads in pages, as of its first page. */
interface Remainder {
  resourceVersion: string;
  items: readonly Stored[];
}

/**
 * At most this many unfinished lists are stored; a client that returns to an older one starts again, as after etcd's
 * compaction.
 */
const unfinishedLimit = 64;

/** Unfinished lists by their continue token. */
export class Pages {
  readonly #remainders = new Map<string, Remainder>();

  constructor(readonly newToken: () => string) {}

  take(token: string): Remainder {
    const found = this.#remainders.get(token);
    if (found) return found;
    if (!isToken(token)) {
      throw badRequest(`continue key is not valid: ${JSON.stringify(token.slice(0, 64))}`);
    }
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    );
  }

  keep(remainder: Remainder): string {
    const token = btoa(JSON.stringify({ v: "meta.k8s.io/v1", id: this.newToken() }));
    this.#remainders.set(token, remainder);
    const oldest = this.#remainders.keys().next().value;
    if (this.#remainders.size > unfinishedLimit && oldest !== undefined) {
      this.#remainders.delete(oldest);
    }
    return token;
  }
}

/** Returns whether a text has the form of a continue token, however old. */
function isToken(text: string): boolean {
  try {
    const token = JSON.parse(atob(text)) as { v?: unknown } | null;
    return token?.v === "meta.k8s.io/v1";
  } catch {
    return false;
  }
}

/**
 * Throws a 422 if the options of a list or a watch contradict each other.
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation#ValidateListOptions
 */
export function checkListOptions(query: URLSearchParams, verb: "list" | "watch"): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const sendsInitial = query.get("sendInitialEvents") !== null;
  const field = "resourceVersionMatch";
  const forbid = (isWrong: boolean, detail: string, at = field) =>
    isWrong ? [forbiddenField(at, detail)] : [];
  const supported = verb === "list" ? ["Exact", "NotOlderThan", ""] : ["NotOlderThan"];
  const errors: FieldError[] = [
    ...(verb === "list"
      ? [
        ...forbid(
          match !== "" && version === "",
          "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        ...forbid(
          match === "Exact" && version === "0",
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        ...forbid(
          sendsInitial,
          "sendInitialEvents is forbidden for list",
          "sendInitialEvents",
        ),
      ]
      : [
        ...forbid(
          sendsInitial && match !== "NotOlderThan",
          "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        ...forbid(
          match !== "" && !sendsInitial,
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
      ]),
    ...forbid(
      match !== "" && (query.get("continue") ?? "") !== "",
      "resourceVersionMatch is forbidden when continue is provided",
    ),
    ...(match === "" || supported.includes(match) ? [] : [notSupported(field, match, supported)]),
  ];
  if (errors.length === 0) return;
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`);
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  throw failedStatus(422, "Invalid", `ListOptions.meta.k8s.io "" is invalid: ${all}`, {
    group: "meta.k8s.io",
    kind: "ListOptions",
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

/** Reads resourceVersion. Throws if it isn't a number, or is in the future. */
export function checkedVersion(store: Store, query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: must be a number`);
  }
  const version = Number(text);
  if (version > store.resourceVersion) {
    throw failedStatus(
      504,
      "Timeout",
      `Too large resource version: ${version}, current: ${store.resourceVersion}`,
      {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      },
    );
  }
  return version;
}

/** Answers a list, or one page of it. */
export function answerList(
  context: ApiContext & { pages: Pages },
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): ApiResponse {
  const { query } = request;
  checkListOptions(query, "list");
  const matches = parseSelection(served, query);
  const limit = pageSize(query);
  const token = query.get("continue") ?? "";
  const { resourceVersion, items } = token === ""
    ? wholeList(context.store, served, route, query)
    : context.pages.take(token);
  const matching = token === "" ? items.filter(matches) : items;
  const page = limit === 0 ? matching : matching.slice(0, limit);
  const rest = matching.slice(page.length);
  const metadata = {
    resourceVersion,
    ...(rest.length === 0 ? {} : {
      continue: context.pages.keep({ resourceVersion, items: rest }),
      // As on the real server: what a selector omitted can't be counted without reading all.
      ...(query.get("labelSelector") || query.get("fieldSelector")
        ? {}
        : { remainingItemCount: rest.length }),
    }),
  };
  return listBody(context, request, served, page, metadata);
}

function pageSize(query: URLSearchParams): number {
  const text = query.get("limit") ?? "0";
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(limit)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return limit;
}

function wholeList(
  store: Store,
  { type }: Served,
  route: ResourceRoute,
  query: URLSearchParams,
): Remainder {
  const version = checkedVersion(store, query);
  const exact = query.get("resourceVersionMatch") === "Exact";
  if (exact && version !== undefined && version !== store.resourceVersion) {
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
  return {
    resourceVersion: String(store.resourceVersion),
    items: store.list(type, route.namespace === "" ? undefined : route.namespace),
  };
}

function listBody(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  items: readonly Stored[],
  metadata: Record<string, unknown>,
): ApiResponse {
  const { form, includeObject } = representationOf(request);
  switch (form) {
    case "object":
      return json({
        kind: `${type.kind}List`,
        apiVersion: apiVersionOf(type),
        metadata,
        // A list names the kind once; its items don't repeat it.
        items: items.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest),
      });
    case "partial":
      return json({
        kind: "PartialObjectMetadataList",
        apiVersion: "meta.k8s.io/v1",
        metadata,
        items: items.map(partialObject),
      });
    case "table":
      return json(
        tableOf(type, items, {
          includeObject,
          now: context.clock.now(),
          metadata,
          withColumns: true,
        }),
      );
  }
}
