/**
 * One side as apply needs it: the seam to disks and pods. A tree never follows a symbolic link, not
 * even in the folders of a path, and on a side that ignores case it compares a name's very letters.
 *
 * A tree is given many steps at once, so that a far one needs few round trips for many files.
 */
import type { Entry, FileEntry, Side } from "./model.ts";
import type { Action } from "./plan.ts";

/** What may go wrong with one step, and leaves the next ones a chance. */
export interface StepFailure {
  kind: "failed";
  /** `full`: no space or quota is left. `notEmpty`: the folder holds what no scan told of. */
  reason: "full" | "denied" | "notEmpty" | "missing" | "other";
  message: string;
}

/** How a change ended. `changed`: a place was not as expected, and nothing was done. */
export type ChangeResult =
  /** `entry` as a scan would now list it; undefined after a removal. */
  | { kind: "done"; entry: Entry | undefined }
  | { kind: "changed" }
  | StepFailure;

/** A file whose content is wanted, as it was scanned. */
export interface Wanted {
  path: string;
  entry: FileEntry;
}

/** The content of a wanted file, as it is now: whoever needs the scanned one compares its digest. */
export interface Content {
  /** Which of the wanted files. */
  at: number;
  /** Bytes of the body, which keeps to it whatever becomes of the file while it is read. */
  size: number;
  /** To be read before the next content is asked for, or never. */
  body: AsyncIterable<Uint8Array>;
}

/** What became of one of the steps. */
export interface StepResult {
  at: number;
  result: ChangeResult;
}

/** The connection to a side is gone, and with it the answer to what was asked last. */
export class SideLostError extends Error {
  override readonly name = "SideLostError";

  constructor(readonly side: Side, options?: ErrorOptions & { reason?: string }) {
    super(options?.reason ?? `the ${side} side is gone`, options);
  }
}

/** One side. Every method throws {@link SideLostError} when the connection ends. */
export interface Tree {
  /** The contents of files, in any order; those that can't be read any more are left out. */
  read(wanted: readonly Wanted[], signal: AbortSignal): AsyncIterable<Content>;

  /**
   * Carries out actions of this side, each exactly when all that it requires holds, and tells of
   * each once. Steps keep their order where one needs another: its folder, its place, a copy. A file
   * is written aside, compared with its digest, and gets its name in one step: in the moment of the
   * change its place is looked at, and nothing comes in between.
   *
   * @param contents reads from the other side what its files give to steps of this one.
   */
  perform(
    steps: readonly Action[],
    contents: (wanted: readonly Wanted[]) => AsyncIterable<Content>,
    signal: AbortSignal,
  ): AsyncIterable<StepResult>;
}
