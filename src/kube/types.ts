/**
 * The Kubernetes API objects that kodama reads and writes, exactly as they are on the wire
 * (timestamps are RFC 3339 strings), from the published OpenAPI description.
 *
 * Declarations only: nothing here exists at run time, so the embedded cluster may share them.
 */
export type {
  ConfigMap,
  Container,
  ContainerState,
  ContainerStatus,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodStatus,
  Probe,
  Secret,
  Toleration,
  Volume,
  VolumeMount,
} from "kubernetes-types/core/v1.d.ts";
export type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
export type { Job } from "kubernetes-types/batch/v1.d.ts";
export type { LabelSelector, ObjectMeta, OwnerReference } from "kubernetes-types/meta/v1.d.ts";

import type { ObjectMeta } from "kubernetes-types/meta/v1.d.ts";

/** The common fields of every API object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/**
 * The API's result of an operation: an error body, a `Status` on an exec's error channel.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export interface Status {
  apiVersion: "v1";
  kind: "Status";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  /** Machine-readable: `NotFound`, `Forbidden`, `NonZeroExitCode` … */
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
    retryAfterSeconds?: number;
  };
  /** The HTTP status code; absent on an exec's error channel. */
  code?: number;
}
