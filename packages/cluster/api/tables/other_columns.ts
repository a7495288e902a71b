/** The columns of the other kinds: few of them have a controller here. By their plurals. */
import type { CronJob } from "kubernetes-types/batch/v1.d.ts";
import type { CertificateSigningRequest } from "kubernetes-types/certificates/v1.d.ts";
import type {
  Endpoints,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
} from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { Ingress, IngressClass, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { CSIDriver } from "kubernetes-types/storage/v1.d.ts";
import { type Stored, valueAt } from "../../model.ts";
import {
  age,
  ageColumn,
  column,
  containerColumns,
  field,
  firstOf,
  mapText,
  nameColumn,
  orNone,
  selectorText,
  shortDuration,
  type TableColumn,
} from "./column.ts";

const unset = "<unset>";
const none = "<none>";
const integer = { type: "integer" } as const;
const boolean = { type: "boolean" } as const;

const webhooks = [nameColumn, field("Webhooks", "webhooks", 0, integer), ageColumn];

function requestState({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((each) => each.type === type) ?? false;
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  const more = [...(has("Failed") ? ["Failed"] : []), ...(status?.certificate ? ["Issued"] : [])];
  return [decision, ...more].join(",");
}

function endpointsText({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`))
  );
  return subsets.length === 0 ? none : firstOf(all, 3, ",");
}

function quotaText({ status }: ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = status ?? {};
  return Object.keys(hard).sort().filter((name) => name.startsWith("limits.") === limits)
    .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`).join(", ");
}

/** A metric of an autoscaler, and its present value: the form is the same for all sources. */
interface Metric {
  type: string;
  [source: string]: unknown;
}

function metricText(spec: Metric, status: Metric | undefined): string {
  const source = spec.type.charAt(0).toLowerCase() + spec.type.slice(1);
  const [target, current] = [spec[source], status?.[source]].map((each) => each ?? {}) as [
    { name?: string; target?: Record<string, unknown> },
    { current?: Record<string, unknown> },
  ];
  const isResource = source === "resource" || source === "containerResource";
  const measure = target.target?.["averageValue"] !== undefined
    ? "averageValue"
    : isResource
    ? "averageUtilization"
    : "value";
  const shown = (value: unknown, absent: string) =>
    value === undefined ? absent : `${value}${measure === "averageUtilization" ? "%" : ""}`;
  const both = `${shown(current.current?.[measure], "<unknown>")}/${
    shown(target.target?.[measure], "<auto>")
  }`;
  if (isResource) return `${target.name}: ${both}`;
  return measure === "averageValue" && source !== "pods" ? `${both} (avg)` : both;
}

function metricsText(object: Stored): string {
  const specs = (valueAt(object, "spec.metrics") ?? []) as Metric[];
  const statuses = (valueAt(object, "status.currentMetrics") ?? []) as Metric[];
  const texts = specs.map((spec, index) => metricText(spec, statuses[index]));
  return orNone(firstOf(texts, 2, ", "));
}

function ingressAddress({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname);
  return [...new Set(addresses)].sort().join(",");
}

function parametersText({ spec }: IngressClass): string {
  const { kind, apiGroup, name } = spec?.parameters ?? {};
  return kind === undefined ? none : `${kind}${apiGroup ? `.${apiGroup}` : ""}/${name}`;
}

function slicePorts({ ports = [] }: EndpointSlice): string {
  const all = ports.map(({ port, name }) => port ? String(port) : name ? name : "*");
  return ports.length === 0 ? unset : firstOf(all, 3, ",");
}

function sliceEndpoints({ endpoints = [] }: EndpointSlice): string {
  return endpoints.length === 0
    ? unset
    : firstOf(endpoints.flatMap(({ addresses }) => addresses), 3, ",");
}

function claimState(object: Stored): string {
  const allocated = valueAt(object, "status.allocation") !== undefined;
  const deleted = object.metadata.deletionTimestamp !== undefined;
  return [
    ...(deleted ? ["deleted"] : []),
    ...(allocated ? ["allocated"] : deleted ? [] : ["pending"]),
    ...(allocated && valueAt(object, "status.reservedFor") ? ["reserved"] : []),
  ].join(",");
}

/** Returns `KIND.GROUP/NAME` of the controller of an object. */
function controllerText({ metadata }: Stored): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const group = owner?.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return owner === undefined ? none : `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

function parentText(object: Stored): string {
  const { group, resource, namespace, name } = (valueAt(object, "spec.parentRef") ?? {}) as Record<
    string,
    string | undefined
  >;
  if (resource === undefined) return none;
  return [group ? `${resource}.${group}` : resource, ...(namespace ? [namespace] : []), name]
    .join("/");
}

/** Returns `NAMESPACE/NAME` of the parameters of a binding; those without a namespace are `*`. */
function policyParameters(object: Stored): string {
  const { name, namespace } = (valueAt(object, "spec.paramRef") ?? {}) as Record<string, string>;
  return name ? `${namespace ?? "*"}/${name}` : unset;
}

function policyKind(object: Stored): string {
  const { apiVersion, kind } = (valueAt(object, "spec.paramKind") ?? {}) as Record<string, string>;
  return kind === undefined ? unset : `${apiVersion}/${kind}`;
}

const limited = "spec.limited";

/** See the head of this file. */
export const otherColumns: Readonly<Record<string, readonly TableColumn[]>> = {
  replicationcontrollers: [
    nameColumn,
    field("Desired", "spec.replicas", 0, integer),
    field("Current", "status.replicas", 0, integer),
    field("Ready", "status.readyReplicas", 0, integer),
    ageColumn,
    ...containerColumns("spec.template.spec.containers", { wide: true }),
    column<ReplicationController>("Selector", ({ spec }) => orNone(mapText(spec?.selector)), {
      wide: true,
    }),
  ],
  podtemplates: [
    nameColumn,
    ...containerColumns("template.spec.containers", {}),
    column<PodTemplate>(
      "Pod Labels",
      ({ template }) => orNone(mapText(template?.metadata?.labels)),
    ),
  ],
  endpoints: [nameColumn, column<Endpoints>("Endpoints", endpointsText), ageColumn],
  deviceclasses: [nameColumn, ageColumn],
  resourceclaimtemplates: [nameColumn, ageColumn],
  resourcequotas: [
    nameColumn,
    column<ResourceQuota>("Request", (quota) => quotaText(quota, false)),
    column<ResourceQuota>("Limit", (quota) => quotaText(quota, true)),
    ageColumn,
  ],
  controllerrevisions: [
    nameColumn,
    column<Stored>("Controller", controllerText),
    field("Revision", "revision", 0),
    ageColumn,
  ],
  horizontalpodautoscalers: [
    nameColumn,
    column<Stored>(
      "Reference",
      (object) =>
        ["kind", "name"].map((key) => valueAt(object, `spec.scaleTargetRef.${key}`)).join("/"),
    ),
    column("Targets", metricsText),
    column<Stored>("MinPods", (object) => String(valueAt(object, "spec.minReplicas") ?? unset)),
    field("MaxPods", "spec.maxReplicas", 0),
    field("Replicas", "status.currentReplicas", 0),
    ageColumn,
  ],
  cronjobs: [
    nameColumn,
    field("Schedule", "spec.schedule"),
    field("Timezone", "spec.timeZone", none),
    column<CronJob>("Suspend", ({ spec }) => spec?.suspend ? "True" : "False", boolean),
    field("Active", "status.active", 0, integer),
    column<CronJob>(
      "Last Schedule",
      ({ status }, now) => status?.lastScheduleTime ? age(status.lastScheduleTime, now) : none,
    ),
    ageColumn,
    ...containerColumns("spec.jobTemplate.spec.template.spec.containers", { wide: true }),
    column<CronJob>("Selector", ({ spec }) => selectorText(spec?.jobTemplate?.spec?.selector), {
      wide: true,
    }),
  ],
  certificatesigningrequests: [
    nameColumn,
    ageColumn,
    field("SignerName", "spec.signerName", none),
    field("Requestor", "spec.username"),
    column<CertificateSigningRequest>(
      "RequestedDuration",
      ({ spec }) => spec?.expirationSeconds ? shortDuration(spec.expirationSeconds * 1000) : none,
    ),
    column<CertificateSigningRequest>("Condition", requestState),
  ],
  ingressclasses: [
    nameColumn,
    field("Controller", "spec.controller"),
    column<IngressClass>("Parameters", parametersText),
    ageColumn,
  ],
  ingresses: [
    nameColumn,
    field("Class", "spec.ingressClassName", none),
    column<Ingress>("Hosts", ({ spec }) => {
      const hosts = (spec?.rules ?? []).flatMap(({ host }) => host ? [host] : []);
      return hosts.length === 0 ? "*" : firstOf(hosts, 3, ",");
    }),
    column<Ingress>("Address", ingressAddress),
    column<Ingress>("Ports", ({ spec }) => spec?.tls?.length ? "80, 443" : "80"),
    ageColumn,
  ],
  ipaddresses: [nameColumn, column("ParentRef", parentText), ageColumn],
  networkpolicies: [
    nameColumn,
    column<NetworkPolicy>("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector)),
    ageColumn,
  ],
  servicecidrs: [
    nameColumn,
    column<Stored>("CIDRs", (object) => String(valueAt(object, "spec.cidrs") ?? "")),
    ageColumn,
  ],
  poddisruptionbudgets: [
    nameColumn,
    column<Stored>(
      "Min Available",
      (object) => String(valueAt(object, "spec.minAvailable") ?? "N/A"),
    ),
    column<Stored>(
      "Max Unavailable",
      (object) => String(valueAt(object, "spec.maxUnavailable") ?? "N/A"),
    ),
    field("Allowed Disruptions", "status.disruptionsAllowed", 0, integer),
    ageColumn,
  ],
  csidrivers: [
    nameColumn,
    field("AttachRequired", "spec.attachRequired", true, boolean),
    field("PodInfoOnMount", "spec.podInfoOnMount", false, boolean),
    field("StorageCapacity", "spec.storageCapacity", false, boolean),
    column<CSIDriver>(
      "TokenRequests",
      ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? unset,
    ),
    field("RequiresRepublish", "spec.requiresRepublish", false, boolean),
    column<CSIDriver>("Modes", ({ spec }) => orNone(spec.volumeLifecycleModes?.join(","))),
    ageColumn,
  ],
  csinodes: [nameColumn, field("Drivers", "spec.drivers", 0, integer), ageColumn],
  csistoragecapacities: [
    nameColumn,
    field("StorageClassName", "storageClassName"),
    field("Capacity", "capacity", unset),
  ],
  volumeattachments: [
    nameColumn,
    { ...field("Attacher", "spec.attacher"), format: "name" },
    field("PV", "spec.source.persistentVolumeName"),
    field("Node", "spec.nodeName"),
    field("Attached", "status.attached", false, boolean),
    ageColumn,
  ],
  volumeattributesclasses: [nameColumn, field("DriverName", "driverName"), ageColumn],
  mutatingwebhookconfigurations: webhooks,
  validatingwebhookconfigurations: webhooks,
  validatingadmissionpolicies: [
    nameColumn,
    field("Validations", "spec.validations", 0, integer),
    column("ParamKind", policyKind),
    ageColumn,
  ],
  validatingadmissionpolicybindings: [
    nameColumn,
    field("PolicyName", "spec.policyName"),
    column("ParamRef", policyParameters),
    ageColumn,
  ],
  priorityclasses: [
    nameColumn,
    field("Value", "value", 0, integer),
    field("Global-Default", "globalDefault", false, boolean),
    ageColumn,
    field("PreemptionPolicy", "preemptionPolicy", "", { wide: true }),
  ],
  runtimeclasses: [nameColumn, field("Handler", "handler"), ageColumn],
  endpointslices: [
    nameColumn,
    field("AddressType", "addressType"),
    column<EndpointSlice>("Ports", slicePorts),
    column<EndpointSlice>("Endpoints", sliceEndpoints),
    ageColumn,
  ],
  resourceclaims: [nameColumn, column("State", claimState), ageColumn],
  resourceslices: [
    nameColumn,
    field("Node", "spec.nodeName"),
    field("Driver", "spec.driver"),
    field("Pool", "spec.pool.name"),
    ageColumn,
  ],
  flowschemas: [
    nameColumn,
    field("PriorityLevel", "spec.priorityLevelConfiguration.name"),
    field("MatchingPrecedence", "spec.matchingPrecedence", 0),
    field("DistinguisherMethod", "spec.distinguisherMethod.type", none),
    ageColumn,
    column<Stored>(
      "MissingPL",
      (object) =>
        ((valueAt(object, "status.conditions") ?? []) as { type: string; status: string }[])
          .find(({ type }) => type === "Dangling")?.status ?? "?",
    ),
  ],
  prioritylevelconfigurations: [
    nameColumn,
    field("Type", "spec.type"),
    field("NominalConcurrencyShares", `${limited}.nominalConcurrencyShares`, none),
    field("Queues", `${limited}.limitResponse.queuing.queues`, none),
    field("HandSize", `${limited}.limitResponse.queuing.handSize`, none),
    field("QueueLengthLimit", `${limited}.limitResponse.queuing.queueLengthLimit`, none),
    ageColumn,
  ],
};
