/** A run in the cluster on this process's terminal: started, and followed until it ends or the person leaves. */
import {
  type ClusterRunEvent,
  findClusterRun,
  followClusterRun,
} from "../../../actions/cluster_run/runs.ts";
import {
  type ClusterOptions,
  type ClusterRunRef,
  submitRun,
} from "../../../actions/cluster_run/submit.ts";
import type { Host } from "../../../actions/host.ts";
import type { RunStepsOptions, StepsOptions } from "../../../actions/workflow/run_steps.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { printable } from "../../../terminal/printable.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { ClusterRunPainter } from "../../../present/cluster_runs.ts";
import { jsonLine } from "../../../present/json.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { speak } from "../../program.ts";
import { confirmOn } from "../exec/confirm.ts";
import type { RunView } from "../exec/options.ts";
import { askTrust } from "../workflow/ask_trust.ts";
import { askOn } from "./show_steps.ts";

type View = Pick<RunView, "format" | "quiet" | "confirm">;

/** Starts the run, and follows it unless it is detached. */
export async function startInCluster(
  host: Host,
  options:
    & Omit<StepsOptions, "signal">
    & Pick<RunStepsOptions, "yes" | "trustNow" | "deadlineMs">,
  { cluster: { detach, ...cluster }, view, invocation }: {
    cluster: ClusterOptions & { detach: boolean };
    view: View;
    invocation: Invocation;
  },
): Promise<number> {
  const ref = await submitting(
    { host, view, invocation },
    (extras) => submitRun(host, { ...options, ...extras }, cluster),
  );
  return await showStarted(host, ref, { detach, view, invocation });
}

/** Gives a start in the cluster what it asks a person with. */
export async function submitting<T>(
  { host: { clock }, view, invocation: { terminal, signals, environment } }: {
    host: Pick<Host, "clock">;
    view: Pick<View, "confirm">;
    invocation: Invocation;
  },
  start: (
    extras: Pick<RunStepsOptions, "signal" | "finallySignal" | "confirm" | "ask" | "askTrust">,
  ) => Promise<T>,
): Promise<T> {
  return await interruptible(signals, async (signal) => {
    const confirm = confirmOn(terminal, {
      above: view.confirm.above,
      stdin: false,
      listing: "--plan",
      signal,
    });
    return await start({
      signal,
      finallySignal: signal,
      confirm,
      ...definedOnly({
        ask: askOn({ terminal, environment, clock }),
        askTrust: askTrust(terminal, { signal }),
      }),
    });
  });
}

/** Shows a run that has just been started. */
export async function showStarted(
  host: Host,
  ref: ClusterRunRef,
  { detach, view, invocation }: { detach: boolean; view: View; invocation: Invocation },
): Promise<number> {
  const { terminal, program } = invocation;
  const line = speak(program, `kodama runs follow ${ref.id} --in-cluster -n ${ref.namespace}`);
  if (!view.quiet) {
    await terminal.stderr.write(
      printable(`run ${ref.id} in namespace ${ref.namespace} of ${ref.context}`) + "\n" +
        `to follow it from any machine: ${line}\n`,
    );
  }
  if (!detach) return await showFollowed(host, ref, { view, invocation });
  await terminal.stdout.write(
    view.format === "text" ? `${ref.id}\n` : jsonLine({ kind: "started", ...ref }),
  );
  return 0;
}

/** Follows a run to its end; a signal leaves it running. */
async function showFollowed(
  host: Host,
  ref: ClusterRunRef,
  { view, invocation }: { view: Pick<View, "format" | "quiet">; invocation: Invocation },
): Promise<number> {
  const { terminal, signals, environment, program } = invocation;
  const painter = new ClusterRunPainter({
    format: view.format === "text" ? "text" : "jsonl",
    quiet: view.quiet,
    stopLine: speak(program, `kodama runs stop ${ref.id} -n ${ref.namespace}`),
    style: {
      stdout: styleOf(terminal.stdout, environment),
      stderr: styleOf(terminal.stderr, environment),
    },
  });
  return await drive<ClusterRunEvent>(
    ({ signal }) => followClusterRun(host, ref, signal),
    {
      terminal,
      signals,
      clock: host.clock,
      painter,
      milestone: (event) =>
        event.kind === "ended"
          ? { kind: "ended", exitCode: event.run.run?.end?.exitCode ?? 5 }
          : undefined,
    },
  );
}

/** Finds a run and follows it. */
export async function showFollowedById(
  host: Host,
  { scope, run }: { scope: Parameters<typeof findClusterRun>[1]; run: string | undefined },
  shown: Parameters<typeof showFollowed>[2],
): Promise<number> {
  return await showFollowed(host, await findClusterRun(host, scope, run), shown);
}
