/** Fills a session's volumes with the files of another one, or of a snapshot: completely, or not at all. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { plural } from "../../base/plural.ts";
import { KodamaError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Checksums, Meter, TreeSource } from "../../copy/source.ts";
import { sendTree } from "../../copy/to_pod.ts";
import { type CarriedFolder, carriedFolders } from "../../session/carried.ts";
import { fillFolder, placeFillCommand, startFillCommand } from "../../session/carried.ts";
import { type PodAccess, podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { copyScriptsIn, copyTrouble, folderRetries } from "./pod_files.ts";

/** Opens one folder's files. Called again if a connection broke. */
export type OpenFolder = (
  folder: CarriedFolder,
) => Promise<AsyncDisposable & { source: TreeSource }>;

/** Between two progress reports. */
const tellEveryMs = 200;
const placeLimitMs = 10 * 60 * 1000;

/**
 * Fills the folders. The old contents stay until all files have arrived, and are restored on failure.
 *
 * @throws KodamaError with the reason; then nothing has changed in the pod.
 */
export async function* fill(
  pod: PodAccess,
  { open, checksums, what }: { open: OpenFolder; checksums: Checksums; what: string },
): AsyncGenerator<string, string> {
  await script(pod, startFillCommand(), "cannot make ready");
  const told = new BoundedQueue<string>(1);
  const meter = new TellingMeter(pod.clock, (text) => {
    if (told.size === 0) void told.push(text);
  });
  const filling = brought(pod, { open, checksums, what, meter }).finally(() => told.close());
  filling.catch(() => {});
  yield* told;
  const { files, bytes, notes } = await filling;
  await script(pod, placeFillCommand(), "cannot put the files in their place");
  return [`${plural(files, "file")}, ${mebibytes(bytes)}`, ...notes].join("; ");
}

interface Bringing {
  open: OpenFolder;
  checksums: Checksums;
  what: string;
  meter: TellingMeter;
}

async function brought(pod: PodAccess, bringing: Bringing) {
  const sum = { files: 0, bytes: 0, notes: [] as string[] };
  for (const folder of carriedFolders) {
    const { files, bytes, notes } = await filledFolder(pod, folder, bringing);
    sum.files += files;
    sum.bytes += bytes;
    sum.notes.push(...notes.slice(0, 3));
    bringing.meter.settled();
  }
  return sum;
}

/** Fills one folder; again from its start if the connection broke. */
async function filledFolder(pod: PodAccess, folder: CarriedFolder, bringing: Bringing) {
  const { open, checksums, what, meter } = bringing;
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

async function script(pod: PodAccess, words: readonly string[], what: string): Promise<void> {
  const result = await runInPod(pod, { argv: words, timeoutMs: placeLimitMs });
  if (result.outcome.kind !== "ok") throw podFailure(what, result);
}

/** Counts the bytes of all folders, and reports them at intervals. */
export class TellingMeter implements Meter {
  #settled = 0;
  #bytes = 0;
  #toldMs = -Infinity;

  constructor(private readonly clock: Clock, private readonly tell: (text: string) => void) {}

  moved(bytes: number): void {
    this.#bytes += bytes;
    const nowMs = this.clock.elapsedMs();
    if (nowMs - this.#toldMs < tellEveryMs) return;
    this.#toldMs = nowMs;
    this.tell(mebibytes(this.#settled + this.#bytes));
  }

  restarted(bytes: number): void {
    this.#bytes = bytes;
  }

  /** Marks a folder as complete: later bytes belong to the next one. */
  settled(): void {
    this.#settled += this.#bytes;
    this.#bytes = 0;
  }
}

/** `3.4 MiB`. */
function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
