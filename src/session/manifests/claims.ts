/** The claims that hold what a session is worth: the workspace, and the agent's home. Pure. */
import type { PersistentVolumeClaim } from "../../kube/types.ts";
import type { Session } from "../model.ts";
import { type Component, sessionLabels, sessionNames } from "../names.ts";

/** Both claims. No owner: they outlive the session. */
export function claims(session: Session): PersistentVolumeClaim[] {
  const { workspaceClaim, homeClaim } = sessionNames(session.name);
  const { storage } = session.spec;
  return [
    claim(session, { name: workspaceClaim, size: storage.workspace, component: "workspace" }),
    claim(session, { name: homeClaim, size: storage.claudeHome, component: "home" }),
  ];
}

function claim(
  { name: session, namespace, spec }: Session,
  { name, size, component }: { name: string; size: string; component: Component },
): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace, labels: sessionLabels(session, component) },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(spec.storageClass === undefined ? {} : { storageClassName: spec.storageClass }),
    },
  };
}
