/** A pod that shows the volumes of a snapshot beside a session's own, so that their files can be copied. Pure. */
import type { PersistentVolumeClaim, Pod } from "../../kube/types.ts";
import type { Session } from "../model.ts";
import { sessionLabels, workspaceContainer } from "../names.ts";
import { claims, type VolumeSources } from "./claims.ts";
import { sessionPod } from "./pod.ts";

/** The names of what is there for as long as files are copied. */
export function snapshotPodNames(session: string) {
  return {
    pod: `kodama-restore-${session}`,
    workspaceClaim: `kodama-restore-workspace-${session}`,
    homeClaim: `kodama-restore-claude-home-${session}`,
  };
}

/** Its claims. */
export function snapshotClaims(session: Session, sources: VolumeSources): PersistentVolumeClaim[] {
  const { workspaceClaim, homeClaim } = snapshotPodNames(session.name);
  const labels = sessionLabels(session.name, "restore");
  return claims(session, sources).map((claim, index) => ({
    ...claim,
    metadata: { ...claim.metadata, name: [workspaceClaim, homeClaim][index] ?? "", labels },
  }));
}

/** As the session's own pod, at the same paths; without its secrets, its configuration and its other containers. */
export function snapshotPod(session: Session): Pod {
  const { pod: name, workspaceClaim, homeClaim } = snapshotPodNames(session.name);
  const { gitSecret: _, ...spec } = session.spec;
  const bare: Session = {
    ...session,
    spec: { ...spec, containers: [] },
    environment: { variables: [], gitToken: false },
  };
  const pod = sessionPod(bare);
  const [workspace] = pod.spec?.containers ?? [];
  const claim = (claimName: string) => ({ persistentVolumeClaim: { claimName } });
  return {
    ...pod,
    metadata: { ...pod.metadata, name, labels: sessionLabels(session.name, "restore") },
    spec: {
      ...pod.spec,
      // What ends this is its deletion, and nobody works in it.
      terminationGracePeriodSeconds: 1,
      containers: workspace === undefined ? [] : [{ ...workspace, name: workspaceContainer }],
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
