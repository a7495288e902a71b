/** Answers PATCH, in all four of its forms. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
import type { KubeObject } from "../../../kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { apiVersionOf } from "../../resources.ts";
import type { ApiContext } from "../context.ts";
import { decodeObject } from "../decode.ts";
import { type ApiRequest, type ApiResponse, flag, json } from "../message.ts";
import { decodeText, mediaType, parseJson, parseYaml } from "../negotiate.ts";
import { represent } from "../represent.ts";
import type { ResourceRoute } from "../route.ts";
import { isRecord } from "../../../base/json_value.ts";
import type { Schema } from "../schema/model.ts";
import type { Served } from "../served.ts";
import { badRequest, failure, unsupportedMediaType } from "../status.ts";
import { scaleOf, scaleTo } from "../scale.ts";
import { createObject, existing, replaceObject } from "../stored_object.ts";
import { isDryRun, managerOf, targetNamespace, withWarnings } from "../write.ts";
import { applyTo } from "./apply.ts";
import { applyJsonPatch } from "./json_patch.ts";
import { schemaOf } from "./managed_fields.ts";
import { applyMergePatch } from "./merge_patch.ts";
import { applyStrategicPatch } from "./strategic_patch.ts";

const applyType = "application/apply-patch+yaml";

type Patcher = (document: unknown, patch: unknown, schema: Schema) => unknown;

const patchers: Readonly<Record<string, Patcher>> = {
  "application/json-patch+json": applyJsonPatch,
  "application/merge-patch+json": applyMergePatch,
  "application/strategic-merge-patch+json": applyStrategicPatch,
};

/** Answers a patch of an object, of its status or of its scale. */
export async function patch(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const form = mediaType(request.headers["content-type"]);
  if (form === applyType) return await apply(context, request, type, route);
  const patcher = patchers[form];
  if (patcher === undefined) throw unsupportedMediaType([...Object.keys(patchers), applyType]);
  const body = parseJson(decodeText(request.body));
  const object = existing(context, type, route);
  if (route.subresource === "scale") {
    const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
    const patched = patcher(scaleOf(object), body, { kind: "object", name: "Scale" });
    const wanted = decodeObject(kind, patched, request.query).object;
    const options = {
      dryRun: isDryRun(request.query),
      manager: managerOf(request, "Update", "scale"),
    };
    return json(scaleTo(context, type, object, wanted, options));
  }
  const whole: Stored = { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
  const patched = patcher(whole, body, schemaOf(type));
  const decoded = decodeObject(type, patched, request.query);
  const written = write(context, request, type, route, { ...decoded, previous: object });
  return withWarnings(represent(context, request, type, written), decoded.warnings);
}

function write(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
  { object, previous }: { object: KubeObject; previous: Stored },
): Stored {
  checkName(object, route);
  targetNamespace(type, object, route);
  return replaceObject(context, type, object, previous, {
    half: route.subresource === "status" ? "status" : "all",
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update", route.subresource),
  });
}

function checkName({ metadata: { name } }: KubeObject, route: ResourceRoute): void {
  if (name === route.name) return;
  throw badRequest(
    `the name of the object (${name}) does not match the name on the URL (${route.name})`,
  );
}

async function apply(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (!request.query.get("fieldManager")) {
    throw failure(
      422,
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  const body = await parseYaml(decodeText(request.body));
  if (!isRecord(body)) throw badRequest("the body of an apply must be an object");
  const { object, warnings } = decodeObject(type, body, request.query);
  if (object.metadata.managedFields) {
    throw badRequest("metadata.managedFields must be nil");
  }
  for (const field of ["apiVersion", "kind"]) {
    if (!body[field]) throw badRequest(`Object '${field}' is missing in the applied configuration`);
  }
  if (object.metadata.name) checkName(object, route);
  const metadata = { ...object.metadata, name: object.metadata.name ?? route.name };
  const wanted = { ...object, metadata };
  const namespace = targetNamespace(type, wanted, route);
  const live = context.store.get(type, namespace, route.name);
  const manager = managerOf(request, "Apply", route.subresource);
  const options = { manager, force: flag(request.query, "force"), now: context.clock.now() };
  // Through the schema again: a map that lost its last field is removed.
  const { object: applied } = decodeObject(
    type,
    applyTo(type, live, wanted, options),
    request.query,
  );
  const dryRun = isDryRun(request.query);
  const { managedFields } = applied.metadata;
  const written = live === undefined
    ? createObject(context, type, applied, {
      namespace,
      dryRun,
      managedFields: managedFields ?? [],
    })
    : replaceObject(context, type, applied, live, {
      half: route.subresource === "status" ? "status" : "all",
      dryRun,
      managedFields: managedFields ?? [],
    });
  const answer = represent(context, request, type, written, live === undefined ? 201 : 200);
  return withWarnings(answer, warnings);
}
