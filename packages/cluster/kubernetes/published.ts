/**
 * Kubernetes' API as it publishes it: kinds, and the structures of their objects. `tools/kubernetes_api.ts` writes the
 * files; nothing in them is ours but the extensions of {@link Property}. `LICENSE` is Kubernetes' own.
 */

import type { ResourceType } from "../model.ts";

/** One field of a structure: a schema of OpenAPI 2, and what Go's types add to it. */
export interface Property {
  $ref?: string;
  type?: string;
  format?: string;
  items?: Property;
  additionalProperties?: Property;
  default?: unknown;
  "x-kubernetes-list-type"?: "atomic" | "map" | "set";
  "x-kubernetes-list-map-keys"?: readonly string[];
  "x-kubernetes-patch-strategy"?: string;
  "x-kubernetes-patch-merge-key"?: string;
  /** Its number in a protobuf message; several lead through messages that JSON doesn't show. */
  numbers?: readonly number[];
  /** Absent isn't the same as empty. */
  pointer?: true;
  /** Written even if it is empty. */
  always?: true;
  /** A structure in Go, and no pointer: written even if nothing in it is set. */
  structure?: true;
}

/** A structure, or a type that is one in Go and a plain value in JSON. */
export interface Definition {
  type?: string;
  format?: string;
  properties?: Readonly<Record<string, Property>>;
  required?: readonly string[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

/** A path below an object. */
export interface Subresource {
  name: string;
  /** The kind that is read or sent, with its group and version if they differ from those of the object. */
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly string[];
}

/** A kind that is stored. */
export interface PublishedKind extends ResourceType {
  subresources: readonly Subresource[];
}

/** The content of `api.json`. */
export interface KubernetesApi {
  version: string;
  kinds: readonly PublishedKind[];
  definitions: Readonly<Record<string, Definition>>;
}

/** The content of `texts.json`: the descriptions of a definition's fields; that of `""` is its own. */
export type KubernetesTexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Returns the API. It is read at once: nothing of the cluster works without it. */
export const kubernetesApi: KubernetesApi = readBeside("api.json");

let texts: KubernetesTexts | undefined;

/** Returns the descriptions, which are read when a client first asks for a document that has them. */
export function kubernetesTexts(): KubernetesTexts {
  return texts ??= readBeside<KubernetesTexts>("texts.json");
}

function readBeside<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(name, import.meta.url))) as T;
}
