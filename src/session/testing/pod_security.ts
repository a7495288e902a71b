/**
 * The published lists of the Pod Security Standards, and a judge that only looks their fields up: an oracle for tests,
 * which shares nothing with the program's own judge.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import type { Pod } from "../../kube/types.ts";

/** A control: fields, and the values that each of them may have. `undefined` is a field that isn't there. */
interface Control {
  name: string;
  /** `[*]` stands for each of a list. */
  fields: readonly string[];
  allowed: (value: unknown) => boolean;
}

const containers = ["spec.containers[*]", "spec.initContainers[*]", "spec.ephemeralContainers[*]"];
const ofContainers = (field: string) => containers.map((one) => `${one}.${field}`);
const ofAll = (field: string) => [`spec.${field}`, ...ofContainers(field)];
const among = (...values: readonly unknown[]) => (value: unknown) => values.includes(value);

const baseline: readonly Control[] = [
  {
    name: "HostProcess",
    fields: ofAll("securityContext.windowsOptions.hostProcess"),
    allowed: among(undefined, null, false),
  },
  {
    name: "Host Namespaces",
    fields: ["spec.hostNetwork", "spec.hostPID", "spec.hostIPC"],
    allowed: among(undefined, null, false),
  },
  {
    name: "Privileged Containers",
    fields: ofContainers("securityContext.privileged"),
    allowed: among(undefined, null, false),
  },
  {
    name: "HostPath Volumes",
    fields: ["spec.volumes[*].hostPath"],
    allowed: among(undefined, null),
  },
  {
    name: "Host Ports",
    fields: ofContainers("ports[*].hostPort"),
    allowed: among(undefined, null, 0),
  },
  {
    name: "Host Probes / Lifecycle Hooks",
    fields: ["livenessProbe", "readinessProbe", "startupProbe"]
      .concat(["lifecycle.postStart", "lifecycle.preStop"])
      .flatMap((one) => [`${one}.httpGet.host`, `${one}.tcpSocket.host`])
      .flatMap(ofContainers),
    allowed: among(undefined, null, ""),
  },
  {
    name: "AppArmor",
    fields: ofAll("securityContext.appArmorProfile.type"),
    allowed: among(undefined, null, "RuntimeDefault", "Localhost"),
  },
  {
    name: "SELinux type",
    fields: ofAll("securityContext.seLinuxOptions.type"),
    allowed: among(undefined, "", "container_t", "container_init_t", "container_kvm_t"),
  },
  {
    name: "SELinux user and role",
    fields: [
      ...ofAll("securityContext.seLinuxOptions.user"),
      ...ofAll("securityContext.seLinuxOptions.role"),
    ],
    allowed: among(undefined, ""),
  },
  {
    name: "/proc Mount Type",
    fields: ofContainers("securityContext.procMount"),
    allowed: among(undefined, null, "Default"),
  },
  {
    name: "Sysctls",
    fields: ["spec.securityContext.sysctls[*].name"],
    allowed: among(
      ...[undefined, null, "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range"],
      ...["net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies"],
      ...["net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"],
      ...["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"],
      ...["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"],
    ),
  },
];

const restricted: readonly Control[] = [
  {
    name: "Privilege Escalation",
    fields: ofContainers("securityContext.allowPrivilegeEscalation"),
    allowed: among(false),
  },
  {
    name: "Running as Non-root user",
    fields: ofAll("securityContext.runAsUser"),
    allowed: (value) => value === undefined || value === null || Number(value) > 0,
  },
  {
    name: "Capabilities dropped",
    fields: ofContainers("securityContext.capabilities.drop"),
    allowed: (value) => Array.isArray(value) && value.includes("ALL"),
  },
  {
    name: "Capabilities added",
    fields: ofContainers("securityContext.capabilities.add[*]"),
    allowed: among(undefined, null, "NET_BIND_SERVICE"),
  },
];

