/** A pod that reports which requirements of sessions an image fulfils, and ends. Pure. */
import { definedOnly } from "../../base/json_value.ts";
import type { Pod } from "../../kube/types.ts";
import { podIds, podPlacement, type PodSettings } from "../pod_settings.ts";
import { workspaceContainer } from "../names.ts";
import { sessionCommand } from "../pod_script.ts";
import { restricted, userId } from "./pod.ts";
import { checkedPod, noAllowances } from "./pod_standard.ts";

/** Programs that an image is searched for. */
const checkedPrograms = [
  "git",
  "tar",
  "tmux",
  "claude",
  "sshd",
  "perl",
  "inotifyd",
  "inotifywait",
] as const;

/** The pod of a check: as a session's would run, without volumes and secrets. */
interface ImageCheckSpec {
  name: string;
  namespace: string;
  /** Kubernetes ends the pod after this time, whatever happened to its caller. */
  limitSeconds: number;
  image: string;
  settings: PodSettings;
}

/**
 * Returns the pod.
 *
 * @throws KodamaError `config` if it may do more than a session's pod may.
 */
export function imageCheckPod(
  { name, namespace, limitSeconds, image, settings }: ImageCheckSpec,
): Pod {
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { ...settings.labels, "app.kubernetes.io/managed-by": "kodama" },
      ...definedOnly({ annotations: settings.annotations }),
    },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: limitSeconds,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        ...podIds(settings, userId),
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...podPlacement(settings),
      containers: [{
        name: workspaceContainer,
        image,
        command: sessionCommand("checkImage", [String(userId), ...checkedPrograms]),
        resources: {
          limits: { cpu: "100m", memory: "64Mi" },
          requests: { cpu: "10m", memory: "16Mi" },
        },
        securityContext: restricted(),
      }],
    },
  };
  return checkedPod(pod, { ...noAllowances, secrets: new Set(settings.imagePullSecrets) });
}
