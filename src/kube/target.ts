import type { TextPattern } from "../base/text_pattern.ts";

/** One container of one pod in one context: what a command runs in. */
export interface Target {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  /** Empty while the pod isn't scheduled. */
  node: string;
  /** Empty while the pod has none. */
  ip: string;
  /** The pod's own, by which it is told from a later one of the same name. Absent where nobody told it. */
  uid?: string;
}

/** Pods are chosen by one or more of them. */
export type NamePattern = TextPattern;

/**
 * An operand of a command: a pod by its exact name, or all pods of a workload (`deploy/web`). What is given besides the
 * name of a pod narrows it: the pods of the name elsewhere, and its other containers, are not selected.
 */
export type SelectionOperand =
  | { kind: "pod"; name: string; namespace?: string; context?: string; container?: string }
  | { kind: "workload"; plural: string; name: string };

/**
 * What a person asked for, with every word already turned into its narrow type. Within one context; the
 * same selection is asked of each context in turn.
 */
export interface Selection {
  /** `default` is the context's own namespace. */
  namespaces: { kind: "default" } | { kind: "all" } | { kind: "named"; names: readonly string[] };
  operands: readonly SelectionOperand[];
  /** Any of them. All pods where it is empty. */
  match: readonly NamePattern[];
  /** None of them. */
  exclude: readonly NamePattern[];
  labelSelector?: string;
  fieldSelector?: string;
  /** Every pod's default container (annotation, else the first) where it is absent. */
  container?: string;
  node?: string;
  /** A random choice of so many of the matches. */
  sample?: number;
  sort: "name" | "age" | "node";
  shuffle: boolean;
  /** Pods that aren't Running too. */
  allPhases: boolean;
}

/** A pod that the selection names and that can't be a target, with the reason as a person would say it. */
export interface SkippedPod {
  namespace: string;
  pod: string;
  reason: string;
}
