/** The declaration, requests and events of the `logs` action, and the types that a front end needs to show them. */
import type { KodamaError } from "../../base/errors.ts";
import type { SkippedPod, Target } from "../../kube/select/target.ts";
import type { ScopedSelection } from "../../kube/select/fields.ts";
import type { LogLine } from "../../logs/line.ts";
import type { LogReading } from "../../logs/logs.ts";
import type { ReadEvent } from "../../logs/reading.ts";
import type { PickedPod } from "../pick/picked_host.ts";

export { fieldText, jsonFieldsText, jsonObjectOf } from "../../logs/template.ts";
export { type LogLine, logLineText as textOf, stampOf } from "../../logs/line.ts";
export {
  type LogTemplatePart as TemplatePart,
  parseLogTemplate as parseTemplate,
} from "../../logs/template.ts";
export {
  logFields,
  type LogReading,
  logs,
  logViewFields,
  type StampStyle,
  withSelection,
} from "../../logs/logs.ts";
export type { Target } from "../../kube/select/target.ts";

/** Which logs to read, and how much of them. The pods may be in any phase; the selection's own container is ignored. */
export interface LogsRequest extends ScopedSelection, LogReading {
  /** Only these pods of the selection. */
  picked?: readonly PickedPod[];
  /** Stops reading gracefully. */
  signal: AbortSignal;
}

/** The events of a read. `source` is an index into the sources, in the order in which they were emitted. */
export type LogsEvent =
  /** This context's pods can't be listed; the others continue. */
  | { kind: "contextFailed"; context: string; error: KodamaError }
  /** Containers without a log to read. */
  | { kind: "podsSkipped"; context: string; skipped: readonly SkippedPod[] }
  /** Containers whose logs are read. `joined`: they appeared while others were being followed. */
  | {
    kind: "sourcesAdded";
    sources: readonly Target[];
    /** As short as possible without being ambiguous. */
    names: readonly string[];
    joined: boolean;
  }
  /** Whole lines, each once, in the order of each container's own log. */
  | { kind: "lines"; lines: readonly LogLine[] }
  | { source: number } & Exclude<ReadEvent, { kind: "lines" }>
  /** Following: no pod matches yet; new ones are read. `nearest` are similar names. */
  | { kind: "waitingForPods"; words: string; where: string; nearest: readonly string[] }
  /** Following: the server of this context doesn't answer; it is retried. */
  | { kind: "linkLost"; context: string; reason: string }
  /** The server answers again, and every log of it resumes. */
  | { kind: "linkBack"; context: string }
  /** The container's pod was deleted, or no longer starts the container. */
  | { kind: "left"; source: number }
  /** More logs than may be read at the same time: `waiting` of them wait for a slot. */
  | { kind: "queued"; waiting: number; slots: number }
  /** The pods of this context can't be watched. */
  | { kind: "unwatched"; context: string; error: KodamaError }
  /** The last event. The front end adds what only it knows (130 after Ctrl-C). */
  | { kind: "ended"; exitCode: number };

/** Returns how many logs are read at the same time: more if they are followed, because those are mostly idle. */
export function maxRequestsOf({ maxLogRequests, follow }: LogReading): number {
  return maxLogRequests ?? (follow ? 500 : 50);
}
