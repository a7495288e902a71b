/** The file of one record: lines are queued at once and written in order; no failure of it can fail the run. */
import { KodamaError } from "../../base/errors.ts";
import { runsFolder } from "../../config/paths.ts";
import { expiredRecords, type RecordLimits, recordLimits } from "../../runs/run_record.ts";
import type { Host, NewFile } from "../host.ts";

/** The extension of a record's file; the run's id precedes it. */
export const recordEnding = ".jsonl";

/** Larger than any record is. */
const maxExportedBytes = 64 * 1024 * 1024;

/** The part of a record's name with its date and hour. */
const hourLength = "20261121-09".length;

/** Lines of JSON in a separate file. Disposing of it closes the file, and exports the run. */
export class RecordFile implements AsyncDisposable {
  readonly #totalLimitBytes: number;
  readonly #encoder = new TextEncoder();
  #waiting = "";
  #file: NewFile | undefined;
  /** Whether the first line has been written. */
  #begun = false;
  #pump: Promise<void> | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #failure: KodamaError | undefined;

  /** Nothing is written before the first line. */
  constructor(
    private readonly host: Host,
    private readonly id: string,
    { totalLimitBytes }: { totalLimitBytes: number },
  ) {
    this.#totalLimitBytes = totalLimitBytes;
  }

  /** Queues a line; returns at once. */
  add(line: object): void {
    if (this.#failure !== undefined) return;
    this.#waiting += `${JSON.stringify(line)}\n`;
    this.#pump ??= this.#drain();
  }

  /** Resolves when all is written; with the error if that failed. */
  async settled(): Promise<KodamaError | undefined> {
    while (this.#pump !== undefined) await this.#pump;
    await this.#pruning;
    return this.#failure;
  }

  /** Exports the run as a trace, if that is set up. */
  async #export(): Promise<void> {
    const { env } = this.host;
    const isSet = env("OTEL_EXPORTER_OTLP_ENDPOINT") || env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    if (!isSet) return;
    const { exportTrace } = await import("./trace.ts");
    const record = await this.host.files.readText(this.#path, maxExportedBytes).catch(() => "");
    await exportTrace(this.host, { id: this.id, record: record ?? "" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    await this.#file?.[Symbol.asyncDispose]();
    if (this.#begun && this.#failure === undefined) await this.#export();
  }

  /** Never rejects. Lines that arrive during a write are written together. */
  async #drain(): Promise<void> {
    try {
      this.#file ??= await this.#open();
      while (this.#waiting !== "") {
        const bytes = this.#encoder.encode(this.#waiting);
        this.#waiting = "";
        await this.#file.write(bytes);
        this.#begun = true;
      }
    } catch (error) {
      this.#waiting = "";
      this.#failure = asKodamaError(error);
      if (!this.#begun) await this.#takeBack();
    } finally {
      this.#pump = undefined;
    }
  }

  get #path(): string {
    return `${runsFolder(this.host.places)}/${this.id}${recordEnding}`;
  }

  /** A file without a record would be listed for weeks as a run that can't be read. */
  async #takeBack(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      await file[Symbol.asyncDispose]();
      await this.host.files.remove(this.#path);
    } catch {
      // The first error is the one reported.
    }
  }

  async #open(): Promise<NewFile> {
    const file = await this.host.files.create(this.#path, { private: true, replace: false });
    const limits = { ...recordLimits, maxBytes: this.#totalLimitBytes };
    this.#pruning = prune(this.host, this.id, limits).catch((error: unknown) => {
      this.#failure ??= asKodamaError(error);
    });
    return file;
  }
}

/**
 * Removes expired records. Another process may do the same at this moment. Only the first run of an hour prunes:
 * inspecting hundreds of files takes longer than many commands.
 */
async function prune(
  { files, places, clock }: Host,
  own: string,
  limits: RecordLimits,
): Promise<void> {
  const folder = runsFolder(places);
  const names = (await files.listFiles(folder)).filter((name) => name.endsWith(recordEnding));
  const hour = own.slice(0, hourLength);
  if (names.some((name) => name.startsWith(hour) && name < own)) return;
  const found = await Promise.all(names.map(async (name) => {
    const known = await files.inspect(`${folder}/${name}`);
    return known === undefined ? [] : [{ name, ...known }];
  }));
  for (const name of expiredRecords(found.flat(), clock.now(), limits)) {
    await files.remove(`${folder}/${name}`);
  }
}

/** `20261121-094600-1231f3a`: sorts by time, to the millisecond; four digits distinguish simultaneous runs. */
export function recordId(now: Date): string {
  const [date, time, ms] = now.toISOString().replace(/[-:Z]/g, "").split(/[T.]/);
  return `${date}-${time}-${ms}${crypto.randomUUID().slice(0, 4)}`;
}

function asKodamaError(error: unknown): KodamaError {
  if (error instanceof KodamaError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new KodamaError("environment", said, { cause: error });
}
