import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import type { StepsResume } from "../run/run_with_steps.ts";
import { paramTexts, stepChoice, trustFlag, workflowFlags } from "../run/flags.ts";
import { exitCodeTable } from "../../exit_codes.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { kubeconfigFlag } from "../../parser/scope_flags.ts";
import { clusterScopeFlags, clusterScopeIf, inClusterFlag } from "./cluster_scope.ts";
import { runId, runOperand } from "./run_operand.ts";
import { runningFlags } from "../exec/flags.ts";
import { listFormat, resolveRunning } from "../exec/options.ts";
import { showRun } from "../exec/show_run.ts";

const {
  workdir: _workdir,
  shell: _shell,
  subst: _subst,
  watch: _watch,
  "require-all": _all,
  ...rerunFlags
} = runningFlags;

/** `kodama runs rerun`. */
export const command = defineCommand({
  description:
    "Runs a past run again: the recorded command, in exactly the same pods, or with --failed in those " +
    "whose outcome wasn't ok. Without an id, or with last, it is the last run, which is shown and confirmed first unless its " +
    "command only reads.\n\n" +
    "A pod that is gone, or was recreated under its name, is unreachable. Values of --env and standard " +
    "input aren't recorded and must be given again; a command that held what looks like a secret can't be rerun.",
  operands: [runOperand],
  flags: {
    failed: toggle(
      "only the pods that weren't ok; of a workflow, the steps that weren't, and those behind",
    ),
    from: value("of a workflow: this step and those behind it", text, { placeholder: "STEP" }),
    rest: toggle("of a workflow that was stopped: only the unfinished steps"),
    only: workflowFlags.only,
    skip: workflowFlags.skip,
    "start-at": workflowFlags["start-at"],
    plan: toggle("print what would be repeated and where, and do nothing"),
    param: workflowFlags.param,
    trust: workflowFlags.trust,
    locked: workflowFlags.locked,
    "in-cluster": inClusterFlag,
    detach: toggle("with --in-cluster: don't follow the run", { group: "In the cluster" }),
    namespace: clusterScopeFlags.namespace,
    context: clusterScopeFlags.context,
    recreated: toggle("also run in pods that were recreated under the same name"),
    kubeconfig: kubeconfigFlag,
    ...rerunFlags,
  },
  examples: {
    "Rerun the failed pods of the last run": "kodama runs rerun --failed",
    "See what that would be": "kodama runs rerun --failed --plan",
    "Rerun a workflow from one of its steps": "kodama runs rerun --from restart",
    "Rerun an earlier run, and show what differs": "kodama runs rerun 20261121-0946 --diff",
  },
  exitCodes: exitCodeTable,
  seeAlso: ["kodama runs list lists past runs."],
  resolve({ flags, given, operands }) {
    const run = runId(operands);
    const choice = stepChoice(flags);
    const resume = resumeFrom(flags, choice !== undefined);
    const applicable = {
      ...flags,
      workdir: undefined,
      shell: false,
      subst: false,
      watch: undefined,
      "require-all": undefined,
    };
    const running = resolveRunning({ flags: applicable, given });
    const options = {
      ...running.options,
      failed: flags.failed,
      recreated: flags.recreated,
      ...definedOnly({ run }),
    };
    const view = { ...running.view, single: false, tty: false };
    const steps = {
      isNamed: run !== undefined,
      resume,
      plan: flags.plan,
      ...definedOnly({ choice }),
      params: paramTexts(flags.param),
      trustNow: trustFlag(flags),
      yes: flags.yes,
    };
    const scope = clusterScopeIf(flags, given);
    if (scope !== undefined) refuseLocal(given);
    return {
      options,
      view,
      list: running.list,
      steps,
      ...(scope === undefined ? {} : { cluster: { scope, detach: flags.detach } }),
    };
  },
  run: async ({ options, view, list, steps, cluster }, invocation) => {
    const host = await invocation.host();
    if (cluster !== undefined) {
      const { findClusterRun, rerunInCluster } = await import(
        "../../../actions/cluster_run/runs.ts"
      );
      const { showStarted, submitting } = await import("../run/in_cluster.ts");
      const found = await findClusterRun(host, cluster.scope, options.run);
      const ref = await submitting(
        { host, view, invocation },
        ({ confirm }) =>
          rerunInCluster(host, found, {
            from: steps.resume,
            ...(steps.yes ? {} : definedOnly({ confirm })),
          }),
      );
      return await showStarted(host, ref, { detach: cluster.detach, view, invocation });
    }
    const past = await import("../../../actions/runs/past_runs.ts");
    const needsSteps = steps.resume.kind === "from" || steps.resume.kind === "rest" ||
      steps.choice !== undefined;
    const found = needsSteps && options.run === undefined
      ? await past.lastStepsRun(host)
      : await past.findAnyRun(host, options.run);
    if (found.kind === "workflow") {
      const { showRerun } = await import("../run/run_with_steps.ts");
      return await showRerun(host, { run: found.run, steps, view, list }, invocation);
    }
    if (needsSteps) {
      throw new UsageError(`run ${found.run.header.id} is of one command, and has no steps`, {
        hint: "--failed runs the pods that weren't ok",
      });
    }
    if (steps.plan && !view.quiet) {
      const { rerunLine } = await import("../../../present/past_runs.ts");
      const { targetsToRerun } = await import("../../../actions/runs/rerun.ts");
      const targets = targetsToRerun(found.run, options.failed);
      await invocation.terminal.stderr.write(`${rerunLine(found.run, targets)}\n`);
    }
    if (list || steps.plan) {
      const { targetsToRerun } = await import("../../../actions/runs/rerun.ts");
      const { renderTargets } = await import("../pods/table.ts");
      const targets = targetsToRerun(found.run, options.failed);
      const pods = targets.map(({ target }) => target);
      const columns = { context: true, namespace: true };
      await invocation.terminal.stdout.write(
        await renderTargets(pods, listFormat(view.format), columns),
      );
      return 0;
    }
    const { rerun, targetsToRerun } = await import("../../../actions/runs/rerun.ts");
    const { id } = found.run.header;
    const { copy, redacted, tty } = found.run.header;
    if (!view.quiet && !copy && !redacted && !tty) {
      const { rerunLine } = await import("../../../present/past_runs.ts");
      const targets = targetsToRerun(found.run, options.failed);
      await invocation.terminal.stderr.write(`${rerunLine(found.run, targets)}\n`);
    }
    const because = options.run === undefined
      ? { because: { kind: "unnamedRun", run: id } as const }
      : {};
    return await showRun((extras) => rerun(host, { ...options, ...extras, run: id, ...because }), {
      invocation,
      clock: host.clock,
      view,
    });
  },
});

/** Flags with which a run in the cluster can be resumed: its values and limits are those that it had. */
const clusterRerunFlags = new Set([
  ...["failed", "from", "rest", "in-cluster", "detach", "namespace", "context", "kubeconfig"],
  ...["yes", "output", "quiet", "color"],
]);

function refuseLocal(given: ReadonlySet<string>): void {
  const other = [...given].find((flag) => !clusterRerunFlags.has(flag));
  if (other !== undefined) {
    throw new UsageError(`--${other} can't be used with --in-cluster`, {
      hint: "a run in the cluster is resumed with its own values and limits",
    });
  }
}

/** Flags that choose the steps: they exclude each other. */
function resumeFrom(
  flags: { failed: boolean; from: string | undefined; rest: boolean },
  hasChoice: boolean,
): StepsResume {
  const given = [flags.failed, flags.from !== undefined, flags.rest].filter((one) => one).length;
  if (given > 1) throw new UsageError("--failed, --from and --rest can't be used together");
  if (flags.from !== undefined) return { kind: "from", step: flags.from };
  // The steps that aren't chosen give what they gave then.
  if (flags.rest || hasChoice && !flags.failed) return { kind: "rest" };
  return flags.failed ? { kind: "failed" } : { kind: "all" };
}
