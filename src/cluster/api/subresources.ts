/** Paths below an object. */
import type { ResourceType } from "../model.ts";
import { apiVersionOf, resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import { readLog } from "./logs.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { parseBody } from "./negotiate.ts";
import { patch } from "./patch/patch.ts";
import { optionsOf, removeObject } from "./remove.ts";
import { represent } from "./represent.ts";
import { scaleOf, scaleTo } from "./scale.ts";
import type { ResourceRoute } from "./route.ts";
import { isRecord } from "../../base/json_value.ts";
import type { Served } from "./served.ts";
import { badRequest, conflict, failure, methodNotAllowed, noSuchResource } from "./status.ts";
import { tokenRequest } from "./token_request.ts";
import { existing, throughStore } from "./stored_object.ts";
import { isDryRun, managerOf, update } from "./write.ts";

/** Answers a request about a subresource. Streams are handled elsewhere: as an upgrade of the connection. */
export async function subresource(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (!served.subresources.some(({ name }) => name === route.subresource)) throw noSuchResource();
  const { type } = served;
  switch (route.subresource) {
    case "status":
      return await status(context, request, served, route);
    case "scale":
      if (request.method === "PATCH") return await patch(context, request, served, route);
      return await scale(context, request, type, route);
    case "log":
      if (request.method !== "GET") throw methodNotAllowed();
      return await readLog(context, request, route);
    case "eviction":
      return await evict(context, request, route);
    case "binding":
      return await bind(context, request, route);
    case "token":
      return await tokenRequest(context, request, route);
    case "finalize":
      return await finalize(context, request, route);
    default:
      throw badRequest("Upgrade request required");
  }
}

async function status(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  switch (request.method) {
    case "GET":
      return represent(context, request, served.type, existing(context, served.type, route));
    case "PUT":
      return await update(context, request, served, route);
    case "PATCH":
      return await patch(context, request, served, route);
    default:
      throw methodNotAllowed();
  }
}

async function scale(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const object = existing(context, type, route);
  if (request.method === "GET") return json(scaleOf(object));
  if (request.method !== "PUT") throw methodNotAllowed();
  const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const wanted = decodeObject(kind, body, request.query).object;
  const options = {
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update", "scale"),
  };
  return json(scaleTo(context, type, object, wanted, options));
}

async function evict(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "policy", version: "v1", kind: "Eviction" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(kind, body, request.query);
  const options = isRecord(object["deleteOptions"]) ? object["deleteOptions"] : {};
  const pod = existing(context, resources.pods, route);
  removeObject(context, resources.pods, pod, optionsOf(options, request.query));
  return json(
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
    201,
  );
}

/** Binds a pod to its node, as a scheduler does. */
async function bind(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "", version: "v1", kind: "Binding" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { target } = decodeObject(kind, body, request.query).object as {
    target?: { name?: string };
  };
  const pod = existing(context, resources.pods, route);
  const spec = pod["spec"] as { nodeName?: string };
  if (!target?.name) throw badRequest("target.name: Required value");
  if (spec.nodeName) {
    const why = `pod ${route.name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
    throw conflict(resources.pods, route.name, why);
  }
  const bound = { ...pod, spec: { ...spec, nodeName: target.name } };
  if (!isDryRun(request.query)) {
    throughStore(resources.pods, route.name, () => context.store.update(resources.pods, bound));
  }
  return json(
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
    201,
  );
}

/** Writes the finalizers of a namespace's spec; without any, a namespace that is being deleted is removed. */
async function finalize(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "PUT") throw methodNotAllowed();
  const type = resources.namespaces;
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(type, body, request.query);
  const before = existing(context, type, route);
  if (object.metadata.name !== undefined && object.metadata.name !== route.name) {
    throw failure(400, "BadRequest", "the name of the object does not match the name on the URL");
  }
  const next = { ...before, spec: object["spec"] ?? {}, apiVersion: apiVersionOf(type) };
  const written = throughStore(type, route.name, () => context.store.update(type, next));
  return represent(context, request, type, written);
}
