/** What is refused before an object is written, by its kind. */
import type { PersistentVolumeClaim, Service } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject, Pod } from "../../../kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { resources, typeKey } from "../../resources.ts";
import { sameJson } from "../../store/equality.ts";
import {
  type FieldError,
  forbiddenField,
  invalid,
  invalidObject,
  required,
} from "../field_error.ts";
import { metadataErrors } from "../object_meta.ts";
import { podSpecErrors, podUpdateErrors, portErrors } from "./pod.ts";
import {
  immutableErrors,
  jobErrors,
  statefulSetUpdateErrors,
  workloadErrors,
} from "./workloads.ts";

type Check = (object: KubeObject, previous: Stored | undefined) => FieldError[];

function entry(type: ResourceType, check: Check): [string, Check] {
  return [typeKey(type), check];
}

const checks = new Map<string, Check>([
  entry(resources.pods, (object, previous) => [
    ...podSpecErrors((object as Pod).spec, "spec"),
    ...(previous ? podUpdateErrors(object as Pod, previous as Pod) : []),
  ]),
  entry(resources.deployments, selectorStays),
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
  entry(resources.services, serviceErrors),
  entry(resources.persistentVolumeClaims, claimErrors),
  entry(resources.configMaps, dataStays),
  entry(resources.secrets, (object, previous) => [
    ...dataStays(object, previous),
    ...(previous && previous["type"] !== object["type"]
      ? [invalid("type", object["type"], "field is immutable")]
      : []),
  ]),
  entry(resources.roleBindings, roleReferenceStays),
  entry(resources.clusterRoleBindings, roleReferenceStays),
]);

/** Throws a 422 that names everything that is wrong. */
export function validate(type: ResourceType, object: KubeObject, previous?: Stored): void {
  const errors = [
    ...metadataErrors(type, object, previous),
    ...(checks.get(typeKey(type))?.(object, previous) ?? []),
  ];
  if (errors.length > 0) throw invalidObject(type, object, errors);
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
    ...(needsPorts && (spec?.ports ?? []).length === 0 ? [required("spec.ports")] : []),
    ...(spec?.ports ?? []).flatMap(({ port }, index) =>
      portErrors(`spec.ports[${index}].port`, port)
    ),
    ...((spec?.ports ?? []).length > 1
      ? (spec?.ports ?? []).flatMap(({ name }, index) =>
        name ? [] : [required(`spec.ports[${index}].name`)]
      )
      : []),
    ...(before?.clusterIP && spec?.type !== "ExternalName" && spec?.clusterIP !== before.clusterIP
      ? [invalid("spec.clusterIPs[0]", [spec?.clusterIP ?? ""], "may not change once set")]
      : []),
  ];
}

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
      ? [required("spec.accessModes", "at least 1 access mode is required")]
      : []),
    ...(spec?.resources?.requests?.["storage"] ? [] : [required("spec.resources[storage]")]),
    ...(before && !sameJson(fixed(spec), fixed(before))
      ? [forbiddenField(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      )]
      : []),
  ];
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
