/**
 * The metrics API, as metrics-server serves it: usage of pods and nodes, measured when it is requested.
 * https://kubernetes.io/docs/reference/external-api/metrics.v1beta1/
 */
import {
  type ProcessUsage,
  type ResourceType,
  type Stored,
  timestamp,
  type UsageReport,
} from "../model.ts";
import { resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { type ApiRequest, type ApiResponse, json } from "./message.ts";
import { type ResourceRoute, verbOf } from "./route.ts";
import { parseSelection, servedAt } from "./served.ts";
import { failedStatus, methodNotAllowed, noSuchResource } from "./status.ts";

/** The group, and its only version. */
export const metricsGroup = "metrics.k8s.io";
export const metricsVersion = "v1beta1";

/** The kinds of objects that are measured, and of what is returned for them. */
export const measured: readonly { type: ResourceType; kind: string }[] = [
  { type: resources.pods, kind: "PodMetrics" },
  { type: resources.nodes, kind: "NodeMetrics" },
];

/** Answers a request. Throws a 404 for an object that isn't measured, a 503 if this machine can't measure. */
export async function answerMetrics(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const found = measured.find(({ type }) => type.plural === route.plural);
  if (found === undefined || route.version !== metricsVersion || route.subresource !== "") {
    throw noSuchResource();
  }
  const verb = verbOf(request, route);
  if (verb !== "get" && verb !== "list") throw methodNotAllowed();
  const report = await context.node.usage();
  if (report === undefined) {
    throw failedStatus(503, "ServiceUnavailable", "this machine reports no usage of processes", {});
  }
  const { type, kind } = found;
  const metricsOf = (object: Stored) => measuredObject(object, { type, kind, report });
  if (verb === "get") {
    const object = context.store.get(type, route.namespace, route.name);
    const metrics = object && metricsOf(object);
    if (metrics !== undefined) return json(metrics);
    throw failedStatus(404, "NotFound", `${kind.toLowerCase()} ${nameOf(route)} not found`, {
      group: metricsGroup,
      kind: type.plural,
      name: route.name,
    });
  }
  const served = servedAt(type);
  if (served === undefined) throw noSuchResource();
  const matches = parseSelection(served, request.query);
  const objects = context.store.list(type, route.namespace === "" ? undefined : route.namespace);
  return json({
    kind: `${kind}List`,
    apiVersion: `${metricsGroup}/${metricsVersion}`,
    metadata: {},
    items: objects.filter(matches).flatMap((object) => metricsOf(object) ?? []),
  });
}

function nameOf({ namespace, name }: ResourceRoute): string {
  return JSON.stringify(namespace === "" ? name : `${namespace}/${name}`);
}

/** Returns undefined for a pod of which nothing runs. */
function measuredObject(
  { metadata }: Stored,
  { type, kind, report }: { type: ResourceType; kind: string; report: UsageReport },
): Record<string, unknown> | undefined {
  const { name, namespace, uid = "", labels } = metadata;
  const common = {
    kind,
    apiVersion: `${metricsGroup}/${metricsVersion}`,
    metadata: {
      name,
      ...(type.namespaced ? { namespace } : {}),
      creationTimestamp: timestamp(report.timestamp),
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp: timestamp(report.timestamp),
    window: `${(report.windowMs / 1000).toFixed(3)}s`,
  };
  if (type === resources.nodes) return { ...common, usage: quantities(report.machine) };
  const containers = report.pods.get(uid);
  if (containers === undefined) return undefined;
  return {
    ...common,
    containers: [...containers].map(([name, usage]) => ({ name, usage: quantities(usage) })),
  };
}

/** As metrics-server writes them: nanocores and KiB. */
function quantities({ cores, memoryBytes }: ProcessUsage): { cpu: string; memory: string } {
  return {
    cpu: `${Math.max(0, Math.round(cores * 1e9))}n`,
    memory: `${Math.round(memoryBytes / 1024)}Ki`,
  };
}
