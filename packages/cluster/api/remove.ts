/** Deleting objects. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-deletion */
import type { KubeObject, Status } from "../../../src/kube/types.ts";
import { deletionOf } from "../controllers/deletion.ts";
import type { Propagation } from "../controllers/action.ts";
import type { ResourceType, Stored } from "../model.ts";
import { apiVersionOf, resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { parseBody, withKind } from "./negotiate.ts";
import type { ResourceRoute } from "./route.ts";
import { isRecord } from "../../../src/base/json_value.ts";
import { parseSelection, type Served } from "./served.ts";
import { badRequest, conflict } from "./status.ts";
import { existing, throughStore } from "./stored_object.ts";
import { isDryRun } from "./write.ts";

/** How an object is to be deleted. */
interface DeleteRequest {
  graceSeconds: number | undefined;
  propagation: Propagation | undefined;
  preconditions: { uid?: string; resourceVersion?: string };
  dryRun: boolean;
}

const propagations: Readonly<Record<string, Propagation>> = {
  Background: "background",
  Foreground: "foreground",
  Orphan: "orphan",
};

/** Reads DeleteOptions from the body, and from the query what the body omits. */
async function deleteOptions(request: ApiRequest): Promise<DeleteRequest> {
  const parsed = request.body.length === 0
    ? {}
    : await parseBody(request.body, request.headers["content-type"]);
  if (!isRecord(parsed)) throw badRequest("the body of a delete must be DeleteOptions");
  return optionsOf(parsed, request.query);
}

/** Reads DeleteOptions that a body holds, or an Eviction carries. */
export function optionsOf(body: Record<string, unknown>, query: URLSearchParams): DeleteRequest {
  const grace = body["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds") ?? undefined;
  const propagation = body["propagationPolicy"] ?? query.get("propagationPolicy") ??
    (body["orphanDependents"] === true ? "Orphan" : undefined);
  if (propagation !== undefined && propagations[String(propagation)] === undefined) {
    throw badRequest(
      `invalid propagationPolicy ${
        JSON.stringify(propagation)
      }: must be Background, Foreground or Orphan`,
    );
  }
  const dryRun = Array.isArray(body["dryRun"]) && body["dryRun"].includes("All");
  return {
    graceSeconds: grace === undefined ? undefined : Number(grace),
    propagation: propagation === undefined ? undefined : propagations[String(propagation)],
    preconditions: isRecord(body["preconditions"]) ? body["preconditions"] : {},
    dryRun: dryRun || isDryRun(query),
  };
}

/** Answers a delete of one object. */
export async function answerDelete(
  context: ApiContext,
  request: ApiRequest,
  { type }: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const options = await deleteOptions(request);
  return deleted(type, removeObject(context, type, existing(context, type, route), options));
}

/** The state after a deletion, and whether the object was removed. */
export interface Removal {
  object: Stored;
  removed: boolean;
}

/** Deletes or marks an object. */
export function removeObject(
  context: ApiContext,
  type: ResourceType,
  object: Stored,
  options: DeleteRequest,
): Removal {
  const { name = "", namespace = "" } = object.metadata;
  checkPreconditions(type, object, options.preconditions);
  const deletion = deletionOf(type, object, {
    propagation: options.propagation ?? defaultPropagation(type),
    graceSeconds: options.graceSeconds,
    now: context.clock.now(),
  });
  if (options.dryRun) return { object, removed: deletion.kind === "removed" };
  if (deletion.kind === "removed") {
    const last = throughStore(type, name, () => context.store.remove(type, namespace, name));
    return { object: last, removed: true };
  }
  const marked: KubeObject = deletion.object;
  return {
    object: throughStore(type, name, () => context.store.update(type, marked)),
    removed: context.store.get(type, namespace, name) === undefined,
  };
}

/** Jobs orphan their pods by default: it dates from the time before garbage collection. */
function defaultPropagation(type: ResourceType): Propagation {
  return type.kind === resources.jobs.kind ? "orphan" : "background";
}

function checkPreconditions(
  type: ResourceType,
  { metadata }: Stored,
  { uid, resourceVersion }: DeleteRequest["preconditions"],
): void {
  const refuse = (what: string, desired: string, present: string | undefined) =>
    conflict(
      type,
      metadata.name ?? "",
      `Precondition failed: ${what} in precondition: ${desired}, ${what} in object meta: ${present}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw refuse("UID", uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse("ResourceVersion", resourceVersion, metadata.resourceVersion);
  }
}

/** Answers a deletion: with the object if it is a pod, a service or the like, or still exists; else with a Status. */
function deleted(type: ResourceType, { object, removed }: Removal): ApiResponse {
  const returnsObject = [
    resources.pods.kind,
    resources.services.kind,
    resources.serviceAccounts.kind,
    resources.persistentVolumeClaims.kind,
    resources.persistentVolumes.kind,
  ];
  if (!removed || returnsObject.includes(type.kind)) return json(withKind(type, object));
  const { name, uid } = object.metadata;
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      ...(name ? { name } : {}),
      ...(type.group === "" ? {} : { group: type.group }),
      kind: type.plural,
      ...(uid ? { uid } : {}),
    },
  };
  return json(status);
}

/** Answers a delete of all selected objects. */
export async function removeCollection(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const { type } = served;
  const matches = parseSelection(served, request.query);
  const options = await deleteOptions(request);
  const namespace = route.namespace === "" ? undefined : route.namespace;
  const items = context.store.list(type, namespace).filter(matches)
    .map((object) => removeObject(context, type, object, options).object)
    .map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
  const metadata = { resourceVersion: String(context.store.resourceVersion) };
  return json({ kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items });
}
