/** Interprets the end of a stream for an interactive shell. Pure. */
import { KodamaError } from "../../base/errors.ts";
import type { Outcome } from "../../exec/model.ts";
import { noShellReason } from "../../exec/run_target.ts";
import type { ShellGreeting } from "../../exec/shell_argv.ts";
import type { Target } from "../../kube/select/target.ts";
import type { ShellEnd } from "./events.ts";

/**
 * A persistent shell itself reports that it has ended, and how. Without its report only the attached client has ended:
 * that process was hung up, or a server reported a clean end of a connection that only broke.
 *
 * @param said the exit code that the shell reported.
 */
export function believed(
  outcome: Outcome,
  greeting: ShellGreeting | undefined,
  said: number | undefined,
): Outcome {
  if (greeting?.kind !== "kept") return outcome;
  if (said !== undefined) return said === 0 ? { kind: "ok" } : { kind: "failed", exitCode: said };
  const exited = outcome.kind === "ok" || outcome.kind === "failed";
  return exited ? unknown("the stream ended, and the shell did not say so") : outcome;
}

/** Returns the end of a shell that was looked up again and is missing. */
export function goneEnd(exitCode: number | undefined, reason: string): ShellEnd {
  if (exitCode === 0) return { outcome: { kind: "ok" }, endedMeanwhile: true };
  if (exitCode !== undefined) {
    return { outcome: { kind: "failed", exitCode }, endedMeanwhile: true };
  }
  return { outcome: unknown(`${reason}; it is no longer in its container`) };
}

/** Returns whether nothing was run because the image has no shell. */
export function lacksShell(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.reason?.startsWith(noShellReason) === true;
}

/** Returns the error of a pod in which no shell can be run. */
export function noShell({ namespace, pod, container }: Target): KodamaError {
  return new KodamaError(
    "notFound",
    `container "${container}" of pod "${pod}" has no shell in its image`,
    {
      hint: "beside it one can be started: " +
        `kubectl debug -it -n ${namespace} ${pod} --image=busybox --target=${container}`,
    },
  );
}

/** Returns an end that isn't known. */
export function unknown(reason: string): Outcome {
  return { kind: "unknown", reason };
}

/** Returns the reason of an outcome. */
export function reasonOf(outcome: Outcome): string {
  return ("reason" in outcome ? outcome.reason : undefined) ?? outcome.kind;
}
