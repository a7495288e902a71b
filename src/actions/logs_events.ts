/** The options and events of the `logs` action, and the words that a face needs to show them. */
import type { KodamaError } from "../base/errors.ts";
import type { Selection, SkippedPod, Target } from "../kube/target.ts";
import type { ContainerChoice } from "../logs/containers.ts";
import type { LogLine } from "../logs/line.ts";
import type { LineFilter } from "../logs/line_filter.ts";
import type { LogStart, ReadEvent } from "../logs/reading.ts";
import type { PickedPod } from "./pick_host.ts";

export { fieldText, jsonFieldsText, jsonObjectOf } from "../logs/json_fields.ts";
export { type LogLine, stampOf, textOf } from "../logs/line.ts";
export { parseTemplate, type TemplatePart, templateWords } from "../logs/template.ts";
export type { ContainerChoice, ContainerPhase, NameChoice } from "../logs/containers.ts";
export type { LineFilter } from "../logs/line_filter.ts";
export type { LogStart } from "../logs/reading.ts";
export type { Target } from "../kube/target.ts";

/** Which logs to read, and how far. */
export interface LogsOptions {
  /** Names of kubeconfig contexts; the current one where it is empty. */
  contexts: readonly string[];
  /** Which pods. Its container and its phases count for nothing: `containers` chooses among all of them. */
  selection: Selection;
  /** None but these of the selection. */
  picked?: readonly PickedPod[];
  containers: ContainerChoice;
  /** Pods with this condition alone. */
  condition?: { type: string; status: string };
  /** What comes is read too, of pods that come too; it ends with the signal, or with pods that were named. */
  follow: boolean;
  /** The instance before the current one. Not together with `follow`. */
  previous: boolean;
  start: LogStart;
  filter: LineFilter;
  /** Bytes of lines that are read of each container at most, not together with `follow`. */
  limitBytes?: number;
  /** Logs that are read at the same time; the others wait. */
  maxRequests: number;
  /** Ends the reading in good order. */
  signal: AbortSignal;
}

/** What the reading tells. `source` is an index into the sources, in the order in which they were told. */
export type LogsEvent =
  /** This context's pods can't be known; the others go on. */
  | { kind: "contextFailed"; context: string; error: KodamaError }
  /** Containers without a log to read. */
  | { kind: "podsSkipped"; context: string; skipped: readonly SkippedPod[] }
  /** Containers whose logs are read. `joined`: they came while others were being followed. */
  | {
    kind: "sourcesAdded";
    sources: readonly Target[];
    /** As short as they can be without being ambiguous. */
    names: readonly string[];
    joined: boolean;
  }
  /** Whole lines, each once, in the order of each container's own log. */
  | { kind: "lines"; lines: readonly LogLine[] }
  | { source: number } & Exclude<ReadEvent, { kind: "lines" }>
  /** Following: no pod matches yet; those that come are read. `nearest` would have matched. */
  | { kind: "waitingForPods"; words: string; where: string; nearest: readonly string[] }
  /** Following: the server of this context doesn't answer; it is asked again. */
  | { kind: "linkLost"; context: string; reason: string }
  /** It answers again, and every log of it goes on. */
  | { kind: "linkBack"; context: string }
  /** The container's pod has gone, or starts it no more. */
  | { kind: "left"; source: number }
  /** More logs than may be read at a time: so many wait for their turn. */
  | { kind: "queued"; waiting: number; places: number }
  /** Pods that come and go can't be seen in this context. */
  | { kind: "unwatched"; context: string; error: KodamaError }
  /** The last event. The face adds what it knows alone (130 after Ctrl-C). */
  | { kind: "ended"; exitCode: number };
