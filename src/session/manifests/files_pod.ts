/** A pod that mounts the volumes of a stopped session, while a caller copies their files. Pure. */
import type { Pod } from "../../kube/types.ts";
import { idleWatcherCommand } from "../idle_watcher.ts";
import type { Session } from "../model.ts";
import { sessionLabels } from "../names.ts";
import { sessionPod } from "./pod.ts";

/** Its name. */
export function filesPodName(session: string): string {
  return `kodama-files-${session}`;
}

/** It exits by itself this long after the last copy: its caller may have been killed. */
const idleSeconds = 60;

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
      labels: sessionLabels(session.name, "files"),
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
