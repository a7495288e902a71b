/** Kinds by their names. */
import type { ObjectKind } from "../readiness.ts";

const groups: Readonly<Record<string, string>> = {
  Deployment: "apps",
  StatefulSet: "apps",
  DaemonSet: "apps",
  ReplicaSet: "apps",
  Job: "batch",
  CronJob: "batch",
  PodDisruptionBudget: "policy",
  HorizontalPodAutoscaler: "autoscaling",
  Ingress: "networking.k8s.io",
  CustomResourceDefinition: "apiextensions.k8s.io",
  Certificate: "cert-manager.io",
  Thing: "example.com",
};

/** Returns the kind of a name: of Kubernetes' own group, or of a custom resource. `Job.example.com` has another group. */
export function kindNamed(name: string): ObjectKind {
  const [kind = "", ...group] = name.split(".");
  return { kind, group: group.length > 0 ? group.join(".") : groups[kind] ?? "" };
}
