/** One shard of a run in the cluster, on the log of its pod. */
import { runShard, type ShardOptions } from "../../../actions/cluster_run/run_shard.ts";
import { idOfJob } from "../../../actions/cluster_run/names.ts";
import { tryAgainExitCode } from "../../../actions/cluster_run/manifests.ts";
import type { Host } from "../../../actions/host.ts";
import { type ErrorKind, KodamaError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Invocation } from "../../invocation.ts";
import { showSteps } from "../run/show_steps.ts";

/** Failures after which another process of the shard may do better. */
const transient: ReadonlySet<ErrorKind> = new Set([
  "unreachable",
  "unauthorized",
  "timeout",
  "conflict",
  "server",
  "cancelled",
]);

/** Runs the shard; the exit code says whether its Job starts it again. */
export async function showShard(
  host: Host,
  options: Omit<ShardOptions, "signal" | "finallySignal">,
  invocation: Invocation,
): Promise<number> {
  // All shards are resumed at once, from any machine.
  const rerunLine = () =>
    `kodama runs rerun ${idOfJob(options.job)} --in-cluster --rest -n ${options.namespace}`;
  try {
    return await showSteps(
      ({ signal, finallySignal }) => runShard(host, { ...options, signal, finallySignal }),
      {
        invocation,
        clock: host.clock,
        view: { format: "text", quiet: false, confirmAbove: undefined, rerunLine },
      },
    );
  } catch (error) {
    if (!(error instanceof KodamaError) || !transient.has(error.kind)) throw error;
    await invocation.terminal.stderr.write(`error: ${printable(error.message)}\n`);
    return tryAgainExitCode;
  }
}
