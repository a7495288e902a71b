/** The folder of a session's pod that corresponds to the working folder of this machine. */
import { runInPod } from "../../podscript/run_in_pod.ts";
import { workspaceFolder } from "../../session/names.ts";
import type { FoundSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import { syncHere } from "./sync_here.ts";

const askLimitMs = 15_000;

/**
 * Returns the folder: in a subfolder of the folder that is synced with the session, the same subfolder there, if it
 * exists; undefined for the workspace itself.
 */
export async function folderInPod(
  host: Host,
  { session, uid, target }: Pick<FoundSession, "session" | "uid" | "target">,
  signal: AbortSignal,
): Promise<string | undefined> {
  const report = await syncHere(host, { ...session, context: target.context, uid });
  const path = report && pathBelow(report.spec.local, host.places.workingDir);
  if (path === undefined) return undefined;
  const folder = `${workspaceFolder}/${path}`;
  const pod = { client: await host.kube(target.context), target, clock: host.clock, signal };
  const { outcome } = await runInPod(pod, { argv: ["test", "-d", folder], timeoutMs: askLimitMs });
  return outcome.kind === "ok" ? folder : undefined;
}

/** Returns the path from a folder to another below it; undefined if that is somewhere else. */
function pathBelow(folder: string, path: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}
