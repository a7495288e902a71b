import type { TextPattern } from "../../base/plain_text.ts";

/** One container of one pod in one context: a command runs in it. */
export interface Target {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  /** Empty while the pod isn't scheduled. */
  node: string;
  /** Empty while the pod has none. */
  ip: string;
  /** The pod's own uid, which distinguishes it from a later one of the same name. Absent if unknown. */
  uid?: string;
  /** The containers that this is the default of, if the pod has several and nothing named it. */
  outOf?: readonly string[];
  /** The state of a pod that isn't usable, when it was read: `is Pending: 0/1 containers ready`. */
  trouble?: string;
}

/** Pods are chosen by one or more of them. */
export type NamePattern = TextPattern;

/**
 * An operand of a command: a pod by its exact name, or all pods of a workload (`deploy/web`). Options besides the name
 * of a pod narrow it: the pods of the name elsewhere, and its other containers, are not selected. So does the namespace
 * of a workload. Its plural is one of Kubernetes' own workloads: no other kind of that plural is meant.
 */
export type SelectionOperand =
  | { kind: "pod"; name: string; namespace?: string; context?: string; container?: string }
  | { kind: "workload"; plural: string; name: string; namespace?: string; context?: string };

/**
 * The requested selection, with every argument already parsed. Within one context; the same selection is applied to
 * each context in turn.
 */
export interface Selection {
  /** `default` is the context's own namespace. */
  namespaces: { kind: "default" } | { kind: "all" } | { kind: "named"; names: readonly string[] };
  operands: readonly SelectionOperand[];
  /** Any of them. All pods if empty. */
  match: readonly NamePattern[];
  /** None of them. */
  exclude: readonly NamePattern[];
  labelSelector?: string;
  fieldSelector?: string;
  /** Every pod's default container (annotation, else the first) if absent. */
  container?: string;
  node?: string;
  /** A random choice of N of the matches. */
  sample?: number;
  sort: "name" | "age" | "node";
  shuffle: boolean;
  /** Includes pods that aren't Running. */
  allPhases: boolean;
}

/** A pod that the selection names and that can't be a target, with the reason in plain language. */
export interface SkippedPod {
  namespace: string;
  pod: string;
  reason: string;
  /** The user named the pod, so that it counts as a failure. */
  named?: true;
}

/** Every running pod of the context's own namespace: the default if nothing narrows it. */
export const wholeSelection: Selection = {
  namespaces: { kind: "default" },
  operands: [],
  match: [],
  exclude: [],
  sort: "name",
  shuffle: false,
  allPhases: false,
};
