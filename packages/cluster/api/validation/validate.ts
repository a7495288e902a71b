/** Validation of an object before it is written, by its kind. */
import type { CronJob } from "kubernetes-types/batch/v1.d.ts";
import type { PersistentVolumeClaim, Service } from "kubernetes-types/core/v1.d.ts";
import type {
  KubeObject,
  LabelSelector,
  ObjectMeta,
  Pod,
  PodSpec,
} from "../../../../src/kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { resources, typeKey } from "../../resources.ts";
import { isRecord } from "../../../../src/base/json_value.ts";
import { kubernetesApi } from "../../kubernetes/published.ts";
import { definitionName } from "../schema/definitions.ts";
import { sameJson } from "../../store/equality.ts";
import { parseQuantity } from "../../../../src/base/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  invalidObject,
  missingValue,
  notSupported,
} from "../field_error.ts";
import { labelErrors, metadataErrors } from "../object_meta.ts";
import {
  oneOf,
  podCreateErrors,
  podSpecErrors,
  podUpdateErrors,
  portErrors,
  protocols,
} from "./pod.ts";
import { isTimeZone, parseSchedule } from "../../controllers/cron.ts";
import { selectorText } from "../tables/column.ts";
import { parseLabelSelector } from "../selectors.ts";

type Check = (object: KubeObject, previous: Stored | undefined) => FieldError[];

function entry(type: ResourceType, check: Check): [string, Check] {
  return [typeKey(type), check];
}

const checks = new Map<string, Check>([
  entry(resources.pods, (object, previous) => [
    ...podSpecErrors((object as Pod).spec, "spec"),
    ...(previous
      ? podUpdateErrors(object as Pod, previous as Pod)
      : podCreateErrors(object as Pod)),
  ]),
  entry(resources.deployments, (object, previous) => [
    ...selectorStays(object, previous),
    ...strategyErrors(object),
  ]),
  entry(resources.replicaSets, selectorStays),
  entry(resources.daemonSets, selectorStays),
  entry(resources.statefulSets, (object, previous) => [
    ...workloadErrors(object),
    ...(previous ? statefulSetUpdateErrors(object, previous) : []),
  ]),
  entry(resources.jobs, (object, previous) => [
    ...jobErrors(object),
    ...(previous ? immutableErrors(object, previous, ["completions", "selector", "template"]) : []),
  ]),
  entry(resources.cronJobs, cronJobErrors),
  entry(resources.services, serviceErrors),
  entry(resources.persistentVolumeClaims, claimErrors),
  entry(resources.configMaps, (object, previous) => [
    ...dataErrors(object, "[]"),
    ...dataStays(object, previous),
  ]),
  entry(resources.secrets, (object, previous) => [
    ...dataErrors(object, "data"),
    ...secretKeyErrors(object),
    ...dataStays(object, previous),
    ...(previous && previous["type"] !== object["type"]
      ? [invalid("type", object["type"], "field is immutable")]
      : []),
  ]),
  entry(resources.roleBindings, roleReferenceStays),
  entry(resources.clusterRoleBindings, roleReferenceStays),
]);

/** Throws a 422 that lists all errors. */
export function validate(type: ResourceType, object: KubeObject, previous?: Stored): void {
  const errors = [
    ...metadataErrors(type, object, previous),
    ...(checks.get(typeKey(type))?.(object, previous) ??
      missingFields(object, definitionName(type), "")),
  ];
  if (errors.length > 0) throw invalidObject(type, object, errors);
}

/**
 * Returns the errors of required texts that are missing, of kinds without checks of their own. Numbers and lists may be
 * absent: they are then zero and empty.
 */
