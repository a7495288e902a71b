/** The pod of a session. It complies with the "restricted" pod security standard. Pure. */
import { definedOnly } from "../../base/json_value.ts";
import { parseQuantity } from "../../base/quantity.ts";
import type { Container, Pod, Volume, VolumeMount } from "../../kube/types.ts";
import {
  gitEnvironment,
  gitTokenFolder,
  gitTokenKey,
  sshFolder,
  sshSecretKeys,
} from "../git_environment.ts";
import { idleWatcherArgs } from "../idle_watcher.ts";
import { isLimited } from "../limits.ts";
import type { Session, SessionResources, SessionSpec } from "../model.ts";
import {
  homeFolder,
  sessionLabels,
  sessionNames,
  workspaceContainer,
  workspaceFolder,
} from "../names.ts";
import { podIds, podPlacement } from "../pod_settings.ts";
import { sessionCommand } from "../pod_script.ts";
import { editorFiles } from "./editor_config.ts";
import { type PodAllowances, secretNames } from "./pod_standard.ts";

/** The user of images; a number, because `runAsNonRoot` checks it. */
export const userId = 1000;
const editorFolder = "/etc/kodama/editor";

/** The request to the scheduler: a session idles most of the time, and its limits are the maximum. */
const idleRequests: SessionResources = { cpu: "100m", memory: "256Mi" };

/**
 * Returns the command of the container's own process: links the editors' configuration into the home folder, starts
 * queued tasks, and waits, or watches the session's limits.
 */
function mainCommand({ limits }: SessionSpec): string[] {
  const links = [editorFolder, ...Object.entries(editorFiles).flat(), "--"];
  return isLimited(limits)
    ? sessionCommand("limitedMain", [...links, ...idleWatcherArgs(limits)])
    : sessionCommand("main", links);
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
export function restricted(): NonNullable<Container["securityContext"]> {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/**
 * Returns a session's allowances beyond the restricted standard: its own Secret, and those of the user's own settings.
 * Files of a repository can't set these parts.
 */
export function sessionAllowances({ name, spec }: Pick<Session, "name" | "spec">): PodAllowances {
  const { gitSecret, imagePullSecrets = [], containerSecrets = [], volumes = [] } = spec;
  const own = volumes.map(({ volume }) => volume);
  return {
    secrets: new Set([
      sessionNames(name).envSecret,
      ...(gitSecret === undefined ? [] : [gitSecret]),
      ...imagePullSecrets,
      ...containerSecrets,
      ...secretNames(own),
    ]),
    volumes: new Set(own.map((volume) => volume.name)),
  };
}

/** The pod. */
export function sessionPod(session: Session): Pod {
  const { name, namespace, spec } = session;
  const ends = isLimited(spec.limits);
  const others = spec.containers.map(beside);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: sessionNames(name).pod,
      namespace,
      labels: sessionLabels(session, "pod"),
      annotations: {
        ...spec.annotations,
        "kubectl.kubernetes.io/default-container": workspaceContainer,
      },
    },
    spec: {
      // A container that ended restarts in the same pod: the home folder's volumes persist either way. A container that
      // its watcher has ended, with code 0, stays ended.
      restartPolicy: ends ? "OnFailure" : "Always",
      terminationGracePeriodSeconds: 10,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        ...podIds(spec, userId),
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...podPlacement(spec),
      ...definedOnly({
        runtimeClassName: spec.runtimeClass,
        serviceAccountName: spec.serviceAccount,
      }),
      // Containers that would delay the pod's end become its sidecars:
      // https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
      ...(ends && others.length > 0
        ? { initContainers: others.map((one) => ({ ...one, restartPolicy: "Always" })) }
        : {}),
      containers: [workspace(session), ...(ends ? [] : others)],
      volumes: volumes(session),
    },
  };
}

function workspace(session: Session): Container {
  const { image } = session.spec;
  return {
    name: workspaceContainer,
    image,
    command: mainCommand(session.spec),
    workingDir: workspaceFolder,
    env: environment(session),
    resources: resourcesOf(session.spec),
    securityContext: restricted(),
    volumeMounts: mounts(session),
  };
}

/** Kubernetes requests as much of an extended resource as the limit says. */
function resourcesOf(spec: SessionSpec): NonNullable<Container["resources"]> {
  const { resources, requests, extendedResources } = spec;
  return {
    limits: { ...resources, ...extendedResources },
    requests: { ...requestsWithin(resources), ...requests },
  };
}

