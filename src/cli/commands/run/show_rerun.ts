/** `kodama runs rerun` of a workflow with steps. */
import type { PastWorkflow } from "../../../actions/runs/past_runs.ts";
import { type GoOn, rerunSteps } from "../../../actions/workflow/rerun_steps.ts";
import type { ParamTexts } from "../../../actions/workflow/run_steps.ts";
import type { Host } from "../../../actions/host.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Invocation } from "../../invocation.ts";
import type { RunView } from "../exec/options.ts";
import { showSteps } from "./show_steps.ts";

/** The step to start from; `all` is from the beginning. */
export type StepsResume = GoOn | { kind: "all" };

/** The options from the command line. */
export interface RerunArgs {
  run: PastWorkflow;
  steps: {
    /** Its id was given; the last run requires confirmation. */
    isNamed: boolean;
    resume: StepsResume;
    params: ParamTexts;
    trustNow: boolean;
    yes: boolean;
  };
  view: Pick<RunView, "format" | "quiet" | "confirm">;
  list: boolean;
}

/** Resumes the run, or repeats it. */
export async function showRerun(
  host: Host,
  { run, steps: { resume, isNamed, ...options }, view, list }: RerunArgs,
  invocation: Invocation,
): Promise<number> {
  if (list) {
    throw new UsageError("--list is for runs of one command", {
      hint: `kodama runs show ${run.header.id} lists the pods of each step`,
    });
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
