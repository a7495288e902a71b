/** The events of a command as published: for programs and faces that follow a run, and for its record. */
import type { RunEventData } from "../../exec/event_shapes.ts";
import { outcomeReport } from "../../exec/target_report.ts";
import type { Target } from "../../kube/select/target.ts";
import type { ExecEvent } from "./events.ts";

type TargetData = Extract<RunEventData, { event: "runStarted" }>["targets"][number];

/** Converts the events of one run into self-contained objects. A command is a step without a key. */
export class EventReporter {
  readonly #names: string[] = [];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Returns the objects of an event; none if it is reported in another way (blocks, folds, reports, bytes). */
  report(event: ExecEvent): RunEventData[] {
    switch (event.kind) {
      case "runStarted": {
        const { command, at, targets, names } = event;
        return [{
          ...{ event: "runStarted", version: 2, at: at.toISOString(), command: [...command] },
          ...{ workflow: null, steps: 1, targets: this.#add(targets, names) },
        }];
      }
      case "targetsAdded":
        return [{
          event: "targetsAdded",
          step: "",
          targets: this.#add(event.targets, event.names),
        }];
      case "targetStarted":
        return [{
          event: "targetStarted",
          ...this.#target(event.target),
          at: event.at.toISOString(),
        }];
      case "line": {
        const { stream, bytes, endedBy } = event;
        const text = this.#decoder.decode(bytes);
        return [{ event: "line", ...this.#target(event.target), stream, text, endedBy }];
      }
      case "targetEnded": {
        const { outcome, at, durationMs } = event;
        const { error, ...ended } = outcomeReport(outcome);
        const target = { ...this.#target(event.target), at: at.toISOString() };
        return [{ event: "targetEnded", ...target, ...ended, durationMs, error }];
      }
      case "contextWaiting": {
        const { context, reason, limitMs } = event;
        return [{ event: "contextWaiting", context, reason, limitMs: limitMs ?? null }];
      }
      case "contextFailed":
        return [{ event: "contextFailed", context: event.context, error: event.error.message }];
      case "podsSkipped":
        return event.skipped.map(({ namespace, pod, reason }) => ({
          event: "podSkipped",
          step: "",
          context: event.context,
          namespace,
          pod,
          reason,
        }));
      case "notRecorded":
        return [{ event: "notRecorded", error: event.error.message }];
      case "runEnded": {
        const { at, durationMs, exitCode, summary, record } = event;
        const none = { outcome: null, error: null, outputs: {}, again: null };
        const end = { at: at.toISOString(), durationMs, exitCode, counts: { ...summary.counts } };
        return [
          ...(record === undefined ? [] : [{ event: "recorded" as const, run: record.id }]),
          { event: "runEnded", ...end, ...none },
        ];
      }
      default:
        return [];
    }
  }

  #add(targets: readonly Target[], names: readonly string[]): TargetData[] {
    this.#names.push(...names);
    return targets.map((target, at) => targetData(target, names[at] ?? target.pod));
  }

  #target(target: number): { step: ""; target: number; name: string } {
    return { step: "", target, name: this.#names[target] ?? String(target) };
  }
}

function targetData(target: Target, name: string): TargetData {
  const { context, namespace, pod, container, node, ip, uid } = target;
  return { context, namespace, pod, container, node, name, ip, uid: uid ?? null };
}
