/** A pod that shows the volumes of a snapshot, so that it can be seen whether they hold it, and their files be copied. Pure. */
import type { Container, PersistentVolumeClaim, Pod } from "../../kube/types.ts";
import { lifeScript } from "../life_script.ts";
import type { Session } from "../model.ts";
import { sessionLabels, sessionNames } from "../names.ts";
import { claims, type VolumeSources } from "./claims.ts";
import { sessionPod } from "./pod.ts";

/** The names of what is there for as long as a snapshot is worked on. */
export function snapshotPodNames(session: string) {
  return {
    pod: `kodama-restore-${session}`,
    workspaceClaim: `kodama-restore-workspace-${session}`,
    homeClaim: `kodama-restore-claude-home-${session}`,
  };
}

/** Which claims the pod shows: some that are there for it alone, or the session's own. */
export type ShownClaims = "passing" | "own";

/** The claims that are there for the pod alone. */
export function snapshotClaims(session: Session, sources: VolumeSources): PersistentVolumeClaim[] {
  const { workspaceClaim, homeClaim } = snapshotPodNames(session.name);
  const labels = sessionLabels(session.name, "restore");
  return claims(session, sources).map((claim, index) => ({
    ...claim,
    metadata: { ...claim.metadata, name: [workspaceClaim, homeClaim][index] ?? "", labels },
  }));
}

/** It ends by itself so long after the last command in it: whoever began it may have been killed. */
const idleSeconds = 60;

/** The container that looks at the volumes before any other sees them. */
export const lookContainer = "look";
/** Its exit code where the volumes are new ones. */
export const emptyCode = 3;

const lookedAt = "/snapshot";

/**
 * The folders within the home volume are made by the cluster when a session's first container begins: a volume without
 * them never was a session's. It tells of both volumes, since one storage makes both; a workspace may well be empty.
 */
const lookScript = `[ -d ${lookedAt}/claude ] && [ -d ${lookedAt}/kodama ] || exit ${emptyCode}`;

/**
 * As the session's own pod, at the same paths; without its secrets, its configuration and its other containers. Nothing
 * of the session begins in it: no task that waits for its turn has it here. No container follows a look that found no
 * snapshot, for it would make those folders, and the next look would find them.
 */
export function snapshotPod(session: Session, shown: ShownClaims): Pod {
  const { gitSecret: _, ...spec } = session.spec;
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
    metadata: { ...pod.metadata, name, labels: sessionLabels(session.name, "restore") },
    spec: {
      ...pod.spec,
      restartPolicy: "Never",
      // What ends this is its deletion, and nobody works in it.
      terminationGracePeriodSeconds: 1,
      initContainers: containers.map(looking),
      containers: containers.map((one) => ({
        ...one,
        command: ["sh", "-c", lifeScript({ idleSeconds })],
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

function looking(container: Container): Container {
  const { workingDir: _, ...rest } = container;
  return {
    ...rest,
    name: lookContainer,
    command: ["sh", "-c", lookScript],
    volumeMounts: [{ name: "claude-home", mountPath: lookedAt, readOnly: true }],
  };
}
