/** The pods behind the targets of a forward, and their ports. */
import { KodamaError, unlessError, UsageError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import type { ForwardPod } from "../../forward/model.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { LiveSource } from "../../kube/live_list.ts";
import { PODS, SERVICES } from "../../kube/resources.ts";
import { selectionText } from "../../kube/select/find_targets.ts";
import { podSources } from "../../kube/select/live_pods.ts";
import { isMeant } from "../../kube/select/selection.ts";
import type { Selection, SelectionOperand } from "../../kube/select/target.ts";
import type { KubeObject, Pod } from "../../kube/types.ts";
import { noMatch } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";
import {
  isTcp,
  type PortMapping,
  type ServicePort,
  servicePort,
  type ServiceRoute,
} from "./ports.ts";

/** Pods that a local port, or several, lead to. */
export interface Pool {
  /** As messages name it: `svc/web`, `pod/web-0`, `label app=web`. */
  target: string;
  sources: LiveSource<Pod, ForwardPod>[];
  /** Each of its pods gets a local port of its own, unless connections are balanced. */
  isSelection: boolean;
  /** Pods that exist now. */
  count: number;
  /** The ports that are forwarded if none is requested. */
  declared: readonly PortMapping[];
  /**
   * Returns the port of the pods for a requested port.
   *
   * @throws UsageError if a service doesn't have it, or not for TCP.
   */
  routeOf(requested: number | string): Omit<ServiceRoute, "isTcp">;
}

/** Returns the pods of some targets in a cluster; of the whole selection if no target is named. */
export async function poolsOf(
  host: Host,
  client: KubeClient,
  { selection, targets, signal }: {
    selection: Selection;
    targets: readonly SelectionOperand[];
    signal: AbortSignal;
  },
): Promise<Pool[]> {
  const here = targets.filter((one) =>
    one.kind !== "pod" || one.context === undefined || one.context === client.context
  );
  const each = targets.length === 0 ? [undefined] : here;
  return await Promise.all(each.map(async (target) => {
    const narrowed: Selection = {
      ...selection,
      operands: target === undefined ? [] : [target],
      allPhases: true,
    };
    return await poolOf(host, client, { selection: narrowed, target, signal });
  }));
}

async function poolOf(
  host: Host,
  client: KubeClient,
  { selection, target, signal }: {
    selection: Selection;
    target: SelectionOperand | undefined;
    signal: AbortSignal;
  },
): Promise<Pool> {
  const text = target === undefined ? selectionText(selection) : targetText(target);
  const service = target?.kind === "workload" && target.plural === SERVICES.plural
    ? await readService(client, target.name, selection, signal)
    : undefined;
  // The selection also explains missing pods, and suggests similar names.
  const found = await host.select(client, selection, { signal });
  const pods = found.pods ?? [];
  if (found.targets.length === 0 && target?.kind !== "workload") {
    throw noMatch([{ kind: "found", context: client.context, ...found }]);
  }
  const [first] = pods;
  const successor = target?.kind === "pod" && first !== undefined
    ? successorSource(client, first)
    : undefined;
  const transform = (pod: Pod) => isMeant(pod, selection) ? forwardPod(client, pod) : undefined;
  const { sources } = successor === undefined
    ? await podSources(client, selection, { signal, transform })
    : { sources: [successor] };
  return {
    target: text === "" ? "every pod" : text,
    sources,
    isSelection: target === undefined,
    count: found.targets.length,
    declared: service === undefined
      ? declaredPorts(pods)
      : service.ports.filter(isTcp).map(({ name, port }) => mappingOf(port, name)),
    routeOf: (requested) =>
      service === undefined
        ? { remote: requested, own: undefined }
        : requireServicePort(service, requested),
  };
}

function targetText(target: SelectionOperand): string {
  if (target.kind === "pod") return `pod/${target.name}`;
  const short: Record<string, string> = {
    services: "svc",
    deployments: "deploy",
    statefulsets: "sts",
    daemonsets: "ds",
    replicasets: "rs",
  };
  return `${short[target.plural] ?? target.plural.replace(/s$/, "")}/${target.name}`;
}

/** The parts of a service that forwarding needs. */
interface Service {
  name: string;
  ports: readonly ServicePort[];
  isHeadless: boolean;
}

/** Returns undefined if it doesn't exist. Throws KodamaError `conflict` for a service that leads to no pods. */
async function readService(
  client: KubeClient,
  name: string,
  { namespaces }: Selection,
  signal: AbortSignal,
): Promise<Service | undefined> {
  const [namespace, ...others] = namespaces.kind === "named"
    ? new Set(namespaces.names)
    : [client.defaultNamespace];
  if (namespaces.kind === "all" || others.length > 0) {
    throw new UsageError(`svc/${name} needs one namespace`, {
      hint: hint`name it with ${option("namespace")}`,
    });
  }
  const scope = namespace === undefined ? {} : { namespace };
  const object = await unlessError(
    ["notFound"],
    client.get<KubeObject>(SERVICES, name, scope, { signal }),
  );
  // The selection reports it, with near names.
  if (object === undefined) return undefined;
  const spec = (object["spec"] ?? {}) as {
    type?: string;
    externalName?: string;
    clusterIP?: string;
    ports?: ServicePort[];
  };
  if (spec.type === "ExternalName") {
    throw new KodamaError(
      "conflict",
      `svc/${name} leads to ${spec.externalName}, which isn't a pod of the cluster`,
    );
  }
  return { name, ports: spec.ports ?? [], isHeadless: spec.clusterIP === "None" };
}

function requireServicePort(service: Service, remote: number | string): ServiceRoute {
  const route = servicePort(service, remote);
  if (route?.isTcp) return route;
  if (route !== undefined) throw notTcpError(`svc/${service.name}`, remote);
  const known = service.ports.map(({ name, port }) =>
    name === undefined ? port : `${port} (${name})`
  );
  throw new UsageError(`svc/${service.name} has no port ${remote}`, {
    hint: `it has ${known.join(", ") || "none"}`,
  });
}

/** Returns the error of a port of another protocol than TCP. */
export function notTcpError(target: string, port: number | string): UsageError {
  return new UsageError(`port ${port} of ${target} isn't a TCP port`, {
    hint: "Kubernetes forwards TCP alone",
  });
}

/** Ports below this number need root on many machines. */
const unprivileged = 1024;

/** The same number here, as far as it may be used without root. */
function mappingOf(port: number, name?: string): PortMapping {
  const local = port < unprivileged ? port + 8000 : port;
  return { local: { kind: "port", port: local }, remote: name ?? port };
}

function declaredPorts(pods: readonly Pod[]): PortMapping[] {
  const [first] = pods;
  const ports = (first?.spec?.containers ?? []).flatMap((one) => one.ports ?? []).filter(isTcp);
  return ports.map(({ containerPort, name }) => mappingOf(containerPort, name));
}

/** Returns the parts of a pod that a forward needs. */
export function forwardPod(client: KubeClient, { metadata, spec, status }: Pod): ForwardPod {
  const ready = status?.conditions?.some(({ type, status }) =>
    type === "Ready" && status === "True"
  );
  const declared = (spec?.containers ?? []).flatMap((one) => one.ports ?? []);
  const ports = declared.filter(isTcp);
  const namesOf = ({ name, containerPort }: typeof declared[number]) =>
    name === undefined ? [containerPort] : [containerPort, name];
  // A number may be that of a TCP and of a UDP port.
  const forwardable = new Set<number | string>(ports.flatMap(namesOf));
  const others = declared.flatMap(namesOf).filter((one) => !forwardable.has(one));
  return {
    context: client.context,
    namespace: metadata?.namespace ?? "",
    pod: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    state: metadata?.deletionTimestamp !== undefined
      ? "terminating"
      : status?.phase !== "Running"
      ? "pending"
      : ready
      ? "ready"
      : "running",
    namedPorts: Object.fromEntries(
      ports.flatMap(({ name, containerPort }) =>
        name === undefined ? [] : [[name, containerPort] as const]
      ),
    ),
    ...(others.length === 0 ? {} : { notTcp: others }),
  };
}

/** Labels that distinguish a pod from its replacement. */
const ownLabels = new Set([
  ..."pod-template-hash controller-revision-hash pod-template-generation".split(" "),
  ..."controller-uid batch.kubernetes.io/controller-uid".split(" "),
]);

/**
 * Returns the pods that may replace a pod: those of its Deployment, or of its DaemonSet on the same node. Undefined for
 * every other pod: the replacement has its name.
 */
function successorSource(
  client: KubeClient,
  { metadata, spec }: Pod,
): LiveSource<Pod, ForwardPod> | undefined {
  const { namespace, name, labels = {}, ownerReferences = [] } = metadata ?? {};
  const owner = ownerReferences.find(({ controller }) => controller);
  if (owner?.kind !== "ReplicaSet" && owner?.kind !== "DaemonSet") return undefined;
  const shared = Object.entries(labels).filter(([key]) => !ownLabels.has(key));
  if (namespace === undefined || shared.length === 0) return undefined;
  const family = familyOf(owner.name);
  return {
    client,
    resource: PODS,
    scope: { namespace, labelSelector: shared.map(([key, value]) => `${key}=${value}`).join(",") },
    transform(pod) {
      if (pod.metadata?.name === name) return forwardPod(client, pod);
      const own = pod.metadata?.ownerReferences?.find(({ controller }) => controller);
      if (own?.kind !== owner.kind || own.apiVersion !== owner.apiVersion) return undefined;
      const isSame = owner.kind === "DaemonSet"
        ? own.name === owner.name && pod.spec?.nodeName === spec?.nodeName
        : familyOf(own.name) === family;
      return isSame ? forwardPod(client, pod) : undefined;
    },
  };
}

/** A Deployment's ReplicaSets differ in the hash at the end. */
function familyOf(name: string): string {
  return name.replace(/-[^-]+$/, "");
}
