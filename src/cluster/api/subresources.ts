/** Paths below an object. */
import type { KubeObject } from "../../kube/types.ts";
import type { ResourceType, Stored } from "../model.ts";
import { apiVersionOf, resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import { readLog } from "./logs.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { parseBody } from "./negotiate.ts";
import { optionsOf, removeObject } from "./remove.ts";
import { represent } from "./represent.ts";
import type { ResourceRoute } from "./route.ts";
import { isRecord } from "./schema/conform.ts";
import type { Served } from "./served.ts";
import { badRequest, conflict, failure, methodNotAllowed, noSuchResource } from "./status.ts";
import { tokenRequest } from "./token_request.ts";
import { existing, isDryRun, replaceObject, throughStore, update } from "./write.ts";

/** Answers a request about a subresource. Streams come by another way: as an upgrade of the connection. */
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
    default:
      throw methodNotAllowed();
  }
}

/** An object's Scale. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/scale-v1/ */
export function scaleOf(object: Stored): Stored {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = object["spec"] as {
    replicas?: number;
    selector?: { matchLabels?: Record<string, string> };
  };
  const state = object["status"] as { replicas?: number } | undefined;
  const selector = Object.entries(spec.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`).sort().join(",");
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: metadata as Stored["metadata"],
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: state?.replicas ?? 0, ...(selector === "" ? {} : { selector }) },
  };
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
  return json(scaleTo(context, type, object, wanted, isDryRun(request.query)));
}

/** Writes the replicas of a Scale into its object. */
export function scaleTo(
  context: ApiContext,
  type: ResourceType,
  object: Stored,
  wanted: KubeObject,
  dryRun: boolean,
): Stored {
  const { replicas = 0 } = (wanted["spec"] ?? {}) as { replicas?: number };
  const { resourceVersion } = wanted.metadata;
  const next = {
    ...object,
    metadata: { ...object.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
    spec: { ...object["spec"] as object, replicas },
  };
  return scaleOf(replaceObject(context, type, next, object, { half: "all", dryRun }));
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

/** Gives a pod its node: what a scheduler does. */
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

/** Writes the finalizers of a namespace's spec; without any left, a namespace that is being deleted goes. */
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
