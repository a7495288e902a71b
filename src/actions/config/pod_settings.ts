/** The settings of all pods that kodama makes. */
import { definedOnly } from "../../base/json_value.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { Toleration } from "../../kube/types.ts";
import type { PodSettings } from "../../session/pod_settings.ts";

/** Returns them, for sessions, runs, schedules and checks of images alike. */
export function podSettings(defaults: Settings["defaults"]): PodSettings {
  const { nodeSelector, tolerations, ...others } = defaults ?? {};
  const { labels, annotations, runAsUser, priorityClass, imagePullSecrets } = others;
  return {
    nodeSelector: nodeSelector ?? {},
    // Kubernetes validates the rest of them, and reports their errors.
    tolerations: (tolerations ?? []) as Toleration[],
    ...definedOnly({ labels, annotations, runAsUser, priorityClass, imagePullSecrets }),
  };
}
