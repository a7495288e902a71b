/** Where restored files come from: what a restore asks of a snapshot, and the one that is a file of this machine. */
import type { Session } from "../../session/model.ts";
import type { PodAccess } from "../../session/run_in_pod.ts";
import type { KeptSession } from "../../session/state.ts";
import type { Host } from "../host.ts";
import { readArchive } from "./archive_read.ts";
import type { NewVolumes } from "./bring_up.ts";
import { fill } from "./fill.ts";
import { podChecksums } from "./pod_files.ts";

/** Which snapshot. */
export type RestoreFrom =
  /** Of this machine. */
  | { kind: "file"; path: string }
  /** Of the cluster, in the session's namespace. */
  | { kind: "snapshot"; name: string };

/** What is known of its contents. */
export type RestoreContent =
  | { kind: "file"; files: number; bytes: number }
  | { kind: "snapshot"; name: string; volumes: readonly { name: string; size: string }[] };

/** How its files come into a session. */
export interface RestoreFilling {
  /** Of volumes that aren't there yet. */
  volumes?: NewVolumes;
  /** Brings what isn't in the volumes already: all of it, or nothing. Tells how far it is, and what came of it. */
  fill(pod: PodAccess): AsyncGenerator<string, string>;
}

/** A snapshot that was looked at, and is whole. */
export interface RestoreSource {
  /** As it was. */
  session: Session;
  takenAt: Date;
  content: RestoreContent;
  open(
    restore: { kept: KeptSession; withSecrets: boolean; readyTimeoutMs: number },
  ): Promise<RestoreFilling>;
}

/**
 * A file. There are no secrets in it.
 *
 * @throws KodamaError `config` for one that isn't whole.
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
