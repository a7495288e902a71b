/** What is refused in a pod, as Kubernetes refuses it. */
import type { Container, Pod, PodSpec } from "../../../kube/types.ts";
import { sameJson } from "../../store/equality.ts";
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  missingReference,
  notSupported,
  required,
} from "../field_error.ts";
import { labelErrors, nameErrors } from "../object_meta.ts";

/** Complaints about a pod's spec, or that of a template, which stands at `path`. `claims` become volumes later. */
export function podSpecErrors(
  spec: PodSpec | undefined,
  path: string,
  claims: readonly string[] = [],
): FieldError[] {
  const containers = spec?.containers ?? [];
  const volumes = spec?.volumes ?? [];
  const volumeNames = new Set([...volumes.map(({ name }) => name), ...claims]);
  return [
    ...volumes.flatMap(({ name }, index) => nameOrMissing(`${path}.volumes[${index}].name`, name)),
    ...duplicates(volumes, `${path}.volumes`),
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...containers.flatMap((each, index) =>
      containerErrors(each, `${path}.containers[${index}]`, volumeNames)
    ),
    ...duplicates(containers, `${path}.containers`),
    ...(spec?.initContainers ?? []).flatMap((each, index) =>
      containerErrors(each, `${path}.initContainers[${index}]`, volumeNames)
    ),
    ...duplicates(
      [...containers, ...(spec?.initContainers ?? [])],
      `${path}.initContainers`,
      containers.length,
    ),
    ...oneOf(`${path}.restartPolicy`, spec?.restartPolicy, ["Always", "OnFailure", "Never"]),
    ...oneOf(`${path}.dnsPolicy`, spec?.dnsPolicy, [
      "ClusterFirstWithHostNet",
      "ClusterFirst",
      "Default",
      "None",
    ]),
    ...labelErrors(`${path}.nodeSelector`, spec?.nodeSelector),
    ...((spec?.terminationGracePeriodSeconds ?? 0) >= 0 ? [] : [
      invalid(
        `${path}.terminationGracePeriodSeconds`,
        spec?.terminationGracePeriodSeconds,
        "must be greater than or equal to 0",
      ),
    ]),
  ];
}

function nameOrMissing(field: string, name: string | undefined): FieldError[] {
  return name ? nameErrors(field, name, "label") : [required(field)];
}

function duplicates(list: readonly { name: string }[], path: string, from = 0): FieldError[] {
  return list.flatMap(({ name }, index) =>
    index >= from && list.findIndex((each) => each.name === name) < index
      ? [duplicate(`${path}[${index - from}].name`, name)]
      : []
  );
}

function oneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  return value === undefined || supported.includes(value)
    ? []
    : [notSupported(field, value, supported)];
}

function containerErrors(
  container: Container,
  path: string,
  volumes: ReadonlySet<string>,
): FieldError[] {
  return [
    ...nameOrMissing(`${path}.name`, container.name),
    ...(container.image ? [] : [required(`${path}.image`)]),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, [
      "Always",
      "IfNotPresent",
      "Never",
    ]),
    ...(container.ports ?? []).flatMap(({ containerPort }, index) =>
      portErrors(`${path}.ports[${index}].containerPort`, containerPort)
    ),
    ...(container.env ?? []).flatMap(({ name }, index) =>
      name ? [] : [required(`${path}.env[${index}].name`)]
    ),
    ...(container.volumeMounts ?? []).flatMap(({ name, mountPath }, index) => [
      ...(volumes.has(name) || !name
        ? []
        : [missingReference(`${path}.volumeMounts[${index}].name`, name)]),
      ...(name ? [] : [required(`${path}.volumeMounts[${index}].name`)]),
      ...(mountPath ? [] : [required(`${path}.volumeMounts[${index}].mountPath`)]),
    ]),
  ];
}

/** Complaints about a port number. */
export function portErrors(field: string, port: number | undefined): FieldError[] {
  if (port === undefined) return [required(field)];
  return port >= 1 && port <= 65535
    ? []
    : [invalid(field, port, "must be between 1 and 65535, inclusive")];
}

const mutable =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** Complaints about a change of a pod: nearly all of its spec stays as it was. */
export function podUpdateErrors(pod: Pod, previous: Pod): FieldError[] {
  const fixed = ({ spec }: Pod) => ({
    ...spec,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    containers: spec?.containers.map((each) => ({ ...each, image: "" })),
    initContainers: spec?.initContainers?.map((each) => ({ ...each, image: "" })),
  });
  return sameJson(fixed(pod), fixed(previous)) ? [] : [forbiddenField("spec", mutable)];
}
