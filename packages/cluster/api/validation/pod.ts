/** Validation of a pod, as Kubernetes does it. */
import type { NodeSelectorRequirement, Toleration } from "kubernetes-types/core/v1.d.ts";
import { parseQuantity } from "../../../../src/base/quantity.ts";
import type { Container, Pod, PodSpec, Probe } from "../../../../src/kube/types.ts";
import { sameJson } from "../../store/equality.ts";
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  missingReference,
  missingValue,
  notSupported,
} from "../field_error.ts";
import { labelErrors, nameErrors } from "../object_meta.ts";

/** Returns the errors of a pod's spec, or that of a template, at `path`. `claims` become volumes later. */
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
    ...(containers.length === 0 ? [missingValue(`${path}.containers`)] : []),
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
    ...(spec?.hostname === undefined || spec.hostname === ""
      ? []
      : nameErrors(`${path}.hostname`, spec.hostname, "label")),
    ...(spec?.tolerations ?? []).flatMap((each, index) =>
      tolerationErrors(each, `${path}.tolerations[${index}]`)
    ),
    ...nodeAffinityErrors(spec, `${path}.affinity.nodeAffinity`),
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
  return name ? nameErrors(field, name, "label") : [missingValue(field)];
}

function duplicates(list: readonly { name: string }[], path: string, from = 0): FieldError[] {
  return list.flatMap(({ name }, index) =>
    index >= from && list.findIndex((each) => each.name === name) < index
      ? [duplicate(`${path}[${index - from}].name`, name)]
      : []
  );
}

/** Returns the errors of a value that isn't one of those that the field supports. */
export function oneOf(
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
    ...(container.image ? [] : [missingValue(`${path}.image`)]),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, [
      "Always",
      "IfNotPresent",
      "Never",
    ]),
    ...containerPortErrors(container, `${path}.ports`),
    ...resourceErrors(container, `${path}.resources`),
    ...(["livenessProbe", "readinessProbe", "startupProbe"] as const).flatMap((kind) =>
      probeErrors(container[kind], `${path}.${kind}`)
    ),
    ...(container.env ?? []).flatMap(({ name }, index) =>
      name ? [] : [missingValue(`${path}.env[${index}].name`)]
    ),
    ...(container.volumeMounts ?? []).flatMap(({ name, mountPath }, index) => [
      ...(volumes.has(name) || !name
        ? []
        : [missingReference(`${path}.volumeMounts[${index}].name`, name)]),
      ...(name ? [] : [missingValue(`${path}.volumeMounts[${index}].name`)]),
      ...(mountPath ? [] : [missingValue(`${path}.volumeMounts[${index}].mountPath`)]),
    ]),
  ];
}

/** The protocols of a port, in the order in which refusals list them. */
export const protocols = ["SCTP", "TCP", "UDP"];

function containerPortErrors({ ports = [] }: Container, path: string): FieldError[] {
  const named = ports.map(({ name }) => name ?? "");
  return ports.flatMap(({ containerPort, hostPort, protocol, name }, index) => [
    ...(name !== undefined && named.indexOf(name) < index
      ? [duplicate(`${path}[${index}].name`, name)]
      : []),
    ...(containerPort
      ? portErrors(`${path}[${index}].containerPort`, containerPort)
      : [missingValue(`${path}[${index}].containerPort`)]),
    ...(hostPort === undefined || hostPort === 0
      ? []
      : portErrors(`${path}[${index}].hostPort`, hostPort)),
    ...oneOf(`${path}[${index}].protocol`, protocol, protocols),
  ]);
}

function resourceErrors({ resources }: Container, path: string): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const negative = Object.entries({ limits, requests }).flatMap(([kind, amounts]) =>
    Object.entries(amounts).filter(([, amount]) => (parseQuantity(String(amount)) ?? 0) < 0)
      .map(([name, amount]) =>
        invalid(
          `${path}.${kind}[${name}]`,
          String(amount),
          "must be greater than or equal to 0",
        )
      )
  );
  const above = Object.entries(requests).flatMap(([name, request]) => {
    const [requested, limit] = [request, limits[name]].map((each) => parseQuantity(String(each)));
    return requested === undefined || limit === undefined || requested <= limit ? [] : [
      invalid(
        `${path}.requests`,
        String(request),
        `must be less than or equal to ${name} limit of ${limits[name]}`,
      ),
    ];
  });
  return [...negative, ...above];
}

const probeHandlers = ["exec", "httpGet", "tcpSocket", "grpc"] as const;

function probeErrors(probe: Probe | undefined, path: string): FieldError[] {
  if (probe === undefined) return [];
  const [first, ...more] = probeHandlers.filter((each) => probe[each] !== undefined);
  return first === undefined
    ? [missingValue(path, "must specify a handler type")]
    : more.map((each) =>
      forbiddenField(`${path}.${each}`, "may not specify more than 1 handler type")
    );
}

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function tolerationErrors(toleration: Toleration, path: string): FieldError[] {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  return [
    ...(key || operator === "Exists" ? [] : [
      invalid(
        `${path}.operator`,
        operator ?? "",
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ]),
    ...(tolerationSeconds === undefined || effect === "NoExecute" ? [] : [
      invalid(
        `${path}.effect`,
        effect ?? "",
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    ]),
    ...(operator === "Exists" && value
      ? [invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'")]
      : []),
    ...(operator ? oneOf(`${path}.operator`, operator, ["Equal", "Exists"]) : []),
    ...(effect ? oneOf(`${path}.effect`, effect, taintEffects) : []),
  ];
}

function nodeAffinityErrors(spec: PodSpec | undefined, path: string): FieldError[] {
  const needed = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  if (needed === undefined) return [];
  if ((needed.nodeSelectorTerms ?? []).length === 0) {
    return [missingValue(terms, "must have at least one node selector term")];
  }
  return needed.nodeSelectorTerms.flatMap(({ matchExpressions = [] }, term) =>
    matchExpressions.flatMap((each, index) =>
      requirementErrors(each, `${terms}[${term}].matchExpressions[${index}]`)
    )
  );
}

function requirementErrors(
  { operator, values = [] }: NodeSelectorRequirement,
  path: string,
): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0
        ? []
        : [missingValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return values.length === 0 ? [] : [
        forbiddenField(
          `${path}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ];
    case "Gt":
    case "Lt":
      return values.length === 1 ? [] : [
        missingValue(
          `${path}.values`,
          "must be specified single value when `operator` is 'Lt' or 'Gt'",
        ),
      ];
    default:
      return [invalid(`${path}.operator`, operator, "not a valid selector operator")];
  }
}

/** Returns the errors of a port number. */
export function portErrors(field: string, port: number): FieldError[] {
  return port >= 1 && port <= 65535
    ? []
    : [invalid(field, port, "must be between 1 and 65535, inclusive")];
}

/** Errors about fields that a new pod may not have. */
export function podCreateErrors({ spec }: Pod): FieldError[] {
  return (spec?.ephemeralContainers ?? []).length === 0
    ? []
    : [forbiddenField("spec.ephemeralContainers", "cannot be set on create")];
}

const mutable =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** Returns the errors of a change of a pod: nearly all of its spec is immutable. */
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
