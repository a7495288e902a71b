/** Fills a session's volumes with the files of another session, or of a snapshot: completely, or not at all. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { plural } from "../../base/plural.ts";
import { KodamaError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Checksums, Meter, TreeSource } from "../../copy/source.ts";
import { sendTree } from "../../copy/to_pod.ts";
import {
  type CarriedFolder,
  carriedFolders,
  fillFolder,
  placeFillCommand,
  startFillCommand,
} from "../../session/carried.ts";
import { type PodAccess, podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { copyScriptsIn, copyTrouble, folderRetries } from "./pod_files.ts";

/** Opens a folder's files. Called again if a connection broke. */
type OpenFolder = (
  folder: CarriedFolder,
) => Promise<AsyncDisposable & { source: TreeSource }>;

/** Between two progress reports. */
const reportIntervalMs = 200;
const installLimitMs = 10 * 60 * 1000;

/**
 * Fills the folders. The old contents stay until all files have arrived, and are restored on failure.
 *
 * @throws KodamaError with the reason; then nothing has changed in the pod.
 */
export async function* fill(
  pod: PodAccess,
  { open, checksums, what }: { open: OpenFolder; checksums: Checksums; what: string },
): AsyncGenerator<string, string> {
  await script(pod, startFillCommand(), "cannot prepare the volumes");
  const progress = new BoundedQueue<string>(1);
  const meter = new ReportingMeter(pod.clock, (text) => {
    if (progress.size === 0) void progress.push(text);
  });
  const filling = fillFolders(pod, { open, checksums, what, meter }).finally(() =>
    progress.close()
  );
  filling.catch(() => {});
  yield* progress;
  const { files, bytes, notes } = await filling;
  await script(pod, placeFillCommand(), "cannot move the files into place");
  return [`${plural(files, "file")}, ${mebibytes(bytes)}`, ...notes].join("; ");
}

interface Filling {
  open: OpenFolder;
  checksums: Checksums;
  what: string;
  meter: ReportingMeter;
}

async function fillFolders(pod: PodAccess, filling: Filling) {
  const sum = { files: 0, bytes: 0, notes: [] as string[] };
  for (const folder of carriedFolders) {
    const { files, bytes, notes } = await fillOneFolder(pod, folder, filling);
    sum.files += files;
    sum.bytes += bytes;
    sum.notes.push(...notes.slice(0, 3));
    filling.meter.folderComplete();
  }
  return sum;
}

/** Fills a folder; again from its start if the connection broke. */
async function fillOneFolder(pod: PodAccess, folder: CarriedFolder, filling: Filling) {
  const { open, checksums, what, meter } = filling;
  const { clock, signal } = pod;
  try {
    return await retry(async () => {
      await using opened = await open(folder);
      const to = { open: copyScriptsIn(pod), path: `${folder.path}/${fillFolder}`, name: "." };
      const totals = await sendTree(opened.source, { ...to, checksums, meter });
      if (totals.failure === undefined) return totals;
      throw new KodamaError("conflict", `${what}: ${totals.failure}`);
    }, { ...folderRetries, clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw copyTrouble(what, error);
  }
}

async function script(pod: PodAccess, command: readonly string[], what: string): Promise<void> {
  const result = await runInPod(pod, { argv: command, timeoutMs: installLimitMs });
  if (result.outcome.kind !== "ok") throw podFailure(what, result);
}

/** Counts the bytes of all folders, and reports them at intervals. */
export class ReportingMeter implements Meter {
  #completedBytes = 0;
  #bytes = 0;
  #reportedMs = -Infinity;

  constructor(private readonly clock: Clock, private readonly report: (text: string) => void) {}

  moved(bytes: number): void {
    this.#bytes += bytes;
    const nowMs = this.clock.elapsedMs();
    if (nowMs - this.#reportedMs < reportIntervalMs) return;
    this.#reportedMs = nowMs;
    this.report(mebibytes(this.#completedBytes + this.#bytes));
  }

  restarted(bytes: number): void {
    this.#bytes = bytes;
  }

  /** Marks a folder as complete: later bytes belong to the next folder. */
  folderComplete(): void {
    this.#completedBytes += this.#bytes;
    this.#bytes = 0;
  }
}

/** `3.4 MiB`. */
function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
