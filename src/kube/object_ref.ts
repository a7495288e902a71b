/**
 * References to objects: from one part of the program to another, and from Events to the objects that they are about. A kind is
 * named with its group, because other groups may have kinds of the same name.
 */
import { definedOnly, isRecord } from "../base/json_value.ts";
import type { ApiResource } from "./client.ts";
import { isSameKind, NODES, PODS } from "./resources.ts";
import type { ObjectMeta } from "./types.ts";

/** An object of a cluster; a JSON value, so that it can be stored. */
export interface ObjectRef {
  readonly context: string;
  readonly resource: ApiResource;
  /** Absent for a kind without namespaces. */
  readonly namespace?: string;
  readonly name: string;
  /** Absent if unknown, and for objects that an aggregated API computes. */
  readonly uid?: string;
}

/** Returns the reference that a stored value is; undefined if a part of it is missing. */
export function storedObjectRef(value: unknown): ObjectRef | undefined {
  if (!isRecord(value) || !isRecord(value["resource"])) return undefined;
  const { context, namespace, name, uid } = value;
  const { group, version, plural, kind, namespaced } = value["resource"];
  const isText = (one: unknown) => typeof one === "string";
  if (!isText(context) || !isText(name) || !isText(group) || !isText(version)) return undefined;
  if (!isText(plural) || !isText(kind) || typeof namespaced !== "boolean") return undefined;
  return {
    context,
    resource: { group, version, plural, kind, namespaced },
    name,
    ...definedOnly({
      namespace: isText(namespace) ? namespace : undefined,
      uid: isText(uid) ? uid : undefined,
    }),
  };
}

/**
 * The annotation of a static pod's image in the API: the uid that the kubelet uses in Events about the pod.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-config-mirror
 */
const mirror = "kubernetes.io/config.mirror";

/** Returns the uids that Events about an object may have: also those that kubelets use of nodes and static pods. */
export function eventUids(
  resource: ApiResource,
  { name, uid, annotations }: Pick<ObjectMeta, "name" | "uid" | "annotations">,
): string[] {
  const other = isSameKind(resource, NODES)
    ? name
    : isSameKind(resource, PODS)
    ? annotations?.[mirror]
    : undefined;
  return [uid ?? "", other ?? ""].filter((one) => one !== "");
}

/** Returns the namespace and the selector of the Events about an object, and not about others of its name. */
export function eventsAbout(
  resource: ApiResource,
  metadata: Pick<ObjectMeta, "name" | "namespace" | "uid" | "annotations">,
): { namespace: string; fieldSelector: string } {
  const { name = "", namespace = "default" } = metadata;
  const [uid, ...others] = eventUids(resource, metadata);
  return {
    namespace,
    // A selector can't name two uids.
    fieldSelector: uid !== undefined && others.length === 0
      ? `involvedObject.uid=${uid}`
      : `involvedObject.kind=${resource.kind},involvedObject.name=${name}`,
  };
}
