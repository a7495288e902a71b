/**
 * The record of a run, written during the run: a line for the options, then one for each event, and one for each
 * distinct output. The written part stays readable whatever happens to the process. No failure of it can fail the run.
 */
import { definedOnly } from "../../base/json_value.ts";
import type { KodamaError } from "../../base/errors.ts";
import { OutputStore } from "../../exec/recorded_output.ts";
import { redact, withoutSecrets } from "../../exec/redact.ts";
import type { RecordHeader, RecordLine } from "../../exec/event_shapes.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import { EventReporter } from "./event_report.ts";
import type { ExecEvent, ExecOptions } from "./events.ts";
import type { Host } from "../host.ts";
import { RecordFile, recordId } from "./record_file.ts";
import type { RecordSettings } from "./settings.ts";

/** The result of recording. */
export type RecordResult =
  | { kind: "kept"; id: string; rerunnable: boolean }
  | { kind: "failed"; error: KodamaError };

/** The options of a run that its record contains. */
type RecordedOptions = Omit<ExecOptions, "contexts" | "selection" | "signal" | "outputMode"> & {
  copy?: boolean;
};

/** Shorter values of variables occur in many texts by chance. */
const shortestSecret = 4;

/** Writes the record of one run, once that starts. Disposing of it closes the file. */
export class RunRecorder implements AsyncDisposable {
  readonly #header: RecordHeader;
  readonly #secrets: readonly string[];
  readonly #reporter = new EventReporter();
  /** One line for each event that isn't output: a few for each target; and one for each distinct output. */
  readonly #file: RecordFile;
  #outputs: OutputStore | undefined;
  readonly #started = new Set<number>();

  constructor(host: Host, options: RecordedOptions, settings: RecordSettings) {
    const { args: words, secrets } = redact(options.command);
    this.#secrets = secrets;
    this.#header = headerOf(options, words, host.clock.now());
    this.#file = new RecordFile(host, this.#header.id, settings);
    // A terminal's echo of the input is output too.
    const stores = settings.outputs && options.terminal === undefined && !options.copy;
    this.#outputs = stores ? new OutputStore(settings.outputLimitBytes) : undefined;
    const values = Object.values(options.environment ?? {})
      .flatMap((value) => [value, ...value.split(/\r?\n/)])
      .filter(({ length }) => length >= shortestSecret);
    this.#outputs?.hide([...secrets, ...values]);
  }

  /** Stores no output from now on: it may be credentials. */
  withoutOutputs(): void {
    this.#outputs = undefined;
  }

  /** Creates the file, once it is certain that the run takes place. Before this, nothing is written. */
  begin(): void {
    this.#file.add(this.#header);
  }

  /** Stores the output of the next event of the fan-out; before {@link follow} gets what is made of it. */
  followOutput(event: RunEvent): void {
    if (event.kind === "targetStarted") this.#started.add(event.target);
    if (event.kind === "output") this.#outputs?.push(event.target, event.stream, event.bytes);
  }

  /** Records the next event of the run; returns at once. */
  follow(event: ExecEvent): void {
    if (event.kind === "output" || event.kind === "line") return;
    for (const report of this.#reporter.report(event)) {
      switch (report.event) {
        case "runStarted":
          this.#file.add({ ...report, command: this.#header.command } satisfies RecordLine);
          break;
        case "targetEnded": {
          const error = report.error && withoutSecrets(report.error, this.#secrets);
          const output = this.#output(report);
          this.#file.add({ ...report, error, ...output } satisfies RecordLine);
          break;
        }
        case "contextFailed": {
          const error = withoutSecrets(report.error, this.#secrets);
          this.#file.add({ ...report, error } satisfies RecordLine);
          break;
        }
        case "targetsAdded":
        case "targetStarted":
        case "podSkipped":
        case "runEnded":
          this.#file.add(report satisfies RecordLine);
      }
    }
  }

  /** Records what a target has written, if that is new. */
  #output({ target = 0 }: { target?: number | undefined }): { outputId?: string } {
    if (this.#outputs === undefined || !this.#started.delete(target)) return {};
    const { id, output } = this.#outputs.end(target);
    if (output !== undefined) {
      this.#file.add({ event: "output", ...output } satisfies RecordLine);
    }
    return { outputId: id };
  }

  /** Resolves when everything recorded is written. */
  async settled(): Promise<RecordResult> {
    const error = await this.#file.settled();
    if (error !== undefined) return { kind: "failed", error };
    const { id, redacted, tty, copy } = this.#header;
    return { kind: "kept", id, rerunnable: !redacted && !tty && !copy };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

function headerOf(options: RecordedOptions, words: string[], now: Date): RecordHeader {
  const { command, earlier, environment, fanout, connectTimeoutMs, timeoutMs } = options;
  const { serial, maxFail, failFast } = options;
  return {
    event: "record",
    version: 2,
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
    copy: options.copy ?? false,
    workflow: options.workflow ?? null,
    rerunOf: earlier?.run ?? null,
    places: earlier === undefined ? null : [...earlier.positions],
    bounds: definedOnly({
      fanout,
      connectTimeoutMs,
      timeoutMs,
      serial: serial && [...serial],
      maxFail,
      failFast,
    }),
  };
}
