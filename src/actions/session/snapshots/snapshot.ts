/** Saves a session's files in a local file, with everything that is needed to start such a session again. */
import { hint, option } from "../../../base/hint.ts";
import { BoundedQueue } from "../../../base/bounded_queue.ts";
import { KodamaError } from "../../../base/errors.ts";
import { retry } from "../../../base/retry.ts";
import type { Host } from "../../host.ts";
import { archiveBytes, type ArchiveCounts } from "./archive_write.ts";
import type { SessionRef } from "../events.ts";
import { ReportingMeter } from "../fill.ts";
import type { Session } from "../../../session/model.ts";
import type { PodAccess } from "../../../podscript/run_in_pod.ts";
import { copyTrouble, folderRetries, podChecksums } from "../pod_files.ts";
import { sessionFiles } from "../session_files.ts";

/** Which session, and the output file. */
export interface SnapshotOptions extends SessionRef {
  /** `NAME-TIME.tar.gz` in the working folder if absent. */
  output?: string;
  signal: AbortSignal;
}

interface SnapshotFile extends ArchiveCounts {
  path: string;
  /** The size of the file itself; `bytes` is that of its contents. */
  size: number;
  /** Hexadecimal, of the file. */
  sha256: string;
}

/** How long the pod that exposes a stopped session's files may take to be ready. */
const readyTimeoutMs = 5 * 60_000;

/**
 * Writes the file; yields its progress. It gets its name only when it is complete.
 *
 * @throws KodamaError `conflict` if the session neither runs nor is stopped, or a file of the name exists.
 */
export async function* snapshot(
  host: Host,
  options: SnapshotOptions,
): AsyncGenerator<string, SnapshotFile> {
  const { signal } = options;
  const { stored: { session }, withFiles } = await sessionFiles(host, options, {
    readyTimeoutMs,
    signal,
  });
  const takenAt = host.clock.now();
  const stamp = takenAt.toISOString().replace(/\D/g, "").slice(0, 14);
  const file = options.output ?? `${options.name}-${stamp}.tar.gz`;
  const path = file.startsWith("/") ? file : `${host.places.workingDir}/${file}`;
  const files = await host.copyFiles();
  if (await files.kindOf(path) !== undefined) {
    throw new KodamaError("conflict", `${path} already exists`, {
      hint: hint`${option("output", "FILE")} names another one`,
    });
  }
  return yield* withFiles((pod) => fromPod(host, { pod, session, path, takenAt }));
}

async function* fromPod(
  host: Host,
  work: Omit<Writing, "meter">,
): AsyncGenerator<string, SnapshotFile> {
  const progress = new BoundedQueue<string>(1);
  const meter = new ReportingMeter(host.clock, (text) => {
    if (progress.size === 0) void progress.push(text);
  });
  const writing = writtenFile(host, { ...work, meter })
    .finally(() => progress.close());
  writing.catch(() => {});
  yield* progress;
  return await writing;
}

interface Writing {
  pod: PodAccess;
  session: Session;
  path: string;
  takenAt: Date;
  meter: ReportingMeter;
}

/** Writes the file; again from its start if the connection broke. */
async function writtenFile(host: Host, work: Writing): Promise<SnapshotFile> {
  const { pod: { signal }, session } = work;
  try {
    return await retry(() => written(host, work), { ...folderRetries, clock: host.clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw copyTrouble(`cannot read session "${session.name}"`, error);
  }
}

async function written(
  host: Host,
  { pod, session, path, takenAt, meter }: Writing,
): Promise<SnapshotFile> {
  const { files, ...checksums } = await podChecksums(host);
  const counts: ArchiveCounts = { files: 0, bytes: 0, notes: [] };
  const sum = (await files.sha256())();
  const key = crypto.randomUUID();
  let size = 0;
  try {
    await using partial = await files.partialFile(path, key);
    meter.restarted(0);
    // Specific to this machine and moment: useless to a later restore.
    const { agent: _agent, message: _message, ...rest } = session;
    const source = { pod, session: { ...rest, sync: { enabled: false } } };
    for await (const bytes of archiveBytes({ ...source, checksums, meter, counts }, takenAt)) {
      sum.update(bytes);
      await partial.write(bytes, size);
      size += bytes.length;
    }
    await partial.place(size, { mode: 0o600, mtime: Math.floor(takenAt.getTime() / 1000) });
  } catch (error) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    // The original error is reported, not a remaining file.
    await host.files.remove(`${folder}/.kodama-${key}.part`).catch(() => {});
    throw error;
  }
  return { ...counts, path, size, sha256: sum.result() };
}
