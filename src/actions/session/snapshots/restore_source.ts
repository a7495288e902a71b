/** The source of restored files: what a restore needs from a snapshot, and the source that is a local file. */
import type { Session } from "../../../session/model.ts";
import type { PodAccess } from "../../../podscript/run_in_pod.ts";
import type { StoredSession } from "../../../session/state.ts";
import type { Host } from "../../host.ts";
import { readArchive } from "./archive_read.ts";
import type { NewVolumes } from "../bring_up.ts";
import { fill } from "../fill.ts";
import { podChecksums } from "../pod_files.ts";

/** Which snapshot. */
export type RestoreFrom =
  /** On this machine. */
  | { kind: "file"; path: string }
  /** In the cluster, in the session's namespace. */
  | { kind: "snapshot"; name: string };

/** What is known of its contents. */
export type RestoreContent =
  | { kind: "file"; files: number; bytes: number }
  | { kind: "snapshot"; name: string; volumes: readonly { name: string; size: string }[] };

/** How its files get into a session. */
export interface RestoreFilling {
  /** The source of missing volumes. */
  volumes?: NewVolumes;
  /** Copies what isn't in the volumes yet: all of it, or nothing. Yields its progress, and returns the result. */
  fill(pod: PodAccess): AsyncGenerator<string, string>;
}

/** A snapshot that was checked, and is complete. */
export interface RestoreSource {
  /** As it was at the time. */
  session: Session;
  takenAt: Date;
  content: RestoreContent;
  open(
    restore: { kept: StoredSession; withSecrets: boolean; readyTimeoutMs: number },
  ): Promise<RestoreFilling>;
}

/**
 * Returns a file as a source. It contains no secrets.
 *
 * @throws KodamaError `config` if it isn't complete.
 */
export async function archiveSource(host: Host, file: string): Promise<RestoreSource> {
  const path = file.startsWith("/") ? file : `${host.places.workingDir}/${file}`;
  const { session, takenAt, files, bytes, open } = await readArchive(host, path);
  const what = "cannot restore the files";
  return {
    session,
    takenAt,
    content: { kind: "file", files, bytes },
    open: async () => {
      const checksums = await podChecksums(host);
      return { fill: (pod) => fill(pod, { open, checksums, what }) };
    },
  };
}
