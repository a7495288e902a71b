/** Answers requests that create and replace objects. */
import type { KubeObject } from "../../../src/kube/types.ts";
import type { ResourceType } from "../model.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import type { ApiRequest, ApiResponse } from "./message.ts";
import { parseBody, represent } from "./negotiate.ts";
import type { Manager } from "./patch/managed_fields.ts";
import type { ResourceRoute } from "./route.ts";
import type { Served } from "./served.ts";
import { badRequest, failedStatus } from "./status.ts";
import { createObject, existing, replaceObject } from "./stored_object.ts";

/** Returns whether the write is a dry run. Throws a 422 if the query has another value than `All`. */
export function isDryRun(query: URLSearchParams): boolean {
  const value = query.get("dryRun") ?? "";
  if (value === "" || value === "All") return value === "All";
  throw failedStatus(
    422,
    "Invalid",
    ` "" is invalid: dryRun: Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
  );
}

/** Adds the Warning lines of a write to its answer. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  return response.kind === "json" && warnings.length > 0 ? { ...response, warnings } : response;
}

/** Answers a create. */
export async function answerCreate(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object, warnings } = decodeObject(type, body, request.query);
  const created = createObject(context, type, object, {
    namespace: targetNamespace(type, object, route),
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update"),
  });
  return withWarnings(represent(context, request, type, created, 201), warnings);
}

/** Returns the namespace of the path; the object's must be the same. */
export function targetNamespace(
  type: ResourceType,
  object: KubeObject,
  route: ResourceRoute,
): string {
  if (!type.namespaced) return "";
  const { namespace } = object.metadata;
  if (route.namespace === "") {
    throw badRequest("an empty namespace may not be set during creation");
  }
  if (namespace !== undefined && namespace !== "" && namespace !== route.namespace) {
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  }
  return route.namespace;
}

/** Returns the manager that a request names, or the program that sent it. */
export function managerOf(
  { query, headers }: ApiRequest,
  operation: Manager["operation"],
  subresource = "",
): Manager {
  const program = (headers["user-agent"] ?? "").split("/")[0] ?? "";
  return { name: query.get("fieldManager") || program || "unknown", operation, subresource };
}

/** Answers an update of an object or of its status. */
export async function answerUpdate(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object, warnings } = decodeObject(type, body, request.query);
  const { name } = object.metadata;
  if (name !== undefined && name !== route.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${route.name})`,
    );
  }
  targetNamespace(type, object, route);
  const previous = existing(context, type, route);
  const half = route.subresource === "status" ? "status" : "all";
  const updated = replaceObject(context, type, object, previous, {
    half,
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update", route.subresource),
  });
  return withWarnings(represent(context, request, type, updated), warnings);
}
