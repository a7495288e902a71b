/** The events of a run as JSON objects, of a command and of a workflow: for programs, and for every face that draws runs. */
import { EventReporter } from "../actions/exec/event_report.ts";
import { type ExecEvent, outcomeData } from "../actions/exec/events.ts";
import { stepError, type StepOutcome } from "../actions/workflow/events.ts";
import type { StepsEvent } from "../actions/workflow/run_steps.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import type { RunEventData } from "../runs/event_shapes.ts";

export type { RunEventData } from "../runs/event_shapes.ts";

/** Fields of the output of a step in pods that consist of what its targets wrote. */
const repeated: readonly string[] = ["byTarget", "distinct", "groups", "stdout"];

type TargetsEvent = Extract<StepsEvent, { kind: "stepTargets" }>;

/** Converts the events of one run into self-contained objects. What earlier objects have isn't repeated. */
export class RunReporter {
  readonly #command = new EventReporter();
  /** Targets that haven't ended, by step and name, and whether lines of them were reported. */
  readonly #running = new Map<string, Map<string, boolean>>();

  /** Returns the objects of an event; none if it is reported in another way (blocks, folds, reports, bytes). */
  report(event: ExecEvent | StepsEvent): RunEventData[] {
    switch (event.kind) {
      case "workflowStarted": {
        const { at, workflow, steps } = event;
        return [{
          ...{ event: "runStarted", version: 2, at: at.toISOString(), command: null },
          ...{ workflow, steps, targets: [] },
        }];
      }
      case "workflowWaits":
        return [{ event: "runWaits", group: event.group, holder: event.holder }];
      case "changedSince": {
        const { run, undoing, files, params, steps } = event;
        const { changed, added, removed } = steps;
        return [{
          ...{ event: "changedSince", run, undoing: [...undoing], files: [...files] },
          ...{ params: [...params] },
          steps: { changed: [...changed], added: [...added], removed: [...removed] },
        }];
      }
      case "stepStarted": {
        const { step, stepKind, title, at } = event;
        return [{ event: "stepStarted", step, kind: stepKind, title, at: at.toISOString() }];
      }
      case "stepKept":
        return [{
          event: "stepKept",
          step: event.step,
          ...endData(event.outcome),
          ...outputData(event),
        }];
      case "stepPodsSkipped":
        return event.skipped.map(({ namespace, pod, reason }) => ({
          ...{ event: "podSkipped", step: event.step, context: null, namespace, pod, reason },
        }));
      case "stepTargets":
        return [this.#targets(event)];
      case "batchStarted": {
        const { step, index, count, names, at } = event;
        const started = { step, index, count, names: [...names], at: at.toISOString() };
        return [{ event: "batchStarted", ...started }];
      }
      case "batchEnded": {
        const { step, index, outcome, at, durationMs } = event;
        const ended = { step, index, ...endData(outcome), at: at.toISOString(), durationMs };
        return [{ event: "batchEnded", ...ended }];
      }
      case "stepTargetStarts":
        return [{
          ...{ event: "targetStarted", step: event.step, name: event.name },
          at: event.at.toISOString(),
        }];
      case "stepLine": {
        const { step, target: name, stream, text } = event;
        const running = this.#running.get(step);
        // Lines of folded output repeat what the ends of the targets have.
        if (name !== "" && running?.has(name) === false) return [];
        if (name !== "") running?.set(name, true);
        return [{ event: "line", step, name, stream, text, endedBy: "newline" }];
      }
      case "stepTargetEnded":
        return [this.#ended(event)];
      case "stepRetried": {
        const { step, attempt, delayMs, reason } = event;
        return [{ event: "stepRetried", step, attempt, delayMs, reason }];
      }
      case "stepEnded": {
        const { step, outcome, tolerated, at, durationMs } = event;
        this.#running.delete(step);
        const end = { tolerated, ...outputData(event), at: at.toISOString(), durationMs };
        return [{ event: "stepEnded", step, ...endData(outcome), ...end }];
      }
      case "finallyStarted":
        return [{ event: "finallyStarted", at: event.at.toISOString() }];
      case "recorded":
        return [{ event: "recorded", run: event.id }];
      case "workflowEnded": {
        const { at, durationMs, exitCode, outcome, outputs, again } = event;
        const end = { at: at.toISOString(), durationMs, exitCode, ...endData(outcome) };
        const given = isRecord(outputs) ? outputs : {};
        return [{ event: "runEnded", ...end, counts: null, outputs: given, again }];
      }
      default:
        return this.#command.report(event);
    }
  }

  #targets({ step, targets }: TargetsEvent): RunEventData {
    const running = targets.filter(({ earlier }) => earlier === undefined);
    this.#running.set(step, new Map(running.map(({ name }) => [name, false])));
    return {
      event: "targetsAdded",
      step,
      targets: targets.map(({ name, earlier, target }) => {
        const { context, namespace, pod, container, node, ip, uid = null } = target;
        const place = { context, namespace, pod, container, node, name, ip, uid };
        return { ...place, ...definedOnly({ earlier }) };
      }),
    };
  }

  #ended({ step, end, at }: Extract<StepsEvent, { kind: "stepTargetEnded" }>): RunEventData {
    const { name, outcome, durationMs, stdout, stderr, truncated, copied } = end;
    const hasLines = this.#running.get(step)?.get(name) === true;
    this.#running.get(step)?.delete(name);
    const { error, ...ended } = outcomeData(outcome);
    const written = hasLines || stdout + stderr === "" ? {} : { stdout, stderr };
    return {
      event: "targetEnded",
      ...{ step, name, at: at.toISOString(), ...ended, durationMs, error, ...written },
      ...(truncated ? { truncated } : {}),
      ...definedOnly({ copied }),
    };
  }
}

function endData(outcome: StepOutcome) {
  return { outcome: outcome.kind, error: stepError(outcome) };
}

function outputData(
  { output, cut }: Pick<Extract<StepsEvent, { kind: "stepEnded" }>, "output" | "cut">,
) {
  const cuts = cut?.map(({ path, reason }) => ({ path: [...path], reason }));
  if (!isRecord(output) || !Object.hasOwn(output, "distinct")) {
    return { output, ...definedOnly({ cut: cuts }) };
  }
  const own = Object.entries(output).filter(([name]) => !repeated.includes(name));
  return {
    output: Object.fromEntries(own),
    ...definedOnly({ cut: cuts }),
    omitted: [...repeated],
  };
}
