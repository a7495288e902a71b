/** Every controller of the embedded cluster, in the order in which one change tends to cause the next. */
import type { Controller } from "./state.ts";
import { cronJobController } from "./cron_job.ts";
import { daemonSetController } from "./daemonset.ts";
import { deploymentController } from "./deployment.ts";
import { disruptionController } from "./disruption.ts";
import { eventExpiry } from "./events.ts";
import { garbageCollector } from "./garbage_collector.ts";
import { jobController } from "./job.ts";
import {
  namespaceController,
  rootCertificateController,
  serviceAccountController,
} from "./namespace.ts";
import { replicaSetController } from "./replicaset.ts";
import { schedulerController } from "./scheduler.ts";
import { statefulSetController } from "./statefulset.ts";
import { taintEvictionController } from "./taint_eviction.ts";
import { volumeController } from "./volume_binder.ts";

/** What controllers need to know about this cluster. */
interface ControllerSettings {
  /** The certificate authority of the API server, in PEM. */
  certificateAuthority: string;
  /** Absolute path below which volumes are folders. */
  volumeFolder: string;
}

/** Returns all controllers. */
export function allControllers(settings: ControllerSettings): readonly Controller[] {
  return [
    namespaceController,
    serviceAccountController,
    rootCertificateController(settings.certificateAuthority),
    deploymentController,
    statefulSetController,
    daemonSetController,
    cronJobController,
    jobController,
    replicaSetController,
    volumeController(settings.volumeFolder),
    schedulerController,
    taintEvictionController,
    disruptionController,
    garbageCollector,
    eventExpiry,
  ];
}
