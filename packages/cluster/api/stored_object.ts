/** Prepares an object for the store, from any writer. */
import { definedOnly } from "../../../src/base/json_value.ts";
import type { KubeObject, Pod } from "../../../src/kube/types.ts";
import { type ResourceType, type Stored, StoreError, timestamp } from "../model.ts";
import { resources } from "../resources.ts";
import { afterUpdate, hasGeneration } from "../store/store.ts";
import type { ApiContext } from "./context.ts";
import { applyCreationDefaults, applyDefaults } from "./defaults.ts";
import { newMetadata, updatedMetadata } from "./object_meta.ts";
import {
  checkedEntries,
  entriesAfterUpdate,
  type ManagedEntry,
  type Manager,
} from "./patch/managed_fields.ts";
import type { ResourceRoute } from "./route.ts";
import { alreadyExists, ApiError, badRequest, conflict, forbidden, notFound } from "./status.ts";
import { validate } from "./validation/validate.ts";

/** The owner of a write: the manager whose fields are to be computed, or the final managedFields. */
type Ownership = { manager: Manager } | { managedFields: ManagedEntry[] };

/** Writes the owners of its fields into a draft. `entries` are those that its writer sent on purpose. */
function own(
  context: ApiContext,
  type: ResourceType,
  draft: KubeObject,
  previous: Stored | undefined,
  options: Ownership & { entries?: ManagedEntry[] | undefined },
): void {
  const entries = options.entries ?? previous?.metadata.managedFields ?? [];
  const managedFields = "managedFields" in options
    ? options.managedFields
    : entriesAfterUpdate(type, draft, previous, {
      manager: options.manager,
      entries: checkedEntries(entries),
      now: context.clock.now(),
    });
  draft.metadata = { ...draft.metadata, managedFields };
}

/** Applies defaults, validates and stores a new object; with `dryRun` all but the last. */
export function createObject(
  context: ApiContext,
  type: ResourceType,
  object: KubeObject,
  options: { namespace: string; dryRun: boolean } & Ownership,
): Stored {
  if (object.metadata.resourceVersion) {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  const { status: _status, ...rest } = structuredClone(object);
  const metadata = newMetadata(rest.metadata, {
    namespace: options.namespace,
    random: context.random,
  });
  const draft: KubeObject = { ...rest as KubeObject, metadata };
  checkNamespace(context, type, draft, options.namespace);
  applyDefaults(type, draft);
  applyCreationDefaults(context, type, draft);
  checkReferences(context, type, draft);
  validate(type, draft);
  own(context, type, draft, undefined, options);
  const { name = "" } = draft.metadata;
  if (options.dryRun) {
    if (context.store.get(type, options.namespace, name)) throw alreadyExists(type, name);
    const creationTimestamp = timestamp(context.clock.now());
    const generation = hasGeneration(type) ? { generation: 1 } : {};
    const filled = { uid: context.newUid(), ...draft.metadata, creationTimestamp, ...generation };
    return { ...draft, metadata: filled };
  }
  return throughStore(type, name, () => context.store.create(type, draft));
}

/** Looks up what admission of a pod needs. Throws a 403. */
function checkReferences({ store }: ApiContext, type: ResourceType, object: KubeObject): void {
  if (type.kind !== resources.pods.kind) return;
  const { name = "", namespace = "" } = object.metadata;
  const { serviceAccountName = "default", priorityClassName = "" } = (object as Pod).spec ?? {};
  // The account `default` is created by a controller, a moment after its namespace.
  if (
    serviceAccountName !== "default" &&
    store.get(resources.serviceAccounts, namespace, serviceAccountName) === undefined
  ) {
    const account = `${namespace}/${serviceAccountName}`;
    throw forbidden(
      type,
      name,
      `error looking up service account ${account}: serviceaccount ${
        JSON.stringify(serviceAccountName)
      } not found`,
    );
  }
  if (
    priorityClassName !== "" &&
    store.get(resources.priorityClasses, "", priorityClassName) === undefined
  ) {
    throw forbidden(type, name, `no PriorityClass with name ${priorityClassName} was found`);
  }
}

function checkNamespace(
  { store }: ApiContext,
  type: ResourceType,
  object: KubeObject,
  name: string,
): void {
  if (!type.namespaced) return;
  const namespace = store.get(resources.namespaces, "", name);
  if (namespace === undefined) throw notFound(resources.namespaces, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const refusal = forbidden(
    type,
    object.metadata.name ?? "",
    `unable to create new content in namespace ${name} because it is being terminated`,
  );
  throw new ApiError({
    ...refusal.status,
    details: {
      ...refusal.status.details,
      causes: [{
        reason: "NamespaceTerminating",
        message: `namespace ${name} is being terminated`,
        field: "metadata.namespace",
      }],
    },
  });
}

/** Maps the store's refusals to their Status. */
export function throughStore<T>(type: ResourceType, name: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.reason === "alreadyExists") throw alreadyExists(type, name);
    if (error.reason === "notFound") throw notFound(type, name);
    throw conflict(type, name);
  }
}

/** The part of an object that a write may change. */
export type Half = "all" | "status";

/** Returns the object of a path. Throws a 404. */
export function existing({ store }: ApiContext, type: ResourceType, route: ResourceRoute): Stored {
  const found = store.get(type, route.namespace, route.name);
  if (found === undefined) throw notFound(type, route.name);
  return found;
}

/** Applies defaults, validates and stores the new state of an object, or of its status alone. */
export function replaceObject(
  context: ApiContext,
  type: ResourceType,
  object: KubeObject,
  previous: Stored,
  options: { half: Half; dryRun: boolean } & Ownership,
): Stored {
  const { name = "" } = previous.metadata;
  const { uid, resourceVersion } = object.metadata;
  if (uid !== undefined && uid !== previous.metadata.uid) {
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) {
    throw conflict(type, name);
  }
  const draft = nextState(object, previous, options.half);
  if (options.half === "all") {
    applyDefaults(type, draft);
    keepAddresses(type, draft, previous);
    validate(type, draft, previous);
  }
  own(context, type, draft, previous, { ...options, entries: object.metadata.managedFields });
  if (options.dryRun) return afterUpdate(draft, previous);
  return throughStore(type, name, () => context.store.update(type, draft));
}

function nextState(object: KubeObject, previous: Stored, half: Half): KubeObject {
  const { resourceVersion: _any, ...metadata } = object.metadata;
  if (half === "status") {
    const { labels, annotations, finalizers, ownerReferences } = previous.metadata;
    const preserved = { ...previous.metadata, labels, annotations, finalizers, ownerReferences };
    return structuredClone({
      ...previous,
      ...("status" in object ? { status: object["status"] } : {}),
      metadata: definedOnly(preserved) as Stored["metadata"],
    });
  }
  const { status: _status, ...desired } = object;
  return structuredClone({
    ...desired as KubeObject,
    ...("status" in previous ? { status: previous["status"] } : {}),
    metadata: updatedMetadata(metadata, previous),
  });
}

/** Copies a service's addresses if a replacement omits them: the cluster assigns them. */
function keepAddresses(type: ResourceType, draft: KubeObject, previous: Stored): void {
  if (type.kind !== resources.services.kind) return;
  const before = previous["spec"] as Record<string, unknown>;
  const spec = draft["spec"] as Record<string, unknown> | undefined;
  if (spec === undefined || spec["type"] === "ExternalName") return;
  spec["clusterIP"] ??= before["clusterIP"];
  spec["clusterIPs"] ??= before["clusterIPs"];
}
