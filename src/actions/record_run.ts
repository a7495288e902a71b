/**
 * The record of a run, written while it goes on: a line for what was asked for, then one for each event but
 * output. What is written stays readable whatever happens to the process. Nothing of it can fail the run.
 */
import { KodamaError } from "../base/errors.ts";
import { runsFolder } from "../config/places.ts";
import { expiredRecords, recordLimits } from "../exec/record_pruning.ts";
import { redact, withoutSecrets } from "../exec/redact.ts";
import type { RecordHeader, RecordLine } from "../exec/report_shapes.ts";
import { EventReporter } from "./event_report.ts";
import type { ExecEvent, ExecOptions } from "./exec_events.ts";
import type { Host, NewFile } from "./host.ts";

/** The ending of a record's file; what goes before it is the run's id. */
export const recordEnding = ".jsonl";

/** How a record came out. */
export type RecordResult =
  | { kind: "kept"; id: string; rerunnable: boolean }
  | { kind: "failed"; error: KodamaError };

/** Of a record's name: its date and hour. */
const hourLength = "20261121-09".length;

/** Writes the record of one run, once that begins. Disposing of it closes the file. */
export class RunRecorder implements AsyncDisposable {
  readonly #host: Host;
  readonly #header: RecordHeader;
  readonly #secrets: readonly string[];
  readonly #reporter = new EventReporter();
  readonly #encoder = new TextEncoder();
  /** As many lines as the run has events that aren't output: a few for each target. */
  #waiting = "";
  #file: NewFile | undefined;
  #pump: Promise<void> | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #failure: KodamaError | undefined;

  constructor(host: Host, options: ExecOptions) {
    const { words, secrets } = redact(options.command);
    this.#host = host;
    this.#secrets = secrets;
    this.#header = headerOf(options, words, host.clock.now());
  }

  /** The run is sure to take place: makes the file. Before this, nothing is written. */
  begin(): void {
    this.#add(this.#header);
  }

  /** Takes the next event of the run; returns at once. */
  follow(event: ExecEvent): void {
    if (event.kind === "output" || event.kind === "line") return;
    for (const report of this.#reporter.report(event)) {
      if (report.event !== "line") this.#add(this.#withoutSecrets(report));
    }
  }

  /** Resolves when all that was told is written. */
  async settled(): Promise<RecordResult> {
    while (this.#pump !== undefined) await this.#pump;
    await this.#pruning;
    if (this.#failure !== undefined) return { kind: "failed", error: this.#failure };
    const { id, redacted, tty } = this.#header;
    return { kind: "kept", id, rerunnable: !redacted && !tty };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    await this.#file?.[Symbol.asyncDispose]();
  }

  #withoutSecrets(line: RecordLine): RecordLine {
    switch (line.event) {
      case "runStarted":
        return { ...line, command: this.#header.command };
      case "targetEnded":
        if (line.error === null) return line;
        return { ...line, error: withoutSecrets(line.error, this.#secrets) };
      case "contextFailed":
        return { ...line, error: withoutSecrets(line.error, this.#secrets) };
      default:
        return line;
    }
  }

  #add(line: RecordLine): void {
    if (this.#failure !== undefined) return;
    this.#waiting += `${JSON.stringify(line)}\n`;
    this.#pump ??= this.#drain();
  }

  /** Never rejects. Lines that come while one is written go out together. */
  async #drain(): Promise<void> {
    try {
      this.#file ??= await this.#open();
      while (this.#waiting !== "") {
        const bytes = this.#encoder.encode(this.#waiting);
        this.#waiting = "";
        await this.#file.write(bytes);
      }
    } catch (error) {
      this.#waiting = "";
      this.#failure = asKodamaError(error);
    } finally {
      this.#pump = undefined;
    }
  }

  async #open(): Promise<NewFile> {
    const path = `${runsFolder(this.#host.places)}/${this.#header.id}${recordEnding}`;
    const file = await this.#host.files.create(path, { private: true, replace: false });
    this.#pruning = prune(this.#host, this.#header.id).catch((error: unknown) => {
      this.#failure ??= asKodamaError(error);
    });
    return file;
  }
}

/**
 * Removes the records that have had their time. Another process may do the same at this moment. The first run of
 * an hour does it for all: looking at hundreds of files takes longer than many a command.
 */
async function prune({ files, places, clock }: Host, own: string): Promise<void> {
  const folder = runsFolder(places);
  const names = (await files.listFiles(folder)).filter((name) => name.endsWith(recordEnding));
  const hour = own.slice(0, hourLength);
  if (names.some((name) => name.startsWith(hour) && name < own)) return;
  const found = await Promise.all(names.map(async (name) => {
    const known = await files.inspect(`${folder}/${name}`);
    return known === undefined ? [] : [{ name, ...known }];
  }));
  for (const name of expiredRecords(found.flat(), clock.now(), recordLimits)) {
    await files.remove(`${folder}/${name}`);
  }
}

function headerOf(options: ExecOptions, words: string[], now: Date): RecordHeader {
  const { command, settled, environment, fanout, connectTimeoutMs, timeoutMs } = options;
  const { serial, maxFail, failFast } = options;
  return {
    event: "record",
    version: 1,
    id: recordId(now),
    at: now.toISOString(),
    command: words,
    redacted: words.some((word, at) => word !== command[at]),
    shell: options.shell ?? false,
    subst: options.substitute ?? false,
    workdir: options.workdir ?? null,
    env: Object.keys(environment ?? {}),
    stdin: options.stdin !== undefined,
    tty: options.terminal !== undefined,
    workflow: options.workflow ?? null,
    rerunOf: settled?.run ?? null,
    places: settled === undefined ? null : [...settled.places],
    bounds: {
      ...(fanout === undefined ? {} : { fanout }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(serial === undefined ? {} : { serial: [...serial] }),
      ...(maxFail === undefined ? {} : { maxFail }),
      ...(failFast === undefined ? {} : { failFast }),
    },
  };
}

/** `20261121-094600-1231f3a`: sorts by time, to the millisecond; four digits tell runs of one moment apart. */
function recordId(now: Date): string {
  const [date, time, ms] = now.toISOString().replace(/[-:Z]/g, "").split(/[T.]/);
  return `${date}-${time}-${ms}${crypto.randomUUID().slice(0, 4)}`;
}

function asKodamaError(error: unknown): KodamaError {
  if (error instanceof KodamaError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new KodamaError("environment", said, { cause: error });
}