const volumeTypes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"]
  .concat(["persistentVolumeClaim", "projected", "secret"]);

/** The fields by which a pod can refer to a Secret, from the reference of the API. */
const secretFields = [
  "spec.imagePullSecrets[*].name",
  ...ofContainers("env[*].valueFrom.secretKeyRef.name"),
  ...ofContainers("envFrom[*].secretRef.name"),
  ...[
    ...["secret.secretName", "projected.sources[*].secret.name", "csi.nodePublishSecretRef.name"],
    ...["azureFile.secretName", "cephfs.secretRef.name", "cinder.secretRef.name"],
    ...["flexVolume.secretRef.name", "iscsi.secretRef.name", "rbd.secretRef.name"],
    ...["scaleIO.secretRef.name", "storageos.secretRef.name"],
  ].map((field) => `spec.volumes[*].${field}`),
];

/**
 * The values at a path; a list that is empty or absent has none, and a mapping that is absent has the value
 * `undefined`.
 */
function valuesAt(value: unknown, path: string): { at: string; value: unknown }[] {
  const [, name = "", each, rest = ""] = /^([^.[]+)(\[\*\])?\.?(.*)$/.exec(path) ?? [];
  const inside = (value as Record<string, unknown> | null | undefined)?.[name];
  if (each === undefined) {
    const found = rest === "" ? [{ at: "", value: inside }] : valuesAt(inside, rest);
    return found.map(({ at, value }) => ({ at: `${name}${at && `.${at}`}`, value }));
  }
  return (Array.isArray(inside) ? inside : []).flatMap((one: unknown, index) => {
    const found = rest === "" ? [{ at: "", value: one }] : valuesAt(one, rest);
    return found.map(({ at, value }) => ({ at: `${name}[${index}]${at && `.${at}`}`, value }));
  });
}

/** Returns the paths at which a pod breaks the restricted standard, as `CONTROL: PATH`. */
export function violations(pod: Pod): string[] {
  const broken = [...baseline, ...restricted].flatMap(({ name, fields, allowed }) =>
    fields.flatMap((field) => valuesAt(pod, field))
      .filter(({ value }) => !allowed(value)).map(({ at }) => `${name}: ${at}`)
  );
  const volumes = valuesAt(pod, "spec.volumes[*]").filter(({ value }) => {
    const types = Object.keys(value as object).filter((key) => key !== "name");
    return types.length === 0 || types.some((type) => !volumeTypes.includes(type));
  }).map(({ at }) => `Volume Types: ${at}`);
  // Fields that each container has to have, unless the pod has them for all.
  const inherited = ["runAsNonRoot", "seccompProfile.type"].flatMap((field) => {
    const fine = field === "runAsNonRoot" ? among(true) : among("RuntimeDefault", "Localhost");
    const [ofPod] = valuesAt(pod, `spec.securityContext.${field}`);
    const isSet = ofPod?.value !== undefined && ofPod.value !== null;
    return [
      ...(isSet && !fine(ofPod.value) ? [`${field}: ${ofPod.at}`] : []),
      ...ofContainers(`securityContext.${field}`).flatMap((path) => valuesAt(pod, path))
        .filter(({ value }) =>
          value === undefined || value === null ? !(isSet && fine(ofPod.value)) : !fine(value)
        ).map(({ at }) => `${field}: ${at}`),
    ];
  });
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([name, value]) =>
      name.startsWith("container.apparmor.security.beta.kubernetes.io/") &&
      value !== "runtime/default" && !value.startsWith("localhost/")
    ).map(([name]) => `AppArmor: ${name}`);
  return [...broken, ...volumes, ...inherited, ...annotations];
}

/** Returns the names of all Secrets that a pod refers to. */
export function secretsOf(pod: Pod): Set<string> {
  const values = secretFields.flatMap((field) => valuesAt(pod, field)).map(({ value }) => value);
  return new Set(values.filter((value) => typeof value === "string"));
}
