/** Maps the end of a channel to the outcome of its target. */
import type { ChannelEnd } from "../kube/client.ts";
import type { Outcome } from "./model.ts";
import { provesNoBeginning, readStartFailure, withoutCommand } from "./runtime_errors.ts";

/** Names of the signals that end commands, by number, the same on every Linux architecture. */
const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

/** Returns the outcome of a command with a known exit code. */
function outcomeOfExit(exitCode: number): Outcome {
  if (exitCode === 0) return { kind: "ok" };
  const signal = signalNames[exitCode - 128];
  return { kind: "failed", exitCode, ...(signal === undefined ? {} : { signal }) };
}

/**
 * Returns how a target ended, from the end of its channel.
 *
 * @param begun the command is known to have started: its process id was seen.
 */
export function outcomeOfEnd(end: ChannelEnd, begun: boolean): Outcome {
  switch (end.kind) {
    case "exited":
      return outcomeOfExit(end.exitCode);
    case "cut":
      return { kind: "unknown", reason: end.reason };
    case "refused": {
      const said = end.status.message ?? end.status.reason ?? "the server gave no reason";
      const reason = withoutCommand(said);
      if (begun) return { kind: "unknown", reason };
      const failure = readStartFailure(reason);
      if (failure !== undefined) return { kind: "failed", ...failure };
      return provesNoBeginning(end.status)
        ? { kind: "unreachable", reason }
        : { kind: "unknown", reason: `the command may have begun: ${reason}` };
    }
  }
}
