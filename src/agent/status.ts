/** Derives a task's state from its runner's files and its agent's events. */
import type { Progress, TaskStatus } from "./model.ts";

/** The pod's report on a task's runner: `runner_script.ts`. */
export type RunnerReport =
  /** It exists. `began` is false while another task has its turn. */
  | { kind: "alive"; began: boolean }
  /** It stored how the task ended. */
  | { kind: "ended"; exitCode: number; interrupted: boolean }
  /** It is missing and stored no result. `restarted`: the container isn't the same one. */
  | { kind: "gone"; began: boolean; restarted: boolean };

/** The exit code of a shell that doesn't find a program. */
const notFound = 127;
const cannotRun = 126;
/** The exit code for SIGKILL, which the kernel sends to a process of a container at its memory limit. */
const killed = 128 + 9;

/** Returns the state. `adapter` is for its messages. */
export function taskStatus(report: RunnerReport, progress: Progress, adapter: string): TaskStatus {
  switch (report.kind) {
    case "alive":
      return { state: report.began ? "working" : "queued" };
    case "gone": {
      const what = report.restarted ? "the pod restarted" : "its processes were killed";
      return {
        state: "failed",
        reason: report.began ? what : `${what} before its turn`,
      };
    }
    case "ended":
      return endedStatus(report, progress, adapter);
  }
}

function endedStatus(
  { exitCode, interrupted }: Extract<RunnerReport, { kind: "ended" }>,
  { result, lastMessage }: Progress,
  adapter: string,
): TaskStatus {
  if (interrupted) return { state: "interrupted" };
  const said = lastMessage === "" ? "" : `: ${lastMessage}`;
  if (result !== undefined && !result.ok) {
    return { state: "failed", reason: result.text === "" ? `exit code ${exitCode}` : result.text };
  }
  if (exitCode !== 0) {
    const code = `exit code ${exitCode}`;
    const why = exitCode === notFound || exitCode === cannotRun
      ? ` (can ${adapter === "command" ? "the command" : adapter} be run in the pod?)`
      : exitCode === killed
      ? " (SIGKILL: most often OOMKilled, for the container's memory limit)"
      : "";
    return { state: "failed", reason: `${code}${why}${said}` };
  }
  if (result !== undefined && result.refused.length > 0) {
    const tools = [...new Set(result.refused)].join(", ");
    return { state: "waiting", for: `it wasn't allowed to use ${tools}` };
  }
  return { state: "done" };
}
