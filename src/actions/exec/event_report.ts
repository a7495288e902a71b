/** The events of a run as JSON objects: for programs that follow a run, and for its record. */
import type { EventReport } from "../../exec/report_shapes.ts";
import { outcomeReport } from "../../exec/target_report.ts";
import type { Target } from "../../kube/select/target.ts";
import type { ExecEvent } from "./events.ts";

export type { EventReport } from "../../exec/report_shapes.ts";

type TargetData = Extract<EventReport, { event: "targetsAdded" }>["targets"][number];

/** Converts the events of one run into self-contained objects. */
export class EventReporter {
  readonly #names: string[] = [];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Returns the objects of an event; none if it is reported in another way (blocks, folds, reports, bytes). */
  report(event: ExecEvent): EventReport[] {
    switch (event.kind) {
      case "runStarted": {
        const { command, at, targets, names } = event;
        const begun = { at: at.toISOString(), command: [...command] };
        return [{ event: "runStarted", ...begun, targets: this.#add(targets, names) }];
      }
      case "targetsAdded":
        return [{ event: "targetsAdded", targets: this.#add(event.targets, event.names) }];
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
      case "contextFailed":
        return [{ event: "contextFailed", context: event.context, error: event.error.message }];
      case "podsSkipped":
        return event.skipped.map(({ namespace, pod, reason }) => ({
          event: "podSkipped",
          context: event.context,
          namespace,
          pod,
          reason,
        }));
      case "runEnded": {
        const { at, durationMs, exitCode, summary } = event;
        const ended = { at: at.toISOString(), durationMs, exitCode };
        return [{ event: "runEnded", ...ended, counts: { ...summary.counts } }];
      }
      default:
        return [];
    }
  }

  #add(targets: readonly Target[], names: readonly string[]): TargetData[] {
    this.#names.push(...names);
    return targets.map((target, at) => targetData(target, names[at] ?? target.pod));
  }

  #target(target: number): { target: number; name: string } {
    return { target, name: this.#names[target] ?? String(target) };
  }
}

function targetData(target: Target, name: string): TargetData {
  const { context, namespace, pod, container, node, ip, uid } = target;
  return { context, namespace, pod, container, node, name, ip, uid: uid ?? null };
}
