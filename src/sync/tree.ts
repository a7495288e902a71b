/**
 * One side as apply needs it: the seam to disks and pods. A tree never follows a symbolic link, not
 * even in the folders of a path, and on a side that ignores case it compares a name's very letters.
 */
import type { Entry, FileEntry, Side } from "./model.ts";
import type { Action, Expectation } from "./plan.ts";

/** What may go wrong with one step, and leaves the next ones a chance. */
export interface StepFailure {
  kind: "failed";
  /** `full`: no space or quota is left. `notEmpty`: the folder holds what no scan told of. */
  reason: "full" | "denied" | "notEmpty" | "missing" | "other";
  message: string;
}

/** A file's content, whole and durable under a name that no scan lists. */
export interface Staged {
  kind: "staged";
  /** What the tree calls it. */
  id: string;
  /** Of what was really written. */
  digest: string;
}

/** The change at the end of a step. */
export type Change =
  | { kind: "placeFile"; staged: Staged; entry: FileEntry }
  | { kind: "placeLink"; target: string }
  | { kind: Exclude<Action["kind"], "put" | "setMode"> }
  | { kind: "setMode"; entry: FileEntry };

/** How a change ended. `changed`: the place was not as expected, and nothing was done. */
export type ChangeResult =
  /** `entry` as a scan would now list it; undefined after a removal. */
  | { kind: "done"; entry: Entry | undefined }
  | { kind: "changed" }
  | StepFailure;

/** The connection to a side is gone, and with it the answer to what was asked last. */
export class SideLostError extends Error {
  override readonly name = "SideLostError";

  constructor(readonly side: Side, options?: ErrorOptions) {
    super(`the ${side} side is gone`, options);
  }
}

/** One side. Every method throws {@link SideLostError} when the connection ends. */
export interface Tree {
  /** Whether a place is as expected now. */
  matches(expected: Expectation, signal: AbortSignal): Promise<boolean>;
  /** The content of a file, in pieces; it may change while it is read. */
  read(path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Writes content aside. What a cut stage has left is the tree's to clean up. */
  stage(
    content: AsyncIterable<Uint8Array>,
    entry: FileEntry,
    signal: AbortSignal,
  ): Promise<Staged | StepFailure>;
  /** As {@link Tree.stage}, from a file of this side; undefined if it isn't that content any more. */
  stageCopy(
    path: string,
    entry: FileEntry,
    signal: AbortSignal,
  ): Promise<Staged | StepFailure | undefined>;
  /** Forgets what was staged. */
  discard(staged: Staged, signal: AbortSignal): Promise<void>;
  /** Looks at the place, and changes it if it is as expected, with nothing in between. */
  change(expected: Expectation, change: Change, signal: AbortSignal): Promise<ChangeResult>;
}