function missingFields(object: unknown, name: string, path: string): FieldError[] {
  const { properties = {}, required = [] } = kubernetesApi.definitions[name] ?? {};
  const fields = object as Record<string, unknown>;
  return Object.entries(properties).flatMap(([key, property]) => {
    const here = path === "" ? key : `${path}.${key}`;
    if (here === "metadata" || here === "status") return [];
    const { $ref, items } = property;
    const below = ($ref ?? items?.$ref)?.slice("#/definitions/".length) ?? "";
    const value = fields[key] ?? (property.structure ? {} : undefined);
    if (Array.isArray(value)) {
      return value.flatMap((each, index) =>
        isRecord(each) ? missingFields(each, below, `${here}[${index}]`) : []
      );
    }
    if (isRecord(value) && $ref !== undefined) return missingFields(value, below, here);
    const isNeeded = required.includes(key) && ($ref !== undefined || property.type === "string");
    return isNeeded && (value === undefined || value === "") ? [missingValue(here)] : [];
  });
}

function selectorStays(object: KubeObject, previous: Stored | undefined): FieldError[] {
  return [
    ...workloadErrors(object),
    ...(previous ? immutableErrors(object, previous, ["selector"]) : []),
  ];
}

function serviceErrors(object: KubeObject, previous: Stored | undefined): FieldError[] {
  const { spec } = object as Service;
  const before = (previous as Service | undefined)?.spec;
  const needsPorts = spec?.type !== "ExternalName" && spec?.clusterIP !== "None";
  return [
    ...oneOf("spec.type", spec?.type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    ...(needsPorts && (spec?.ports ?? []).length === 0 ? [missingValue("spec.ports")] : []),
    ...(spec?.ports ?? []).flatMap(({ name, port, nodePort, protocol }, index) => [
      ...(name && spec?.ports?.findIndex((each) => each.name === name) !== index
        ? [duplicate(`spec.ports[${index}].name`, name)]
        : []),
      ...portErrors(`spec.ports[${index}].port`, port),
      ...oneOf(`spec.ports[${index}].protocol`, protocol, protocols),
      ...nodePortErrors(`spec.ports[${index}].nodePort`, nodePort),
    ]),
    ...((spec?.ports ?? []).length > 1
      ? (spec?.ports ?? []).flatMap(({ name }, index) =>
        name ? [] : [missingValue(`spec.ports[${index}].name`)]
      )
      : []),
    ...(before?.clusterIP && spec?.type !== "ExternalName" && spec?.clusterIP !== before.clusterIP
      ? [invalid("spec.clusterIPs[0]", [spec?.clusterIP ?? ""], "may not change once set")]
      : []),
  ];
}

function nodePortErrors(field: string, nodePort = 0): FieldError[] {
  return nodePort === 0 || (nodePort >= 30000 && nodePort <= 32767) ? [] : [
    invalid(
      field,
      nodePort,
      "provided port is not in the valid range. The range of valid ports is 30000-32767",
    ),
  ];
}

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

function claimErrors(object: KubeObject, previous: Stored | undefined): FieldError[] {
  const { spec } = object as PersistentVolumeClaim;
  const fixed = (each: PersistentVolumeClaim["spec"]) => ({
    ...each,
    resources: undefined,
    volumeName: undefined,
  });
  const before = (previous as PersistentVolumeClaim | undefined)?.spec;
  return [
    ...((spec?.accessModes ?? []).length === 0
      ? [missingValue("spec.accessModes", "at least 1 access mode is required")]
      : []),
    ...(spec?.accessModes ?? []).flatMap((mode, index) =>
      oneOf(`spec.accessModes[${index}]`, mode, accessModes)
    ),
    ...sizeErrors(spec?.resources?.requests?.["storage"]),
    ...(before && !sameJson(fixed(spec), fixed(before))
      ? [forbiddenField(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      )]
      : []),
  ];
}

function sizeErrors(size: string | undefined): FieldError[] {
  if (size === undefined) return [missingValue("spec.resources[storage]")];
  return (parseQuantity(String(size)) ?? 0) > 0
    ? []
    : [invalid("spec.resources[storage]", size, "must be greater than zero")];
}

/** The maximum number of bytes of a ConfigMap or a Secret. */
const dataBytes = 1024 * 1024;

/** Keys become names of files. */
function dataErrors(object: KubeObject, tooLargeField: string): FieldError[] {
  let bytes = 0;
  const errors = ["data", "binaryData"].flatMap((field) =>
    Object.entries((object[field] ?? {}) as Record<string, string>).flatMap(([key, value]) => {
      const encoded = field === "binaryData" || object.kind === "Secret";
      bytes += encoded ? value.length * 3 / 4 : new TextEncoder().encode(value).length;
      return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && !/^\.\.?$|^\.\./.test(key) ? [] : [
        invalid(
          `${field}[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      ];
    })
  );
  return bytes <= dataBytes ? errors : [...errors, {
    field: tooLargeField,
    reason: "FieldValueTooLong",
    message: `Too long: may not be more than ${dataBytes} bytes`,
  }];
}

/** The required keys of a Secret by type. */
const secretKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

function secretKeyErrors(object: KubeObject): FieldError[] {
  const data = (object["data"] ?? {}) as Record<string, string>;
  return (secretKeys[String(object["type"])] ?? []).filter((key) => data[key] === undefined)
    .map((key) => missingValue(`data[${key}]`));
}

function dataStays(object: KubeObject, previous: Stored | undefined): FieldError[] {
  if (previous?.["immutable"] !== true) return [];
  const why = "field is immutable when `immutable` is set";
  return [
    ...(object["immutable"] === true ? [] : [forbiddenField("immutable", why)]),
    ...(sameJson(object["data"] ?? {}, previous["data"] ?? {})
      ? []
      : [forbiddenField("data", why)]),
  ];
}

function roleReferenceStays(object: KubeObject, previous: Stored | undefined): FieldError[] {
  return previous && !sameJson(object["roleRef"], previous["roleRef"])
    ? [invalid("roleRef", object["roleRef"], "cannot change roleRef")]
    : [];
}

/* Validation of the kinds that create pods. */

/** The validation that the kinds of apps and batch share. */
interface WorkloadSpec {
  replicas?: number;
  selector?: LabelSelector;
  template?: { metadata?: ObjectMeta; spec?: PodSpec };
  serviceName?: string;
  strategy?: {
    type?: string;
    rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
  };
  volumeClaimTemplates?: readonly { metadata?: ObjectMeta }[];
  completions?: number;
  backoffLimit?: number;
  parallelism?: number;
}

function specOf(object: KubeObject): WorkloadSpec {
  return (object["spec"] ?? {}) as WorkloadSpec;
}

/** Returns the errors of a Deployment, ReplicaSet, StatefulSet or DaemonSet. */
function workloadErrors(object: KubeObject): FieldError[] {
  const { selector, template, replicas, volumeClaimTemplates } = specOf(object);
  const labels = template?.metadata?.labels ?? {};
  const empty = Object.keys(selector?.matchLabels ?? {}).length +
      (selector?.matchExpressions?.length ?? 0) === 0;
  return [
    ...notNegative("spec.replicas", replicas),
    ...(selector === undefined ? [missingValue("spec.selector")] : []),
    ...(selector !== undefined && empty
      ? [invalid("spec.selector", selector, "empty selector is invalid for deployment")]
      : []),
    ...(selector === undefined || empty || selects(selector, labels) ? [] : [
      invalid(
        "spec.template.metadata.labels",
        labels,
        "`selector` does not match template `labels`",
      ),
    ]),
    ...labelErrors("spec.template.metadata.labels", labels),
    ...podSpecErrors(
      template?.spec,
      "spec.template.spec",
      (volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? ""),
    ),
    ...restartPolicy(template?.spec, ["Always"]),
  ];
}

/** Returns the errors of a Deployment's strategy. */
function strategyErrors(object: KubeObject): FieldError[] {
  const { type, rollingUpdate = {} } = specOf(object).strategy ?? {};
  const path = "spec.strategy.rollingUpdate";
  if (type === "Recreate") {
    return specOf(object).strategy?.rollingUpdate === undefined ? [] : [
      forbiddenField(
        path,
        "may not be specified when strategy `type` is 'Recreate'",
      ),
    ];
  }
  const counts = Object.entries(rollingUpdate).flatMap(([name, value]) =>
    countErrors(`${path}.${name}`, value)
  );
  const none = (value: number | string | undefined) => /^0+%?$/.test(String(value));
  return [
    ...(type === undefined || type === "RollingUpdate"
      ? []
      : [notSupported("spec.strategy.type", type, ["Recreate", "RollingUpdate"])]),
    ...counts,
    ...(none(rollingUpdate.maxSurge) && none(rollingUpdate.maxUnavailable)
      ? [
        invalid(
          `${path}.maxUnavailable`,
          rollingUpdate.maxUnavailable,
          "may not be 0 when `maxSurge` is 0",
        ),
      ]
      : []),
  ];
}

function countErrors(field: string, value: number | string): FieldError[] {
  if (typeof value === "number") return notNegative(field, value);
  return /^[0-9]+%$/.test(value) ? [] : [
    invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ];
}

function selects(selector: LabelSelector, labels: Record<string, string>): boolean {
  const text = selectorText(selector);
  return text === "<none>" || parseLabelSelector(text)(labels);
}

function restartPolicy(spec: PodSpec | undefined, supported: readonly string[]): FieldError[] {
  const value = spec?.restartPolicy;
  // An unknown value has already been reported.
  if (!["Always", "OnFailure", "Never"].includes(value ?? "") || supported.includes(value ?? "")) {
    return [];
  }
  return [notSupported("spec.template.spec.restartPolicy", value, supported)];
}

function notNegative(field: string, value: number | undefined): FieldError[] {
  return value === undefined || value >= 0
    ? []
    : [invalid(field, value, "must be greater than or equal to 0")];
}

function scheduleFault(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  return fields.length === 5
    ? "a field has values that it can't have"
    : `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
}

/** Returns the errors of a CronJob. */
function cronJobErrors(object: KubeObject): FieldError[] {
  const { schedule, timeZone, jobTemplate } = (object as CronJob).spec ?? {};
  return [
    ...(schedule ? [] : [missingValue("spec.schedule")]),
    ...(schedule && parseSchedule(schedule) === undefined
      ? [invalid("spec.schedule", schedule, scheduleFault(schedule))]
      : []),
    ...(timeZone === undefined || isTimeZone(timeZone)
      ? []
      : [invalid("spec.timeZone", timeZone, `unknown time zone ${timeZone}`)]),
    ...jobErrors(jobTemplate as KubeObject, "spec.jobTemplate.spec"),
  ];
}

/** Returns the errors of a Job, or of a template of Jobs, whose spec is at `path`. */
function jobErrors(object: KubeObject, path = "spec"): FieldError[] {
  const { template, parallelism, completions, backoffLimit } = specOf(object);
  const supported = ["OnFailure", "Never"];
  const policy = template?.spec?.restartPolicy;
  return [
    ...notNegative(`${path}.parallelism`, parallelism),
    ...notNegative(`${path}.completions`, completions),
    ...notNegative(`${path}.backoffLimit`, backoffLimit),
    ...podSpecErrors(template?.spec, `${path}.template.spec`),
    ...(policy === "Always"
      ? [{
        ...notSupported(`${path}.template.spec.restartPolicy`, policy, supported),
        message: `Required value: valid values: ${
          supported.map((each) => JSON.stringify(each)).join(", ")
        }`,
        reason: "FieldValueRequired" as const,
      }]
      : []),
  ];
}

/** Returns the errors of changes to immutable fields of each kind, at the field that an error names. */
function immutableErrors(
  object: KubeObject,
  previous: KubeObject,
  fields: readonly string[],
): FieldError[] {
  const [next, before] = [object["spec"], previous["spec"]] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  return fields.filter((field) => !sameJson(next?.[field], before?.[field]))
    .map((field) => invalid(`spec.${field}`, next?.[field], "field is immutable"));
}

const statefulSetMutable =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/** Returns the errors of a change: a StatefulSet's claims, selector and service are immutable. */
function statefulSetUpdateErrors(object: KubeObject, previous: KubeObject): FieldError[] {
  const fixed = ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"];
  const changed = immutableErrors(object, previous, fixed).length > 0;
  return changed ? [forbiddenField("spec", statefulSetMutable)] : [];
}
