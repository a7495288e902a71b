/**
 * Which command output a record stores: only the outputs that expressions of the file read, which a rerun needs for
 * steps that it doesn't run again. Pure.
 */
import { namesUsed } from "../expression/names_used.ts";
import { parseTemplate } from "../expression/template.ts";
import { finallyPrefix } from "./engine/step_identity.ts";
import type { FullWorkflow, Step } from "./model.ts";
import { definedOnly } from "../base/json_value.ts";
import type { RecordLine } from "../exec/event_shapes.ts";
import type { StepKey, WorkflowEvent } from "./step_events.ts";
import { textsIn, textsWithin } from "./templates.ts";

/** Fields of the outputs of steps that expressions read, by the ids of the steps. */
type Read = ReadonlyMap<string, ReadonlySet<string>>;

/** Stands for each step, and for each field of one. */
const all = "*";

/** Fields that contain the output of commands in pods. */
const writtenFields = ["stdout", "byTarget", "distinct", "groups"];

/** An event as a record has it: fields of an output that are omitted are named. */
type RecordedEvent = RecordLine | WorkflowEvent;

/** Removes from the events of a run what its record doesn't need. */
export class RecordedValues {
  readonly #read = new Map<FullWorkflow, Read>();

  constructor(
    private readonly workflow: FullWorkflow,
    private readonly uses: ReadonlyMap<Step, FullWorkflow>,
  ) {}

  /** Returns the event as it is recorded. */
  recorded(event: WorkflowEvent): RecordedEvent {
    switch (event.event) {
      case "stepEnded":
      case "stepKept":
        return { ...event, ...this.#output(event) } as WorkflowEvent;
      case "targetsAdded":
        // The ends of the targets have them too.
        return { ...event, targets: [] };
      case "targetEnded": {
        const { target, stdout, stderr, cut, omitted } = event.record;
        const outcome = { ...event.record.outcome };
        const read = this.#fieldsRead(event.step);
        if (read.has(all) || writtenFields.some((field) => read.has(field))) {
          const record = { target, outcome, stdout, stderr, ...definedOnly({ cut, omitted }) };
          return { ...event, record };
        }
        const hasWritten = stdout !== "" || stderr !== "" || omitted === true;
        const dropped = hasWritten ? { omitted: true as const } : {};
        return { ...event, record: { target, outcome, stdout: "", stderr: "", ...dropped } };
      }
      default:
        return event;
    }
  }

  #output({ step, output, cut }: Extract<WorkflowEvent, { event: "stepEnded" | "stepKept" }>) {
    const read = this.#fieldsRead(step);
    if (typeof output !== "object" || output === null || Array.isArray(output)) return { output };
    if (read.has(all)) return { output };
    const isHeld = (field: string) => field === "outcome" || read.has(field);
    // A later record can't contain what an earlier one omitted.
    const missing = cut?.flatMap(({ path: [field, ...inner] }) =>
      inner.length === 0 ? [String(field)] : []
    );
    const omitted = [...new Set([...Object.keys(output), ...missing ?? []])]
      .filter((field) => !isHeld(field));
    const parts = cut?.filter(({ path: [field] }) => isHeld(String(field))) ?? [];
    return {
      output: Object.fromEntries(Object.entries(output).filter(([field]) => isHeld(field))),
      ...(cut === undefined ? {} : { cut: parts }),
      ...(omitted.length === 0 ? {} : { omitted }),
    };
  }

  #fieldsRead(key: StepKey): ReadonlySet<string> {
    const found = this.#stepOf(key);
    if (found === undefined) return new Set([all]);
    const { workflow, step } = found;
    const read = this.#read.get(workflow) ?? readBy(workflow);
    this.#read.set(workflow, read);
    return new Set(step.named ? [...read.get(all) ?? [], ...read.get(step.id) ?? []] : []);
  }

  /** Returns the step of a key, and its workflow. */
  #stepOf(key: StepKey): { workflow: FullWorkflow; step: Step } | undefined {
    let workflow = this.workflow;
    let list = workflow.steps;
    let step: Step | undefined;
    const parts = key.split("/");
    for (const [index, part] of parts.entries()) {
      if (`${part}/` === finallyPrefix && list === workflow.steps) {
        list = workflow.finally;
        continue;
      }
      const inner: readonly Step[] | undefined = step?.inner[part];
      if (inner !== undefined && step?.inner[part] !== Object.values(step?.inner ?? {})[0]) {
        list = inner;
        continue;
      }
      const id = part.replace(/\[\d+\]$/, "");
      step = list.find((one) => one.id === id);
      if (step === undefined) return undefined;
      const used = this.uses.get(step);
      if (used !== undefined && index < parts.length - 1) workflow = used;
      list = used?.steps ?? Object.values(step.inner)[0] ?? [];
    }
    return step && { workflow, step };
  }
}

/** Returns what the expressions of a workflow read of its steps. */
function readBy({ steps, finally: last, outputs, select, defaults }: FullWorkflow): Read {
  const texts = [
    ...[...steps, ...last].flatMap(textsWithin),
    ...textsIn([select, defaults, outputs.map(({ template }) => template)], []),
  ];
  const read = new Map<string, Set<string>>();
  for (const { text } of texts) {
    for (
      const { path: [first, id = all, field = all] } of namesUsed(parseTemplate(text).template)
    ) {
      if (first !== "steps") continue;
      read.set(id, (read.get(id) ?? new Set()).add(field));
    }
  }
  return read;
}
