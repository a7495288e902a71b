/**
 * A side as apply needs it: the abstraction of disks and pods. A tree never follows a symbolic link, not even in the
 * folders of a path, and on a side that ignores case it compares the exact spelling of a name.
 *
 * A tree is given many steps at once, so that a remote tree needs few round trips for many files.
 */
import type { Entry, FileEntry, Side } from "./model.ts";
import type { SyncAction } from "./plan.ts";

/** A failure of a step, after which the next steps may still succeed. */
export interface ActionFailure {
  kind: "failed";
  /** `full`: no space or quota remains. `notEmpty`: the folder contains entries that no scan reported. */
  reason: "full" | "denied" | "notEmpty" | "missing" | "other";
  message: string;
}

/** The result of a change. `changed`: a path was not as expected, and nothing was done. */
export type ChangeResult =
  /** `entry` as a scan would now list it; undefined after a removal. */
  | { kind: "done"; entry: Entry | undefined }
  | { kind: "changed" }
  | ActionFailure;

/** A file whose content is requested, as it was scanned. */
export interface RequestedFile {
  path: string;
  entry: FileEntry;
}

/** Returns the file that an action needs from the other side, with the step that needs it; none for most actions. */
export function requestedBy<T>(action: SyncAction, step: T): (RequestedFile & { step: T })[] {
  if (action.kind !== "put" || action.entry.kind !== "file") return [];
  if (action.from.side === action.side) return [];
  return [{ path: action.from.path, entry: action.entry, step }];
}

/** The current content of a requested file: a caller that needs the scanned content compares its digest. */
export interface Content {
  /** Index of the requested file. */
  at: number;
  /** Size of the body, which has this length even if the file changes while it is read. */
  size: number;
  /** To be read before the next content is requested, or never. */
  body: AsyncIterable<Uint8Array>;
}

/** The result of a step. */
export interface StepResult {
  at: number;
  result: ChangeResult;
}

/** The connection to a side is lost, and with it the answer to the last request. */
export class SideLostError extends Error {
  override readonly name = "SideLostError";

  constructor(readonly side: Side, options?: ErrorOptions & { reason?: string }) {
    super(options?.reason ?? `the connection to the ${side} side is lost`, options);
  }
}

/** The pod's side, whose folder stores that both sides have agreed. */
export interface AgreeingTree extends Tree {
  /** Replaces the stored agreement, after all that was requested before. Throws KodamaError if it can't be stored. */
  agree(agreement: string): Promise<void>;
}

/** A side. Every method throws {@link SideLostError} when the connection ends. */
export interface Tree {
  /** Yields the contents of files, in any order; omits those that can't be read any more. */
  read(requested: readonly RequestedFile[], signal: AbortSignal): AsyncIterable<Content>;

  /**
   * Carries out actions of this side, each exactly when all of its requirements hold, and yields the result of each
   * once. Steps keep their order if a step depends on another: its folder, its path, a copy. A file is written aside,
   * compared with its digest, and renamed atomically: its path is checked at the time of the change, without a gap.
   *
   * @param contents reads from the other side the contents that its files give to steps of this side.
   */
  perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
    signal: AbortSignal,
  ): AsyncIterable<StepResult>;
}
