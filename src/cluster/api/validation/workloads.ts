/** Validation of the kinds that create pods. */
import type { LabelSelector, ObjectMeta, PodSpec } from "../../../kube/types.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { sameJson } from "../../store/equality.ts";
import { selectorText } from "../tables/column.ts";
import {
  type FieldError,
  forbiddenField,
  invalid,
  missingValue,
  notSupported,
} from "../field_error.ts";
import { labelErrors } from "../object_meta.ts";
import { parseLabelSelector } from "../selectors.ts";
import { podSpecErrors } from "./pod.ts";

/** The validation that the kinds of apps and batch share. */
export interface WorkloadSpec {
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
export function workloadErrors(object: KubeObject): FieldError[] {
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
export function strategyErrors(object: KubeObject): FieldError[] {
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

/** Returns the errors of a Job. */
export function jobErrors(object: KubeObject): FieldError[] {
  const { template, parallelism, completions, backoffLimit } = specOf(object);
  const supported = ["OnFailure", "Never"];
  const policy = template?.spec?.restartPolicy;
  return [
    ...notNegative("spec.parallelism", parallelism),
    ...notNegative("spec.completions", completions),
    ...notNegative("spec.backoffLimit", backoffLimit),
    ...podSpecErrors(template?.spec, "spec.template.spec"),
    ...(policy === "Always"
      ? [{
        ...notSupported("spec.template.spec.restartPolicy", policy, supported),
        message: `Required value: valid values: ${
          supported.map((each) => JSON.stringify(each)).join(", ")
        }`,
        reason: "FieldValueRequired" as const,
      }]
      : []),
  ];
}

/** Returns the errors of changes to immutable fields of each kind, at the field that an error names. */
export function immutableErrors(
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
export function statefulSetUpdateErrors(object: KubeObject, previous: KubeObject): FieldError[] {
  const fixed = ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"];
  const changed = immutableErrors(object, previous, fixed).length > 0;
  return changed ? [forbiddenField("spec", statefulSetMutable)] : [];
}
