/**
 * The options and events of the `cp` action: files and folders from this machine to pods, from pods to this machine,
 * and from a pod to others.
 */
import type { copyFields } from "../../copy/copy.ts";
import type { Input } from "../../operation/field.ts";
import type { CopyTotals } from "../../copy/source.ts";
import type { Selection } from "../../kube/select/target.ts";
import type { ExecEvent, ExecOptions } from "../exec/events.ts";

/** The direction of a copy. Paths in pods are as typed, relative to the container's working directory. */
export type CopyDirection =
  /** Into every pod of the selection. */
  | { kind: "toPods"; local: string; remote: string }
  /**
   * Out of every pod of the selection. `perPod`: below a folder for each pod, unless the local path has placeholders,
   * which already make it distinct; otherwise to exactly that path, for a single pod.
   */
  | { kind: "fromPods"; remote: string; local: string; perPod: boolean }
  /** Out of a pod, which `source` must select, into every pod of the selection. */
  | { kind: "podToPods"; source: Selection; from: string; to: string };

/** Source, destination and limits of a copy. Times are milliseconds. */
export interface CopyOptions
  extends
    Partial<Input<typeof copyFields>>,
    Pick<ExecOptions, "contexts" | "selection" | "confirm" | "signal"> {
  way: CopyDirection;
  /** Only reports the planned copies: emits `planned`, and connects to no pod. */
  planOnly?: boolean;
}

/** A target's copy, as requested. */
export interface PlannedCopy {
  /** `./conf`, `web-0:/etc/app.conf`: as `kodama cp` takes it. */
  from: string;
  to: string;
}

/** The events of a copy. Targets, names and order are those of {@link ExecEvent}. */
export type CopyEvent =
  | Extract<
    ExecEvent,
    {
      kind:
        | "containersDefaulted"
        | "contextWaiting"
        | "contextFailed"
        | "podsSkipped"
        | "runStarted"
        | "targetsAdded"
        | "targetStarted"
        | "notRecorded";
    }
  >
  /** The planned copies; nothing follows. */
  | {
    kind: "planned";
    targets: Extract<ExecEvent, { kind: "runStarted" }>["targets"];
    copies: readonly PlannedCopy[];
    /** The size of the local source. */
    bytes: number | null;
  }
  /** A notice for the user about a target's copy. */
  | { kind: "note"; target: number; text: string }
  /** The progress of all targets; several times a second. */
  | { kind: "progress"; progress: CopyProgress }
  | Extract<ExecEvent, { kind: "targetEnded" }> & { copy: PlannedCopy; totals: CopyTotals | null }
  | Extract<ExecEvent, { kind: "runEnded" }> & { files: number; bytes: number };

/** Bytes copied and to copy. */
export interface CopyProgress {
  /** Transferred in this run; excludes bytes that needn't be transferred. */
  movedBytes: number;
  /** Already at the destination: transferred, or found from an earlier attempt. */
  doneBytes: number;
  /** Undefined while the size for some target isn't known. */
  totalBytes: number | undefined;
}
