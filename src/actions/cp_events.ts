/**
 * The options and events of the `cp` action: files and folders from here to pods, from pods to here, and from one pod
 * to others.
 */
import type { CopyTotals } from "../copy/source.ts";
import type { ChecksumChoice } from "../copy/checksum.ts";
import type { Selection } from "../kube/target.ts";
import type { ExecEvent, ExecOptions } from "./exec_events.ts";

export type { CopyTotals } from "../copy/source.ts";
export type { ChecksumChoice } from "../copy/checksum.ts";

/** Which way a copy goes. Paths in pods are as they were written, relative to the container's working directory. */
export type CopyWay =
  /** Into every pod of the selection. */
  | { kind: "toPods"; local: string; remote: string }
  /**
   * Out of every pod of the selection. `perPod`: below a folder of the pod's own, unless the local path has place
   * holders, which make it the pod's own by themselves; else to the very path, for one single pod.
   */
  | { kind: "fromPods"; remote: string; local: string; perPod: boolean }
  /** Out of one pod, which `source` must select, into every pod of the selection. */
  | { kind: "podToPods"; source: Selection; from: string; to: string };

/** What to copy, where, and within which bounds. Times are milliseconds. */
export interface CopyOptions extends
  Pick<
    ExecOptions,
    | "contexts"
    | "selection"
    | "fanout"
    | "serial"
    | "maxFail"
    | "failFast"
    | "connectTimeoutMs"
    | "timeoutMs"
    | "confirm"
    | "signal"
  > {
  way: CopyWay;
  /** How a copy is compared with what was copied. */
  checksum: ChecksumChoice;
  /** How often a copy whose link broke is taken up again without getting any further. */
  retries: number;
  /** Only tells what would be copied: `planned`, and no pod is asked. */
  planOnly?: boolean;
}

/** One target's copy, as it was asked for. */
export interface PlannedCopy {
  /** `./conf`, `web-0:/etc/app.conf`: as `kodama cp` takes it. */
  from: string;
  to: string;
}

/** What a copy tells. Targets, names and order are those of {@link ExecEvent}. */
export type CopyEvent =
  | Extract<
    ExecEvent,
    {
      kind:
        | "contextWaiting"
        | "contextFailed"
        | "podsSkipped"
        | "runStarted"
        | "targetsAdded"
        | "targetStarted"
        | "notRecorded";
    }
  >
  /** What would be copied; nothing follows. */
  | {
    kind: "planned";
    targets: Extract<ExecEvent, { kind: "runStarted" }>["targets"];
    copies: readonly PlannedCopy[];
    /** Of what is copied from here. */
    bytes: number | null;
  }
  /** Something that a person should know of a target's copy. */
  | { kind: "note"; target: number; text: string }
  /** How far all of it is; several times a second. */
  | { kind: "progress"; progress: CopyProgress }
  | Extract<ExecEvent, { kind: "targetEnded" }> & { copy: PlannedCopy; totals: CopyTotals | null }
  | Extract<ExecEvent, { kind: "runEnded" }> & { files: number; bytes: number };

/** Bytes on their way. */
export interface CopyProgress {
  /** Moved in this run: what needn't be moved isn't in it. */
  movedBytes: number;
  /** There already: moved, or found from an earlier attempt. */
  doneBytes: number;
  /** Undefined while some target's isn't known. */
  totalBytes: number | undefined;
}
