/** What the end of a stream says of a person's shell. Pure. */
import { KodamaError } from "../base/errors.ts";
import type { Outcome } from "../exec/model.ts";
import { noShellReason } from "../exec/run_target.ts";
import type { ShellGreeting } from "../exec/shell_words.ts";
import type { Target } from "../kube/target.ts";
import type { ShellEnd } from "./shell_events.ts";

/**
 * A kept shell says itself that it has ended, and how. Without that only somebody's hold on it has: the process that
 * was attached was hung up, or a server told a good end of a link that only broke.
 *
 * @param said the exit code that the shell told.
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

/** The end of a shell that was looked for again, and isn't there. */
export function goneEnd(exitCode: number | undefined, reason: string): ShellEnd {
  if (exitCode === 0) return { outcome: { kind: "ok" }, endedMeanwhile: true };
  if (exitCode !== undefined) {
    return { outcome: { kind: "failed", exitCode }, endedMeanwhile: true };
  }
  return { outcome: unknown(`${reason}; it is no longer in its container`) };
}

/** Whether nothing was run, for the image has no shell to run it with. */
export function lacksShell(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.reason?.startsWith(noShellReason) === true;
}

/** The error of a pod that no shell can be had in. */
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

/** An end that isn't known. */
export function unknown(reason: string): Outcome {
  return { kind: "unknown", reason };
}

/** Why, as an outcome says it. */
export function reasonOf(outcome: Outcome): string {
  return ("reason" in outcome ? outcome.reason : undefined) ?? outcome.kind;
}
