/** The snapshot findings of `doctor --sessions`: those that can't be used, and those whose session is missing. */
import { action, hint } from "../../../base/hint.ts";
import { KodamaError } from "../../../base/errors.ts";
import type { KubeClient } from "../../../kube/client.ts";
import {
  anySnapshot,
  type StoredSnapshot,
  storedSnapshots,
} from "../../../session/volume_snapshot.ts";
import type { Finding } from "../../doctor/finding.ts";
import { snapshotObjects } from "./snapshots.ts";

/** Returns the findings; none if the cluster has no snapshots, or they may not be listed. */
export async function snapshotFindings(
  client: KubeClient,
  { namespace, hasSession, signal }: {
    namespace: string | undefined;
    hasSession: (namespace: string, name: string) => boolean;
    signal: AbortSignal;
  },
): Promise<Pick<Finding, "status" | "detail" | "advice">[]> {
  const kept = await seen(client, namespace, signal);
  return kept.flatMap((snapshot) => {
    const found = findingOf(snapshot, hasSession(snapshot.namespace, snapshot.session));
    return found === undefined ? [] : [found];
  });
}

async function seen(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<StoredSnapshot[]> {
  try {
    return storedSnapshots(
      await snapshotObjects(client, { namespace, selector: anySnapshot, signal }),
    );
  } catch (error) {
    signal.throwIfAborted();
    const unseen = error instanceof KodamaError && ["conflict", "forbidden"].includes(error.kind);
    if (!unseen) throw error;
    if (error.kind !== "forbidden" || namespace !== undefined) return [];
    return await seen(client, client.defaultNamespace, signal);
  }
}

function findingOf(
  { name, namespace, session, state, volumes }: StoredSnapshot,
  hasSession: boolean,
): Pick<Finding, "status" | "detail" | "advice"> | undefined {
  const removal = hint`${action("snapshots.delete", { name, namespace })} takes it away`;
  if (state === "Incomplete" || state === "Failed") {
    const why = volumes.find(({ error }) => error !== undefined)?.error?.message;
    return {
      status: "warn",
      detail: `snapshot ${name} in namespace "${namespace}" is ${state}` +
        (why === undefined ? "" : `: ${why}`),
      advice: removal,
    };
  }
  if (hasSession) return undefined;
  return {
    status: "ok",
    detail: `snapshot ${name} of "${session}", which isn't there, in namespace "${namespace}"`,
    advice: hint`${
      action("restore", { name: session, source: name, namespace })
    } brings it back; ${removal}`,
  };
}
