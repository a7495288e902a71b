/**
 * Judges a finished pod, whatever its parts came from: by Kubernetes' restricted Pod Security Standard, and by the
 * Secrets and tokens that it refers to. Pure.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import { KodamaError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Container, Pod, Volume } from "../../kube/types.ts";

/** A pod's allowances beyond the standard. */
export interface PodAllowances {
  /** Secrets that it may refer to. */
  secrets: ReadonlySet<string>;
  /** Volumes, by name, of any type. */
  volumes: ReadonlySet<string>;
}

/** Nothing beyond the standard, and no Secret. */
export const noAllowances: PodAllowances = { secrets: new Set(), volumes: new Set() };

/**
 * Returns the pod.
 *
 * @throws KodamaError `config` with all reasons, if it breaks a rule.
 */
export function checkedPod(pod: Pod, allowances: PodAllowances): Pod {
  const problems = podProblems(pod, allowances);
  if (problems.length === 0) return pod;
  throw new KodamaError(
    "config",
    `cannot create pod "${pod.metadata?.name ?? ""}": ${problems.join("; ")}`,
    { hint: "a session's pod complies with the restricted standard of pod security" },
  );
}

/** Returns the rules that a pod breaks, as texts; none if it complies. */
export function podProblems(pod: Pod, { secrets, volumes }: PodAllowances): string[] {
  const { spec } = pod;
  if (spec === undefined) return ["it has no spec"];
  const ofPod: SecurityContext = { ...spec.securityContext };
  const containers: readonly Container[] = [
    ...spec.initContainers ?? [],
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []) as Container[],
  ];
  const named = secretNames([containers, spec.volumes, { secrets: spec.imagePullSecrets }]);
  const foreign = [...named].filter((name) => !secrets.has(name));
  return [
    ...(["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) =>
      spec[field] !== undefined && spec[field] !== false
    ),
    ...(spec.automountServiceAccountToken === false ? [] : ["it mounts its account's token"]),
    ...(spec.securityContext?.sysctls ?? [])
      .filter(({ name }) => !safeSysctls.has(name))
      .map(({ name }) => `sysctl ${shown(name)}`),
    ...Object.entries(pod.metadata?.annotations ?? {})
      .filter(([name, value]) =>
        name.startsWith(appArmorAnnotation) && !/^(?:runtime\/default|localhost\/.+)?$/.test(value)
      )
      .map(([name]) => `annotation ${shown(name)}`),
    ...contextProblems(ofPod),
    ...(spec.volumes ?? []).flatMap((volume) =>
      volumes.has(volume.name)
        ? []
        : volumeProblems(volume).map((text) => `volume ${shown(volume.name)}: ${text}`)
    ),
    ...containers.flatMap((container) =>
      containerProblems(container, ofPod)
        .map((text) => `container ${shown(container.name)}: ${text}`)
    ),
    ...foreign.map((name) => `secret ${shown(name)} isn't the session's own`),
  ];
}

function shown(text: unknown): string {
  return `"${plainText(String(text), 100)}"`;
}

const appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";

const safeSysctls: ReadonlySet<string> = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_syncookies",
]);

const seLinuxTypes: ReadonlySet<unknown> = new Set([
  undefined,
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
]);

const volumeTypes: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

type SecurityContext = Readonly<Record<string, unknown>>;

/** The rules for a security context, of the pod or of a container. */
function contextProblems(context: SecurityContext): string[] {
  const {
    runAsNonRoot,
    runAsUser,
    seccompProfile,
    appArmorProfile,
    seLinuxOptions,
    windowsOptions,
  } = context;
  const [seccomp, appArmor] = [typeOf(seccompProfile), typeOf(appArmorProfile)];
  const linux = isRecord(seLinuxOptions) ? seLinuxOptions : {};
  const { hostProcess } = isRecord(windowsOptions) ? windowsOptions : {};
  return [
    ...(runAsNonRoot === undefined || runAsNonRoot === true ? [] : ["runAsNonRoot isn't true"]),
    ...(runAsUser === 0 ? ["runAsUser 0"] : []),
    ...(seccompProfile === undefined || isProfile(seccomp)
      ? []
      : [`seccompProfile ${shown(seccomp)}`]),
    ...(appArmorProfile === undefined || isProfile(appArmor)
      ? []
      : [`appArmorProfile ${shown(appArmor)}`]),
    ...(seLinuxTypes.has(linux["type"]) ? [] : ["seLinuxOptions.type"]),
    ...["user", "role"].filter((field) => linux[field] !== undefined && linux[field] !== "")
      .map((field) => `seLinuxOptions.${field}`),
    ...(hostProcess === undefined || hostProcess === false ? [] : ["windowsOptions.hostProcess"]),
  ];
}

