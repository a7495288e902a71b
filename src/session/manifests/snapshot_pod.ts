/** A pod that mounts the volumes of a snapshot, to check that they contain it and to copy their files. Pure. */
import type { Container, PersistentVolumeClaim, Pod } from "../../kube/types.ts";
import { idleWatcherCommand } from "../idle_watcher.ts";
import type { Session } from "../model.ts";
import { sessionLabels, sessionNames } from "../names.ts";
import { claims, type VolumeSources } from "./claims.ts";
import { sessionPod } from "./pod.ts";

/** Returns the names of objects that exist while a snapshot is processed. */
export function snapshotPodNames(session: string) {
  return {
    pod: `kodama-restore-${session}`,
    workspaceClaim: `kodama-restore-workspace-${session}`,
    homeClaim: `kodama-restore-claude-home-${session}`,
  };
}

/** Returns whether an object of a session exists only while files are copied. */
export function isPassing(session: string, object: string): boolean {
  return [filesPodName(session), ...Object.values(snapshotPodNames(session))].includes(object);
}

/** The claims that the pod mounts: temporary claims of its own, or the session's. */
export type ShownClaims = "passing" | "own";

/** Returns the claims that exist only for the pod. */
export function snapshotClaims(session: Session, sources: VolumeSources): PersistentVolumeClaim[] {
  const { workspaceClaim, homeClaim } = snapshotPodNames(session.name);
  const labels = sessionLabels(session, "restore");
  return claims(session, sources).map((claim, index) => ({
    ...claim,
    metadata: { ...claim.metadata, name: [workspaceClaim, homeClaim][index] ?? "", labels },
  }));
}

/** The pod exits by itself this long after the last command or copy in it: its caller may have been killed. */
const idleSeconds = 60;

/** The container that inspects the volumes before any other mounts them. */
export const checkContainer = "look";
/** The exit code if the volumes are new. */
export const emptyCode = 3;

const checkedPath = "/snapshot";

/**
 * The cluster creates the folders within the home volume when a session's first container starts: a volume without them
 * was never a session's. The folders prove both volumes, since the same storage creates both; a workspace may well be
 * empty.
 */
const checkScript =
  `[ -d ${checkedPath}/claude ] && [ -d ${checkedPath}/kodama ] || exit ${emptyCode}`;

/**
 * Like the session's own pod, at the same paths; without its secrets, its configuration and its other containers. It
 * starts nothing of the session: no queued task runs here. No container follows a check that found no snapshot: it
 * would create those folders, and the next check would find them.
 */
export function snapshotPod(session: Session, shown: ShownClaims): Pod {
  // Nothing of the user's programs runs here: no device, account or volume of theirs is needed.
  const { gitSecret: _secret, extendedResources: _devices, ...passed } = session.spec;
  const { serviceAccount: _account, volumes: _volumes, setup: _setup, ...spec } = passed;
  const pod = sessionPod({
    ...session,
    spec: { ...spec, containers: [], limits: { idleSeconds } },
    environment: { variables: [], gitToken: false },
  });
  const { pod: name, ...passing } = snapshotPodNames(session.name);
  const { workspaceClaim, homeClaim } = shown === "own" ? sessionNames(session.name) : passing;
  const claim = (claimName: string) => ({ persistentVolumeClaim: { claimName } });
  const containers = pod.spec?.containers ?? [];
  return {
    ...pod,
    metadata: { ...pod.metadata, name, labels: sessionLabels(session, "restore") },
    spec: {
      ...pod.spec,
      restartPolicy: "Never",
      // The pod ends by its deletion, and no one works in it.
      terminationGracePeriodSeconds: 1,
      initContainers: containers.map(checking),
      containers: containers.map((one) => ({
        ...one,
        command: idleWatcherCommand({ idleSeconds }),
      })),
      volumes: (pod.spec?.volumes ?? []).map(({ name }) =>
        name === "workspace"
          ? { name, ...claim(workspaceClaim) }
          : name === "claude-home"
          ? { name, ...claim(homeClaim) }
          : { name, emptyDir: {} }
      ),
    },
  };
}

function checking(container: Container): Container {
  const { workingDir: _, ...rest } = container;
  return {
    ...rest,
    name: checkContainer,
    command: ["sh", "-c", checkScript],
    volumeMounts: [{ name: "claude-home", mountPath: checkedPath, readOnly: true }],
  };
}

/* A pod that mounts the volumes of a stopped session, while a caller copies their files. Pure. */

/** Returns the name of the pod. */
export function filesPodName(session: string): string {
  return `kodama-files-${session}`;
}

/**
 * Like the session's own pod, at the same paths, read-only; without its secrets, its configuration and its other
 * containers. It starts nothing of the session: no queued task runs here.
 */
export function filesPod(session: Session): Pod {
  const { gitSecret: _, ...spec } = session.spec;
  const pod = sessionPod({
    ...session,
    spec: { ...spec, containers: [], limits: { idleSeconds } },
    environment: { variables: [], gitToken: false },
  });
  const shown = ["workspace", "claude-home"];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: filesPodName(session.name),
      labels: sessionLabels(session, "files"),
    },
    spec: {
      ...pod.spec,
      terminationGracePeriodSeconds: 1,
      containers: (pod.spec?.containers ?? []).map((one) => ({
        ...one,
        command: idleWatcherCommand({ idleSeconds }),
        volumeMounts: (one.volumeMounts ?? []).map((mount) =>
          shown.includes(mount.name) ? { ...mount, readOnly: true } : mount
        ),
      })),
      volumes: (pod.spec?.volumes ?? []).map((volume) =>
        shown.includes(volume.name) ? volume : { name: volume.name, emptyDir: {} }
      ),
    },
  };
}