/** Returns what a pod that idles most of the time requests of the scheduler: at most its limits. */
export function requestsWithin(limits: SessionResources): { cpu: string; memory: string } {
  const smaller = (idle: string, limit: string) =>
    (parseQuantity(limit) ?? 0) < (parseQuantity(idle) ?? 0) ? limit : idle;
  return {
    cpu: smaller(idleRequests.cpu, limits.cpu),
    memory: smaller(idleRequests.memory, limits.memory),
  };
}

/** Values come from the Secret one by one: a key that isn't a variable, the token for git, never becomes a variable. */
function environment(session: Session): NonNullable<Container["env"]> {
  const { name, repository, environment, spec } = session;
  const git = gitEnvironment({
    url: repository?.url,
    token: environment.gitToken,
    ssh: spec.gitSecret !== undefined,
    mirrors: spec.gitMirrors,
  });
  const own = new Map([
    ["HOME", homeFolder],
    ["CLAUDE_CONFIG_DIR", `${homeFolder}/.claude`],
    ["KODAMA_SESSION", name],
    ...git,
    ...Object.entries(spec.setup?.variables ?? {}),
  ]);
  const { envSecret } = sessionNames(name);
  return [
    // The user's own variables take precedence; Kubernetes warns of a name that is there twice.
    ...[...own]
      .filter(([name]) => !environment.variables.includes(name))
      .map(([name, value]) => ({ name, value: withoutReferences(value) })),
    ...environment.variables.map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: envSecret, key: name } },
    })),
  ];
}

/** Kubernetes replaces `$(NAME)` in values: a doubled `$` is a plain `$`, and no reference. */
function withoutReferences(value: string): string {
  return value.replaceAll("$(", "$$$$(");
}

function mounts({ environment, spec }: Session): VolumeMount[] {
  return [
    { name: "workspace", mountPath: workspaceFolder },
    { name: "home", mountPath: homeFolder },
    { name: "claude-home", mountPath: `${homeFolder}/.claude`, subPath: "claude" },
    { name: "claude-home", mountPath: `${homeFolder}/.kodama`, subPath: "kodama" },
    { name: "editor", mountPath: editorFolder, readOnly: true },
    ...(environment.gitToken
      ? [{ name: "git-token", mountPath: gitTokenFolder, readOnly: true }]
      : []),
    ...(spec.gitSecret === undefined
      ? []
      : [{ name: "git-ssh", mountPath: sshFolder, readOnly: true }]),
    ...(spec.volumes ?? []).map(({ volume: { name }, mountPath, readOnly }) => ({
      name,
      mountPath,
      readOnly,
    })),
  ];
}

/** Returns a user's own container: it mounts the workspace, and is as restricted as the session's. */
function beside(container: Container): Container {
  const mounts = container.volumeMounts ?? [];
  const sees = mounts.some(({ name }) => name === "workspace");
  return {
    ...container,
    securityContext: { ...container.securityContext, ...restricted() },
    volumeMounts: sees ? mounts : [...mounts, { name: "workspace", mountPath: workspaceFolder }],
  };
}

function volumes({ name, environment, spec }: Session): Volume[] {
  const names = sessionNames(name);
  const claim = (claimName: string) => ({ persistentVolumeClaim: { claimName } });
  // Readable for the pod's group, which has no other members.
  const defaultMode = 0o440;
  return [
    { name: "workspace", ...claim(names.workspaceClaim) },
    { name: "claude-home", ...claim(names.homeClaim) },
    { name: "home", emptyDir: {} },
    { name: "editor", configMap: { name: names.editorConfig } },
    ...(environment.gitToken
      ? [{
        name: "git-token",
        secret: {
          secretName: names.envSecret,
          defaultMode,
          items: [{ key: gitTokenKey, path: "token" }],
        },
      }]
      : []),
    ...(spec.gitSecret === undefined
      ? []
      : [{ name: "git-ssh", secret: sshSecret(spec.gitSecret, defaultMode) }]),
    ...(spec.volumes ?? []).map(({ volume }) => volume),
  ];
}

/**
 * A session starts without it, too: it may reach its repository another way, and the file appears when it is created.
 */
function sshSecret(secretName: string, defaultMode: number): NonNullable<Volume["secret"]> {
  const items = Object.values(sshSecretKeys).map((key) => ({ key, path: key }));
  return { secretName, defaultMode, items, optional: true };
}
