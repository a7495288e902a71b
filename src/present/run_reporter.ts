/** The events of a run as JSON objects, of a command and of a workflow: for programs, and for every face that draws runs. */
import { EventReporter } from "../actions/exec/event_report.ts";
import type { ExecEvent } from "../actions/exec/events.ts";
import type { StepsEvent } from "../actions/workflow/run_steps.ts";
import { isRecord } from "../base/json_value.ts";
import type { RunEventData } from "../runs/run_state.ts";

export type { RunEventData } from "../runs/run_state.ts";

/** Fields of the output of a step in pods that consist of what its targets wrote. */
const repeated: readonly string[] = ["byTarget", "distinct", "groups", "stdout"];

/** Converts the events of one run into self-contained objects. What earlier objects have isn't repeated. */
export class RunReporter {
  readonly #command = new EventReporter();
  /** Targets that haven't ended, by step and name, and whether lines of them were reported. */
  readonly #running = new Map<string, Map<string, boolean>>();

  /** Returns the objects of an event; none if it is reported in another way (blocks, folds, reports, bytes). */
  report(event: ExecEvent | StepsEvent): readonly RunEventData[] {
    if (!("event" in event)) return this.#command.report(event);
    const { record: _, ...published } = { record: undefined, ...event };
    switch (event.event) {
      case "targetsAdded": {
        const running = event.targets.filter(({ earlier }) => earlier === undefined);
        this.#running.set(event.step, new Map(running.map(({ name }) => [name, false])));
        break;
      }
      case "line": {
        const { step, name } = event;
        const running = this.#running.get(step);
        // Lines of folded output repeat what the ends of the targets have.
        if (name !== "" && running?.has(name) === false) return [];
        if (name !== "") running?.set(name, true);
        break;
      }
      case "targetEnded": {
        const { step, name, record: { stdout, stderr } } = event;
        const hasLines = this.#running.get(step)?.get(name) === true;
        this.#running.get(step)?.delete(name);
        const written = hasLines || stdout + stderr === "" ? {} : { stdout, stderr };
        return [{ ...published as RunEventData & typeof event, ...written }];
      }
      case "stepEnded":
        this.#running.delete(event.step);
        return [withoutRepeated(published as typeof event)];
      case "stepKept":
        return [withoutRepeated(published as typeof event)];
    }
    return [published as RunEventData];
  }
}

function withoutRepeated<E extends { output?: unknown }>(event: E): E {
  const { output } = event;
  if (!isRecord(output) || !Object.hasOwn(output, "distinct")) return event;
  const own = Object.entries(output).filter(([name]) => !repeated.includes(name));
  return { ...event, output: Object.fromEntries(own), omitted: repeated };
}
