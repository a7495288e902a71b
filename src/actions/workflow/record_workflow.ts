/** The record of a run of a workflow in its full form, written during the run. */
import type { JsonValue } from "../../base/json_value.ts";
import { redact, withoutSecrets } from "../../exec/redact.ts";
import { fingerprintOf, type ReadFile } from "../../sandbox/fingerprint.ts";
import type { WhereOverrides } from "../../workflow/engine/scope.ts";
import type { FullWorkflow, Step } from "../../workflow/model.ts";
import { overridesData } from "../../workflow/recorded_overrides.ts";
import { isKept, type WorkflowHeader } from "../../workflow/record.ts";
import { RecordedValues } from "../../workflow/recorded_values.ts";
import type { WorkflowEvent } from "../../workflow/step_events.ts";
import type { Host } from "../host.ts";
import { RecordFile } from "../exec/record_file.ts";

/** Writes the record of one run. Disposing of it closes the file. */
export class WorkflowRecorder implements AsyncDisposable {
  readonly #file: RecordFile;
  readonly #values: RecordedValues;
  /** Secrets found in the titles of steps. */
  readonly #secrets = new Set<string>();

  private constructor(file: RecordFile, values: RecordedValues) {
    this.#file = file;
    this.#values = values;
  }

  /** Writes the first line: the options. */
  static async begin(
    host: Host,
    run: string,
    { workflow, uses, files, params, overrides, rerunOf }: {
      workflow: FullWorkflow;
      /** The workflows that its steps use. */
      uses: ReadonlyMap<Step, FullWorkflow>;
      /** All files of the workflow, including those of its scripts. */
      files: readonly ReadFile[];
      params: Readonly<Record<string, JsonValue>>;
      overrides: WhereOverrides;
      /** The id of the run that this one resumes. */
      rerunOf: string | undefined;
    },
  ): Promise<WorkflowRecorder> {
    const secret = workflow.params.filter((param) => param.secret).map(({ name }) => name);
    const header: WorkflowHeader = {
      event: "workflow",
      version: 1,
      id: run,
      at: host.clock.now().toISOString(),
      workflow: workflow.name,
      path: workflow.path,
      files: await fingerprintOf(workflow.path, files),
      params: Object.fromEntries(
        Object.entries(params).filter(([name]) => !secret.includes(name)),
      ),
      secrets: secret.filter((name) => params[name] !== null),
      rerunOf: rerunOf ?? null,
      overrides: overridesData(overrides),
    };
    const file = new RecordFile(host, run);
    file.add(header);
    return new WorkflowRecorder(file, new RecordedValues(workflow, uses));
  }

  /** Records the next event; returns at once. */
  follow(event: WorkflowEvent): void {
    if (!isKept(event)) return;
    this.#file.add(this.#withoutSecrets(this.#values.recorded(event)));
  }

  /** A title contains the text of a command, which may contain an apparent secret; a reason may repeat it. */
  #withoutSecrets<T extends object>(event: T): T {
    if ("title" in event && typeof event.title === "string") {
      const { words: [title], secrets } = redact([event.title]);
      for (const secret of secrets) this.#secrets.add(secret);
      return { ...event, title };
    }
    if (this.#secrets.size === 0) return event;
    const secrets = [...this.#secrets];
    return JSON.parse(
      JSON.stringify(
        event,
        (name, value: unknown) =>
          name === "reason" && typeof value === "string" ? withoutSecrets(value, secrets) : value,
      ),
    ) as T;
  }

  /** Resolves when all is written; with the error if that failed. */
  async settled(): ReturnType<RecordFile["settled"]> {
    return await this.#file.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
