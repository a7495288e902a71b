/** `kodama run` of a workflow with steps: which of its flags apply, and what they mean. */
import {
  type ParamTexts,
  rerunScope,
  rerunSteps,
  type ResumeFrom,
  runSteps,
  selectionOfSteps,
  type StepChoice,
  type WhereOverrides,
} from "../../../actions/workflow/run_steps.ts";
import type { PlanOverrides } from "../../../actions/workflow/run_workflow.ts";
import type { Host } from "../../../actions/host.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode, interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import type { TrustNow } from "../../../actions/workflow/trust.ts";
import { askTrust } from "../workflow/ask_trust.ts";
import { runningFlags } from "../exec/flags.ts";
import type { RunView } from "../exec/options.ts";
import { showPlan, showStepRounds, showSteps, type StepsExtras } from "./show_steps.ts";
import type { ClusterOptions } from "../../../actions/cluster_run/submit.ts";
import type { PastWorkflow } from "../../../actions/runs/past_runs.ts";

/** The options from the command line. */
interface StepsArgs {
  workflow: string;
  overrides: PlanOverrides;
  view: RunView;
  list: boolean;
  pick: boolean;
  kubeconfig: string | undefined;
  steps: {
    params: ParamTexts;
    plan: boolean;
    trust: TrustNow;
    yes: boolean;
    deadlineMs: number | undefined;
    given: ReadonlySet<string>;
    choice?: StepChoice;
  };
  /** In the cluster. */
  cluster?: ClusterOptions & { detach: boolean };
}

/** Flags of a running command that still apply if the steps define all else themselves. */
const meaningful = new Set("yes confirm-above list output events quiet color watch".split(" "));

/** Shows the plan, or runs it. */
export async function runWithSteps(
  host: Host,
  { workflow, overrides, view, list, pick, kubeconfig, steps, cluster }: StepsArgs,
  invocation: Invocation,
): Promise<number> {
  refuseOthers(workflow, overrides, steps.given);
  const { contexts, selection } = overrides;
  const where = {
    ...(contexts === undefined ? {} : { contexts }),
    ...(steps.given.has("all") ? { all: true as const } : {}),
    ...(selection === undefined || Object.keys(selection).length === 0 ? {} : { selection }),
  };
  const request = {
    workflow,
    params: steps.params,
    overrides: where,
    ...definedOnly({ choice: steps.choice }),
  };
  const isPlan = steps.plan || list;
  const only = pick
    ? await picked(host, { ...request, ...(isPlan ? {} : { trust: steps.trust }) }, invocation)
    : undefined;
  if (pick && only === undefined) return interruptedExitCode;
  const options = { ...request, overrides: { ...where, ...only } };
  const json = view.format !== "text";
  if (isPlan) return await showPlan(host, options, { invocation, json });
  if (cluster !== undefined) {
    const { startInCluster } = await import("./in_cluster.ts");
    return await startInCluster(host, { ...options, ...steps, trustNow: steps.trust }, {
      cluster,
      view,
      invocation,
    });
  }
  const start = (extras: StepsExtras) =>
    runSteps(host, {
      ...options,
      ...extras,
      yes: steps.yes,
      trustNow: steps.trust,
      deadlineMs: steps.deadlineMs,
      panes: async () => {
        const { paneFlags } = await import("../tmux/tmux.ts");
        const { workingDir } = host.places;
        return {
          multiplexer: await invocation.multiplexer(),
          ...paneFlags(defaultPanes, { kubeconfig, workingDir }),
        };
      },
    });
  const shown = {
    format: view.format === "events" ? "jsonl" as const : view.format,
    quiet: view.quiet,
    confirmAbove: view.confirm.above,
  };
  if (view.watchMs === undefined) {
    return await showSteps(start, { invocation, clock: host.clock, view: shown });
  }
  return await showStepRounds(
    host,
    // The trust of the first round holds for all.
    ({ isFirst, askTrust, ...extras }) =>
      start(isFirst ? { ...extras, ...definedOnly({ askTrust }) } : extras),
    { invocation, view: shown, everyMs: view.watchMs },
  );
}

/** Shells in panes that a step opens end with their connections. */
const defaultPanes = { keepMs: 0 };

/** Returns the pods that a person picks among those that the workflow selects; undefined if the picker was aborted. */
async function picked(
  host: Host,
  { trust, ...request }: Omit<Parameters<typeof selectionOfSteps>[1], "trust"> & {
    /** Absent for a plan, which needs no trust. */
    trust?: TrustNow;
  },
  invocation: Invocation,
): Promise<Pick<WhereOverrides, "only"> | undefined> {
  const { terminal, signals } = invocation;
  const where = await interruptible(signals, async (signal) =>
    await selectionOfSteps(host, {
      ...request,
      ...(trust === undefined ? {} : {
        trust: { trustNow: trust, ...definedOnly({ askTrust: askTrust(terminal, { signal }) }) },
      }),
    }));
  const chosen = await chooseTargets({ kind: "many" }, where, {
    invocation,
    purpose: `workflow ${request.workflow}`,
  });
  if (chosen?.picked === undefined) return undefined;
  const only = chosen.picked.map(({ context, namespace, pod }) => ({ context, namespace, pod }));
  return { only };
}

function refuseOthers(
  workflow: string,
  { command }: PlanOverrides,
  given: ReadonlySet<string>,
): void {
  if (command !== undefined) {
    throw new UsageError(`${workflow} has steps, and no command that -- could replace`);
  }
  const other = Object.keys(runningFlags).find((flag) => given.has(flag) && !meaningful.has(flag));
  if (other === undefined) return;
  throw new UsageError(`--${other} is for workflows of one command`, {
    hint: `${workflow} has steps, which define that themselves`,
  });
}

/** The step to start from; `all` is from the beginning. */
export type StepsResume = ResumeFrom | { kind: "all" };

/** The options from the command line. */
export interface RerunArgs {
  run: PastWorkflow;
  steps: {
    /** Its id was given; the last run requires confirmation. */
    isNamed: boolean;
    resume: StepsResume;
    choice?: StepChoice;
    /** Nothing is run. */
    plan: boolean;
    params: ParamTexts;
    trustNow: TrustNow;
    yes: boolean;
  };
  view: Pick<RunView, "format" | "quiet" | "confirm">;
  list: boolean;
}

/** Resumes the run, or repeats it. */
export async function showRerun(
  host: Host,
  { run, steps: { resume, isNamed, plan, ...options }, view, list }: RerunArgs,
  invocation: Invocation,
): Promise<number> {
  if (list) {
    throw new UsageError("--list is for runs of one command", {
      hint: "--plan prints the steps that a rerun would run, and their pods",
    });
  }
  if (plan) {
    const { params, choice } = options;
    const request = { params, ...rerunScope(run, { resume, choice }) };
    return await showPlan(host, request, { invocation, json: view.format !== "text" });
  }
  const format = view.format === "events" ? "jsonl" : view.format;
  const because = isNamed ? {} : { because: { kind: "unnamedRun", run: run.header.id } as const };
  return await showSteps(
    (extras) => rerunSteps(host, run, { ...options, ...extras, ...because, resume }),
    {
      invocation,
      clock: host.clock,
      view: { format, quiet: view.quiet, confirmAbove: view.confirm.above },
    },
  );
}
