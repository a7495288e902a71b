/** The record of a run of a workflow with steps, written during the run. No failure of it can fail the run. */
import type { KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { eventsVersion, type RecordLine } from "../../exec/event_shapes.ts";
import { OutputStore } from "../../exec/recorded_output.ts";
import { redact, withoutSecrets } from "../../exec/redact.ts";
import { fingerprintOf, type ReadFile } from "../../sandbox/fingerprint.ts";
import type { StepChoice } from "../../workflow/choose_steps.ts";
import type { WhereOverrides } from "../../workflow/places.ts";
import type { FullWorkflow, Step } from "../../workflow/model.ts";
import { overridesData, type WorkflowHeader } from "../../workflow/record.ts";
import { RecordedValues } from "../../workflow/recorded_values.ts";
import type { WorkflowEvent } from "../../workflow/step_events.ts";
import { RecordFile } from "../exec/record_file.ts";
import { type RecordSettings, recordSettings } from "../exec/settings.ts";
import type { Host } from "../host.ts";

/** Stores the lines of a record, in their order. Disposing of it closes it. */
export interface RecordSink extends AsyncDisposable {
  /** Queues a line; returns at once. */
  add(line: object): void;
  /** Resolves when all is written; with the error if that failed. */
  settled(): Promise<KodamaError | undefined>;
}

/** Writes the record of one run. Disposing of it closes the file. */
export class WorkflowRecorder implements AsyncDisposable {
  /** What commands write; absent if it isn't recorded. */
  readonly #outputs: OutputStore | undefined;
  /** Secrets found in the titles of steps. */
  readonly #secrets = new Set<string>();

  private constructor(
    private readonly file: RecordSink,
    private readonly values: RecordedValues,
    settings: RecordSettings,
  ) {
    this.#outputs = settings.outputs ? new OutputStore(settings.outputLimitBytes) : undefined;
  }

  /** Writes the first line: the options. */
  static async begin(
    host: Host,
    run: string,
    { workflow, uses, files, params, overrides, choice, rerunOf, record }: {
      workflow: FullWorkflow;
      /** The workflows that its steps use. */
      uses: ReadonlyMap<Step, FullWorkflow>;
      /** All files of the workflow, including those of its scripts. */
      files: readonly ReadFile[];
      params: Readonly<Record<string, JsonValue>>;
      overrides: WhereOverrides;
      choice?: StepChoice | undefined;
      /** The id of the run that this one resumes. */
      rerunOf: string | undefined;
      /** Instead of a file. */
      record?: RecordSink;
    },
  ): Promise<WorkflowRecorder> {
    const secret = workflow.params.filter((param) => param.secret).map(({ name }) => name);
    const header: WorkflowHeader = {
      event: "workflow",
      version: eventsVersion,
      id: run,
      at: host.clock.now().toISOString(),
      workflow: workflow.name,
      path: workflow.path,
      files: await fingerprintOf(workflow.path, files),
      params: Object.fromEntries(Object.entries(params).filter(([name]) => !secret.includes(name))),
      secrets: secret.filter((name) => params[name] !== null),
      rerunOf: rerunOf ?? null,
      overrides: overridesData(overrides),
      ...(choice === undefined ? {} : {
        choice: { ...choice, only: [...choice.only], skip: [...choice.skip] },
      }),
    };
    const settings = await recordSettings(host);
    const file = record ?? new RecordFile(host, run, settings);
    file.add(header);
    return new WorkflowRecorder(file, new RecordedValues(workflow, uses), settings);
  }

  /** Records the next event; returns at once. */
  follow(event: WorkflowEvent): void {
    if (event.event === "line") {
      const bytes = new TextEncoder().encode(`${event.text}\n`);
      if (event.name === "") this.#outputs?.push(event.step, event.stream, bytes);
      return;
    }
    const recorded = this.#withoutSecrets(this.values.recorded(event));
    const outputId = this.#output(event);
    this.file.add(outputId === undefined ? recorded : { ...recorded, outputId });
  }

  /** Records what a target, or a step itself, has written; returns its id. */
  #output(event: WorkflowEvent): string | undefined {
    const outputs = this.#outputs;
    if (outputs === undefined) return undefined;
    const isTarget = event.event === "targetEnded" && event.record.omitted === undefined;
    const isOwn = event.event === "stepEnded" && outputs.has(event.step);
    if (!isTarget && !isOwn) return undefined;
    const { id, output } = isTarget
      ? outputs.add(event.record, event.record.cut)
      : outputs.end(event.step);
    if (output !== undefined) this.file.add({ event: "output", ...output } satisfies RecordLine);
    return id;
  }

  /** A title contains the text of a command, which may contain an apparent secret; a reason may repeat it. */
  #withoutSecrets<T extends object>(event: T): T {
    if ("title" in event && typeof event.title === "string") {
      const { args: [title], secrets } = redact([event.title]);
      for (const secret of secrets) this.#secrets.add(secret);
      this.#outputs?.hide(secrets);
      return { ...event, title };
    }
    if (this.#secrets.size === 0) return event;
    const secrets = [...this.#secrets];
    return JSON.parse(
      JSON.stringify(
        event,
        (name, value: unknown) =>
          (name === "reason" || name === "error") && typeof value === "string"
            ? withoutSecrets(value, secrets)
            : value,
      ),
    ) as T;
  }

  /** Resolves when all is written; with the error if that failed. */
  async settled(): Promise<KodamaError | undefined> {
    return await this.file.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }
}
