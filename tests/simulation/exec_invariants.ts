/** What must hold of every history of `exec`. */
import type { Outcome } from "../../src/actions/exec/events.ts";
import type { ExecSeen, SeenTarget } from "./exec_history.ts";
import type { CommandStart } from "./pod_shell.ts";

/** Returns what contradicts it: nothing, if all is well. */
type Invariant = (seen: ExecSeen) => string[];

/** All of them by name. */
export const execInvariants: Readonly<Record<string, Invariant>> = {
  "every wait ends": ({ end, timersLeft }) => [
    ...(end.kind === "stalled" ? [end.error.message] : []),
    ...(end.kind !== "stalled" && timersLeft > 0 ? [`${timersLeft} timers are left`] : []),
  ],

  "each target has one outcome": ({ end, targets }) =>
    end.kind !== "ended"
      ? []
      : targets.flatMap(({ pod, outcomes }, index) =>
        outcomes.length === 1 && outcomes[0] === end.outcomes[index]
          ? []
          : [`${pod} has ${outcomes.length}: ${outcomes.map(textOf).join(", ")}`]
      ),

  "no exit code without the server's Status": (seen) =>
    ofEach(seen, ({ pod }, outcome) => {
      if (!isExit(outcome)) return undefined;
      const arrived = seen.streams.some(({ url, status, connection }) =>
        url.includes(`/pods/${pod}/exec?`) && url.includes("command=task") &&
        status !== undefined && connection.bytesAtClient >= status.atBytes
      );
      return arrived ? undefined : `${textOf(outcome)}, and no Status has arrived`;
    }),

  "an exit code is the command's own": (seen) =>
    ofEach(seen, (target, outcome) => {
      if (!isExit(outcome)) return undefined;
      const [start] = startsIn(seen, target);
      const exitCode = outcome.kind === "ok" ? 0 : outcome.exitCode;
      if (start?.end?.exitCode === exitCode) return undefined;
      return `${textOf(outcome)}, and the command ${endText(start)}`;
    }),

  "targets start within the fan-out, after the batch before, and not after a failure to stop at": (
    { history: { fanout, batch = Infinity, failFast }, order },
  ) =>
    order.flatMap(({ kind, target }, at) => {
      if (kind === "ended") return [];
      const before = order.slice(0, at);
      const ended = before.filter((event) => event.kind === "ended");
      const running = before.length - 2 * ended.length + ended.filter(isSkipped(before)).length;
      const firstOfBatch = target - (batch === Infinity ? target : target % batch);
      return [
        ...(running < fanout ? [] : [`${target} starts beside ${running}`]),
        ...(ended.filter((event) => event.target < firstOfBatch).length === firstOfBatch
          ? []
          : [`${target} starts before the end of a batch`]),
        ...(failFast && ended.some(({ isOk }) => isOk === false)
          ? [`${target} starts after a failure`]
          : []),
      ];
    }),

  "nothing is started twice": (seen) =>
    seen.targets.flatMap((target) => {
      const { length } = startsIn(seen, target);
      return length <= 1 ? [] : [`${target.pod}: ${length} starts`];
    }),

  "what wasn't started is known": (seen) => [
    ...(seen.end.kind === "failed" && seen.starts.length > 0
      ? [`the run failed after ${seen.starts.length} starts: ${seen.end.error.message}`]
      : []),
    ...ofEach(
      seen,
      (target, outcome) =>
        deniesStart(outcome) && startsIn(seen, target).length > 0
          ? `${textOf(outcome)}, and the command ${endText(startsIn(seen, target)[0])}`
          : undefined,
    ),
  ],

  "each byte of output comes once, or the outcome says that some may be missing": (seen) =>
    ofEach(seen, (target, outcome) => {
      const [start, ...more] = startsIn(seen, target);
      if (target.output === undefined || more.length > 0) return undefined;
      for (const stream of ["stdout", "stderr"] as const) {
        const [got, written] = [target.output[stream], start?.written[stream] ?? ""];
        const right = isComplete(outcome) ? got === written : written.startsWith(got);
        if (right) continue;
        return `${textOf(outcome)}, ${stream} is ${JSON.stringify(got)}, and ${
          JSON.stringify(written)
        } was written`;
      }
    }),

  "without a fault every outcome is known": (seen) =>
    ofEach(seen, (_target, outcome) => {
      const { connections, answers, incidents } = seen.history;
      const isDisturbed = answers.length + incidents.length > 0 ||
        connections.some(({ dial, fault }) => dial !== "accepted" || fault !== undefined);
      const isKnown = !["unknown", "unreachable", "forbidden"].includes(outcome.kind);
      return isDisturbed || isKnown ? undefined : textOf(outcome);
    }),

  "input arrives in order, and whole in a command that was ok": (seen) =>
    ofEach(seen, (target, outcome) => {
      const [start] = startsIn(seen, target);
      const all = seen.history.input?.join("") ?? "";
      if (start === undefined || all.startsWith(start.input) && outcome.kind !== "ok") return;
      const reads = planOf(seen, target)?.readsInput === true;
      if (start.input === (reads ? all : "")) return undefined;
      return `${textOf(outcome)}, and ${JSON.stringify(start.input)} of ${
        JSON.stringify(all)
      } arrived`;
    }),

  "a command whose end is reported has ended": (seen) =>
    ofEach(
      seen,
      ({ startsAtEnd }, outcome) =>
        saysOver(outcome) && startsAtEnd.some(({ isRunning }) => isRunning)
          ? `${textOf(outcome)}, and it still runs`
          : undefined,
    ),

  "nothing outlives its client": (seen) =>
    ofEach(seen, (target, outcome) => {
      const running = startsIn(seen, target).filter(({ end }) => end === undefined);
      // A command that gets input has no watcher: the end of its input is its own.
      const excused = seen.history.input !== undefined ||
        planOf(seen, target)?.diesOn === "nothing";
      return running.length === 0 || excused ? undefined : `${textOf(outcome)}, and it still runs`;
    }),
};

