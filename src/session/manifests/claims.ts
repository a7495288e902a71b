/** The claims that hold a session's data: the workspace, and the agent's home. Pure. */
import { definedOnly } from "../../base/json_value.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { VOLUME_SNAPSHOTS } from "../../kube/resources.ts";
import type { PersistentVolumeClaim } from "../../kube/types.ts";
import type { Session } from "../model.ts";
import { type Component, sessionLabels, sessionNames } from "../names.ts";

/** The initial content of a volume: a VolumeSnapshot of the claim's own namespace. */
interface VolumeSource {
  /** The object's name. */
  name: string;
  /** A quantity: a claim may not request less. */
  size?: string;
}

/** For both volumes. */
export type VolumeSources = Readonly<Record<"workspace" | "home", VolumeSource>>;

/** Returns both claims, without an owner: they outlive the session. Empty unless a snapshot is named. */
export function claims(session: Session, sources?: VolumeSources): PersistentVolumeClaim[] {
  const { workspaceClaim, homeClaim } = sessionNames(session.name);
  const { storage } = session.spec;
  const { workspace, home } = sources ?? {};
  const [large, small] = [storage.workspace, storage.claudeHome];
  return [
    claim(session, { name: workspaceClaim, size: large, component: "workspace" }, workspace),
    claim(session, { name: homeClaim, size: small, component: "home" }, home),
  ];
}

/** Returns the larger quantity: a session may have requested less than the driver then provided. */
function larger(size: string, least: string | undefined): string {
  if (least === undefined) return size;
  return (parseQuantity(least) ?? 0) > (parseQuantity(size) ?? 0) ? least : size;
}

function claim(
  session: Session,
  { name, size, component }: { name: string; size: string; component: Component },
  source: VolumeSource | undefined,
): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: session.namespace, labels: sessionLabels(session, component) },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: larger(size, source?.size) } },
      ...(source === undefined ? {} : {
        dataSource: {
          apiGroup: VOLUME_SNAPSHOTS.group,
          kind: VOLUME_SNAPSHOTS.kind,
          name: source.name,
        },
      }),
      ...definedOnly({ storageClassName: session.spec.storageClass }),
    },
  };
}
