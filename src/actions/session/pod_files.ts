/** Folders of a session's pod, as copies read and write them. */
import type { Hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import type { RetryOptions } from "../../base/retry.ts";
import { escapedName, type TreeEntry } from "../../copy/entry.ts";
import {
  CopyFailure,
  noShell,
  type OpenCopyScript,
  startCopyScript,
} from "../../copy/pod_script.ts";
import { openPodSource } from "../../copy/from_pod.ts";
import type { LocalFiles } from "../../copy/local_files.ts";
import { type Checksums, checksumsOf, type TreeSource } from "../../copy/source.ts";
import { isTransient } from "../../kube/failures.ts";
import { reasonOrName } from "../../exec/reason.ts";
import { reportsNoShell } from "../../exec/runtime_errors.ts";
import { type CarriedFolder, isCarried } from "../../session/carried.ts";
import type { PodAccess } from "../../podscript/run_in_pod.ts";
import type { Host } from "../host.ts";

/** After a broken connection, a folder of a session is read, or filled, again from its start. */
export const folderRetries: Pick<RetryOptions, "policy" | "mayRetry"> = {
  policy: { delayMs: 1000, attempts: 3 },
  mayRetry: (error) => error instanceof CopyFailure && error.again,
};

/** Returns a function that runs the scripts of copies in a pod. The pod's signal ends a running script. */
export function copyScriptsIn({ client, target, signal }: PodAccess): OpenCopyScript {
  const { namespace, pod, container } = target;
  return (script, args) =>
    startCopyScript(script, args, {
      signal,
      async open({ command }) {
        const request = { namespace, pod, container, command, stdin: true, tty: false, bulk: true };
        try {
          return await client.exec(request, { signal });
        } catch (error) {
          if (signal.aborted || !(error instanceof KodamaError)) throw error;
          if (reportsNoShell(error.message)) throw noShell();
          const kind = error.kind === "forbidden" ? "forbidden" : "unreachable";
          throw new CopyFailure({ kind, reason: error.message }, isTransient(error));
        }
      },
    });
}

/** Returns the checksums by which both ends compare their data. */
export async function podChecksums(host: Host): Promise<Checksums & { files: LocalFiles }> {
  const files = await host.copyFiles();
  return { files, ...checksumsOf("auto", files) };
}

/** Opens a folder of a pod for a copy. It is read once; disposing of it releases it. */
export async function openCarried(
  pod: PodAccess,
  folder: CarriedFolder,
  { checksums, withSecrets }: { checksums: Checksums; withSecrets: boolean },
): Promise<AsyncDisposable & { source: TreeSource }> {
  const { context, namespace, pod: name, uid = "" } = pod.target;
  const identity = [context, namespace, name, uid].join("/");
  const opened = await openPodSource({
    open: copyScriptsIn(pod),
    path: folder.path,
    checksums,
    identity,
  });
  const { source } = opened;
  if (source.kind !== "tree") {
    await opened[Symbol.asyncDispose]();
    throw new KodamaError("conflict", `${folder.path} isn't a folder in pod "${name}"`);
  }
  return {
    source: narrowed(source, (path) => isCarried(folder, path, { withSecrets })),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** Returns the same folder without excluded files. */
function narrowed(source: TreeSource, takes: (path: string) => boolean): TreeSource {
  const isTaken = (entry: TreeEntry) =>
    takes(escapedName(entry.path)) &&
    // A hard link to an excluded file would still copy it.
    (entry.kind !== "hardLink" || takes(escapedName(entry.target)));
  return {
    kind: "tree",
    key: source.key,
    checksum: source.checksum,
    bytes: source.bytes,
    finish: () => source.finish(),
    async *entries() {
      for await (const entry of source.entries()) if (isTaken(entry)) yield entry;
    },
  };
}

/** Returns the error of a failed copy to report. */
export function copyTrouble(what: string, error: unknown, hint?: Hint): unknown {
  if (!(error instanceof CopyFailure)) return error;
  const { outcome } = error;
  return new KodamaError(
    outcome.kind === "failed"
      ? "conflict"
      : outcome.kind === "forbidden"
      ? "forbidden"
      : "unreachable",
    `${what}: ${reasonOrName(outcome)}`,
    hint === undefined ? { cause: error } : { hint, cause: error },
  );
}
