/** Stored objects in the format that a client requested. */
import type { ResourceType, Stored } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { acceptedForm, type Form } from "./negotiate.ts";
import { badRequest } from "./status.ts";
import { type IncludeObject, partialObject, tableOf } from "./tables/table.ts";

/** Returns an object as it appears alone in an answer: with its kind, even if the writer omitted it. */
export function withKind(type: ResourceType, object: Stored): Stored {
  return { ...object, kind: type.kind, apiVersion: apiVersionOf(type) };
}

/** The format that the request asks of each answer. */
export interface Representation {
  form: Form;
  includeObject: IncludeObject;
}

/** Reads Accept and includeObject. Throws a 406, or a 400. */
export function representationOf(request: ApiRequest): Representation {
  const include = request.query.get("includeObject") ?? "Metadata";
  if (include !== "None" && include !== "Metadata" && include !== "Object") {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  }
  return { form: acceptedForm(request.headers["accept"]), includeObject: include };
}

/** Returns one object: the answer of get, create, update and patch. */
export function represent(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  object: Stored,
  code = 200,
): ApiResponse {
  const { form, includeObject } = representationOf(request);
  switch (form) {
    case "object":
      return json(withKind(type, object), code);
    case "partial":
      return json(partialObject(object), code);
    case "table":
      return json(
        tableOf(type, [object], {
          includeObject,
          now: context.clock.now(),
          metadata: { resourceVersion: object.metadata.resourceVersion },
          withColumns: true,
        }),
        code,
      );
  }
}
