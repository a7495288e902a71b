/** Workloads for the tests of controllers, as the API would have them. */
import type { DaemonSet, Deployment, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import { isActive } from "../pods.ts";
import type { TestCluster } from "./fixture.ts";

/** The namespace of all of them. */
export const namespace = "default";

/** Returns the parts that every workload's test shares: a selector, and a template that it selects. */
export function workloadSpec(app: string, image = "busybox:1") {
  return {
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: { containers: [{ name: "main", image }] },
    },
  };
}

/** Returns a Deployment `web` of three pods. */
export function deployment(spec: Partial<NonNullable<Deployment["spec"]>> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: { replicas: 3, ...workloadSpec("web"), ...spec },
  };
}

/** Returns a StatefulSet `db` of three pods. */
export function statefulSet(spec: Partial<NonNullable<StatefulSet["spec"]>> = {}): StatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace },
    spec: { replicas: 3, serviceName: "db", ...workloadSpec("db"), ...spec },
  };
}

/** Returns a DaemonSet `agent`. */
export function daemonSet(): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace },
    spec: workloadSpec("agent"),
  };
}

/** Returns a Job `once`. */
export function job(spec: Partial<NonNullable<Job["spec"]>> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once", namespace },
    spec: { ...workloadSpec("once"), ...spec },
  };
}

/** Returns the pods of a workload that count. */
export function activePods(cluster: TestCluster, app: string) {
  return cluster.list("pods").filter((pod) =>
    isActive(pod) && pod.metadata.labels?.["app"] === app
  );
}

/** Sets another image. */
export function setImage(cluster: TestCluster, image: string): void {
  cluster.edit("deployments", [namespace, "web"], (it) => {
    it.spec!.template.spec!.containers[0]!.image = image;
  });
}