function typeOf(profile: unknown): unknown {
  return isRecord(profile) ? profile["type"] : undefined;
}

function isProfile(type: unknown): boolean {
  return type === "RuntimeDefault" || type === "Localhost";
}

function containerProblems(container: Container, ofPod: SecurityContext): string[] {
  const context: SecurityContext = { ...container.securityContext };
  const { privileged, allowPrivilegeEscalation, procMount, runAsNonRoot, seccompProfile } = context;
  const { add, drop } = isRecord(context["capabilities"]) ? context["capabilities"] : {};
  const added = (Array.isArray(add) ? add : []).filter((one) => one !== "NET_BIND_SERVICE");
  const ports = container.ports ?? [];
  return [
    ...(privileged === undefined || privileged === false ? [] : ["privileged"]),
    ...(allowPrivilegeEscalation === false ? [] : ["allowPrivilegeEscalation isn't false"]),
    ...(Array.isArray(drop) && drop.includes("ALL") ? [] : ["capabilities.drop isn't ALL"]),
    ...(added.length === 0 ? [] : [`capabilities.add ${added.map(shown).join(", ")}`]),
    ...(procMount === undefined || procMount === "Default" ? [] : ["procMount"]),
    ...(runAsNonRoot === undefined && ofPod["runAsNonRoot"] !== true
      ? ["runAsNonRoot isn't true"]
      : []),
    ...(seccompProfile === undefined && ofPod["seccompProfile"] === undefined
      ? ["no seccompProfile"]
      : []),
    ...contextProblems(context),
    ...(ports.some(({ hostPort }) => hostPort !== undefined && hostPort !== 0) ? ["hostPort"] : []),
    ...(hasHost([
        container.livenessProbe,
        container.readinessProbe,
        container.startupProbe,
        container.lifecycle?.postStart,
        container.lifecycle?.preStop,
      ])
      ? ["a probe or hook of another host"]
      : []),
  ];
}

/** Returns whether a probe or hook of a container is sent to a named host. */
function hasHost(handlers: readonly unknown[]): boolean {
  return handlers.filter(isRecord).some(({ httpGet, tcpSocket }) =>
    [httpGet, tcpSocket].filter(isRecord).some(({ host }) => host !== undefined && host !== "")
  );
}

function volumeProblems(volume: Volume): string[] {
  const { name: _, projected, ...types } = volume;
  const tokens = projected?.sources?.some((source) => source.serviceAccountToken !== undefined);
  return [
    ...Object.keys(types).filter((type) => !volumeTypes.has(type)),
    ...(tokens === true ? ["a service account's token"] : []),
  ];
}

/** Returns the names of all Secrets that a part of a pod refers to, in any field of any type. */
export function secretNames(part: unknown): Set<string> {
  const names = new Set<string>();
  collectSecrets(part, names);
  return names;
}

function collectSecrets(part: unknown, names: Set<string>): void {
  if (Array.isArray(part)) return part.forEach((one) => collectSecrets(one, names));
  if (!isRecord(part)) return;
  for (const [field, value] of Object.entries(part)) {
    if (/secret/i.test(field)) addNames(value, names);
    // Names of resources are free.
    if (field !== "resources") collectSecrets(value, names);
  }
}

function addNames(value: unknown, names: Set<string>): void {
  if (typeof value === "string") names.add(value);
  else if (Array.isArray(value)) value.forEach((one) => addNames(one, names));
  else if (isRecord(value)) {
    for (const field of ["name", "secretName"]) {
      const name = value[field];
      if (typeof name === "string") names.add(name);
    }
  }
}