/** Returns what the invariants say against a history. */
export function contradictions(seen: ExecSeen): string[] {
  return Object.entries(execInvariants).flatMap(([name, holds]) =>
    holds(seen).map((why) => `${name}: ${why}`)
  );
}

function ofEach(
  seen: ExecSeen,
  check: (target: SeenTarget, outcome: Outcome) => string | undefined,
): string[] {
  return seen.targets.flatMap((target) => {
    const why = target.outcomes[0] && check(target, target.outcomes[0]);
    return why === undefined ? [] : [`${target.pod}: ${why}`];
  });
}

/** A target that never started ends too. */
function isSkipped(before: ExecSeen["order"]): (end: ExecSeen["order"][number]) => boolean {
  return ({ target }) =>
    !before.some((event) => event.kind === "started" && event.target === target);
}

function startsIn({ starts }: ExecSeen, { pod }: SeenTarget): CommandStart[] {
  return starts.filter((start) => start.pod === pod);
}

function planOf({ history }: ExecSeen, { pod }: SeenTarget) {
  return history.pods[Number(pod.slice(4))];
}

function isExit(outcome: Outcome): outcome is Extract<Outcome, { kind: "ok" | "failed" }> {
  return outcome.kind === "ok" || outcome.kind === "failed";
}

function hasRemains(outcome: Outcome): boolean {
  return "left" in outcome || "unread" in outcome;
}

/** Whether the outcome says that nothing was started. */
function deniesStart(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case "unreachable":
    case "forbidden":
    case "skipped":
      return true;
    case "timeout":
      return outcome.limit === "connect" && outcome.left === undefined;
    default:
      return false;
  }
}

function saysOver(outcome: Outcome): boolean {
  return outcome.kind !== "unknown" && !("left" in outcome);
}

function isComplete(outcome: Outcome): boolean {
  return outcome.kind !== "unknown" && !hasRemains(outcome);
}

function textOf(outcome: Outcome): string {
  return JSON.stringify(outcome);
}

function endText(start: CommandStart | undefined): string {
  if (start === undefined) return "wasn't started";
  return start.end === undefined ? "runs" : `has ${start.end.kind} ${start.end.exitCode}`;
}
