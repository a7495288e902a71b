/**
 * The scripts that run in a pod for a copy, and their failures.
 *
 * Data is on standard output, and their messages are on standard error; each script describes its arguments.
 */
import {
  type Outcome,
  outcomeOfCopyError,
  outcomeOfEnd,
  outcomeOfMissingShell,
  outcomeOfStop,
} from "../exec/outcome.ts";
import type { ExecChannel } from "../kube/client.ts";
import { scriptCommand, type ScriptParts } from "../base/shell_script.ts";
import { newMark } from "../podscript/messages.ts";
import prelude from "../podscript/prelude.sh" with { type: "text" };
import {
  explainRefusal,
  type Refusals,
  RunningScript,
  type ScriptFailure,
} from "../podscript/running_script.ts";
import common from "./scripts/common.sh" with { type: "text" };
import discard from "./scripts/discard.sh" with { type: "text" };
import place from "./scripts/place.sh" with { type: "text" };
import placeFile from "./scripts/place_file.sh" with { type: "text" };
import placeFolder from "./scripts/place_folder.sh" with { type: "text" };
import receiveFile from "./scripts/receive_file.sh" with { type: "text" };
import receiveFolder from "./scripts/receive_folder.sh" with { type: "text" };
import send from "./scripts/send.sh" with { type: "text" };
import sumBeginnings from "./scripts/sum_beginnings.sh" with { type: "text" };
import unpack from "./scripts/unpack.sh" with { type: "text" };

const start = [prelude, common];

/** The scripts by name. */
export const copyScripts = {
  receiveFile: [...start, place, receiveFile],
  placeFile: [...start, place, placeFile],
  receiveFolder: [...start, place, unpack, receiveFolder],
  placeFolder: [...start, place, unpack, placeFolder],
  discard: [...start, place, discard],
  send: [...start, send],
  sumBeginnings: [...start, sumBeginnings],
} as const satisfies Record<string, ScriptParts>;

/** Which script. */
type CopyScript = keyof typeof copyScripts;

/** The scripts that transfer the bytes; the others output only a line or two. */
const transferring: readonly CopyScript[] = ["receiveFile", "receiveFolder", "send"];

/** Starts a script in the pod. Throws {@link CopyFailure} if the stream can't be opened. */
export type OpenCopyScript = (
  script: CopyScript,
  args: readonly string[],
) => Promise<RunningScript>;

/** How to open the stream of a script. */
export interface CopyCommand {
  command: readonly string[];
  /** The script transfers the bytes of the copy. */
  transfers: boolean;
}

/** Starts a script. `open` opens its stream, which the signal cuts. */
export async function startCopyScript(
  script: CopyScript,
  args: readonly string[],
  { open, signal }: {
    open: (command: CopyCommand) => Promise<ExecChannel>;
    signal: AbortSignal;
  },
): Promise<RunningScript> {
  const mark = newMark();
  const transfers = transferring.includes(script);
  const command = scriptCommand(copyScripts[script], [mark, ...args]);
  const channel = await open({ command, transfers });
  const path = transfers ? args[1] : undefined;
  return new RunningScript(channel, mark, {
    signal,
    errorOf: (failure) => copyFailure(failure, path),
  });
}

/** A copy that ended without success. */
export class CopyFailure extends Error {
  override readonly name = "CopyFailure";

  /** `again`: the connection broke, and another attempt may resume. */
  constructor(readonly outcome: Outcome, readonly again: boolean = false) {
    super(outcome.kind);
  }
}

/**
 * Returns whether bytes that have arrived are of use: the next attempt, or the same command, resumes from them. After any
 * other failure they are removed.
 */
export function mayResume(error: unknown): boolean {
  return error instanceof CopyFailure && (error.again || error.outcome.kind === "cancelled");
}

/** Returns the failure of a copy that a retry wouldn't fix. */
export function copyFailed(reason: string): CopyFailure {
  return new CopyFailure(outcomeOfCopyError(reason));
}

/** Returns the failure of an image that has no program to copy with. */
export function noShell(): CopyFailure {
  return new CopyFailure(outcomeOfMissingShell("copying"));
}

/** Returns the failure of a script. `path` is that of the copy in the pod. */
export function copyFailure(failure: ScriptFailure, path?: string): CopyFailure {
  switch (failure.kind) {
    case "cancelled":
      return new CopyFailure(outcomeOfStop({ kind: "cancelled" }, {}));
    case "refused":
      return copyFailed(
        explainRefusal(refusals(path), failure.refusal) ?? "the pod gave no reason that is known",
      );
    case "noShell":
      return noShell();
    case "flood":
      return copyFailed("the pod sends data that was not requested");
    case "ended": {
      const { end, complaints } = failure;
      const outcome = outcomeOfEnd(end, { started: true });
      const output = complaints.slice(-3).join("; ");
      if (outcome.kind === "ok") return copyFailed(output || "the copy ended in the middle");
      if (outcome.kind === "failed") return copyFailed(output || outcome.reason || "it failed");
      return new CopyFailure(outcome, end.kind === "cut");
    }
  }
}

function refusals(path = "of the copy"): Refusals<string> {
  return {
    noTool: (tool) =>
      tool === "tar"
        ? "the image has no tar, which folders need; single files are copied without it"
        : `the image has no ${tool}, which this copy needs`,
    noFolder: () => `directory ${path} does not exist in the pod`,
    noParent: () => `the parent directory of ${path} does not exist in the pod`,
    isFolder: () => `${path} is a directory in the pod`,
    isFile: () => `${path} exists in the pod and is not a directory`,
    notFolder: (name) => `${name} exists in the pod and is not a directory`,
    notFile: (name) => `${name} is a directory in the pod, and the copy has a file there`,
    missing: () =>
      `${path}: no such file or directory in the pod${
        /[*?[]/.test(path) ? ", where patterns aren't expanded" : ""
      }`,
    unreadable: () => `${path}: permission denied in the pod`,
    special: () => `${path} is neither a file nor a directory`,
  };
}
