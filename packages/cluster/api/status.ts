/**
 * The API's errors with Kubernetes' own messages.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
import type { Status } from "../../../src/kube/types.ts";
import type { ResourceType } from "../model.ts";

/** The error of a request that fails: the body of the answer is `status`, its HTTP code `status.code`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;

  constructor(readonly status: Status & { code: number }) {
    super(status.message);
    this.code = status.code;
  }
}

/** Returns the plural with its group, as messages name it: `pods`, `deployments.apps`. */
function qualifiedPlural({ group, plural }: Pick<ResourceType, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** Returns a failed Status. */
export function failedStatus(
  code: number,
  reason: string,
  message: string,
  details?: Status["details"],
): ApiError {
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details ? { details } : {}),
    code,
  });
}

function about(type: Pick<ResourceType, "group" | "plural">, name: string): Status["details"] {
  return {
    ...(name === "" ? {} : { name }),
    ...(type.group === "" ? {} : { group: type.group }),
    kind: type.plural,
  };
}

/** No object of this name exists: 404. */
export function notFound(type: ResourceType, name: string): ApiError {
  const message = `${qualifiedPlural(type)} ${JSON.stringify(name)} not found`;
  return failedStatus(404, "NotFound", message, about(type, name));
}

/** A create of a name that already exists: 409. */
export function alreadyExists(type: ResourceType, name: string): ApiError {
  const message = `${qualifiedPlural(type)} ${JSON.stringify(name)} already exists`;
  return failedStatus(409, "AlreadyExists", message, about(type, name));
}

/** A conflict of versions, unless `why` names another conflict. */
export function conflict(
  type: ResourceType,
  name: string,
  why =
    "the object has been modified; please apply your changes to the latest version and try again",
): ApiError {
  const subject = `${qualifiedPlural(type)} ${JSON.stringify(name)}`;
  const message = `Operation cannot be fulfilled on ${subject}: ${why}`;
  return failedStatus(409, "Conflict", message, about(type, name));
}

/** An invalid request: 400. */
export function badRequest(message: string): ApiError {
  return failedStatus(400, "BadRequest", message);
}

/** The credential is unknown, or there is none: 401. */
export function unauthorized(): ApiError {
  return failedStatus(401, "Unauthorized", "Unauthorized");
}

/** `why` is the authorizer's message: `User "ann" cannot list resource "pods" in …`. */
export function forbidden(
  type: Pick<ResourceType, "group" | "plural">,
  name: string,
  why: string,
): ApiError {
  const subject = `${qualifiedPlural(type)}${name === "" ? "" : ` ${JSON.stringify(name)}`}`;
  return failedStatus(403, "Forbidden", `${subject} is forbidden: ${why}`, about(type, name));
}

/** A path without a resource. */
export function forbiddenPath(why: string): ApiError {
  return failedStatus(403, "Forbidden", `forbidden: ${why}`, {});
}

/** No such collection, subresource or group. */
export function noSuchResource(): ApiError {
  return failedStatus(404, "NotFound", "the server could not find the requested resource", {});
}

/** A verb that isn't supported: 405. */
export function methodNotAllowed(): ApiError {
  const message = "the server does not allow this method on the requested resource";
  return failedStatus(405, "MethodNotAllowed", message, {});
}

/** No format of the answer that the client accepts: 406. */
export function notAcceptable(offered: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${offered.join(", ")}`;
  return failedStatus(406, "NotAcceptable", message, {});
}

/** A body in an unsupported format: 415. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message =
    `the body of the request was in an unknown format - accepted media types include: ${
      accepted.join(", ")
    }`;
  return failedStatus(415, "UnsupportedMediaType", message, {});
}

/** A version that is no longer stored. */
export function expired(message: string): ApiError {
  return failedStatus(410, "Expired", message);
}

/** A fault of the server, or of the node: 500. */
export function internalError(message: string): ApiError {
  return failedStatus(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}
