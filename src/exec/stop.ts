/** Why a command is ended before it ends itself, and the resulting outcome. */
import type { Outcome, Rest } from "./model.ts";

/** Why a command is ended before it ends itself. */
export type Stop =
  | { kind: "timeout"; afterMs: number }
  | { kind: "cancelled" }
  | { kind: "inputFailed"; reason: string }
  /** The command has ended, and the server doesn't report it. */
  | { kind: "untold"; exitCode: number };

const kinds: readonly string[] = [
  "timeout",
  "cancelled",
  "inputFailed",
  "untold",
] satisfies Stop["kind"][];

/** Returns whether a command was stopped: its channel may have ended by itself instead. */
export function isStop<T extends { kind: string }>(first: T | Stop): first is Stop {
  return kinds.some((kind) => kind === first.kind);
}

/** Returns the outcome of a command that was stopped. */
export function outcomeOfStop(stop: Stop, rest: Rest): Outcome {
  switch (stop.kind) {
    case "timeout":
      return { kind: "timeout", limit: "command", afterMs: stop.afterMs, ...rest };
    case "cancelled":
      return { kind: "cancelled", ...rest };
    case "untold":
      return {
        kind: "unknown",
        reason:
          `the command ended with exit code ${stop.exitCode}, but the server didn't tell its end: it left input unread`,
      };
    case "inputFailed":
      return {
        kind: "unknown",
        reason: rest.left === undefined ? stop.reason : `${stop.reason}; ${rest.left}`,
      };
  }
}
