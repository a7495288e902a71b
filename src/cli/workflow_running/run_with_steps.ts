/** `kodama run` of a workflow with steps: which of its flags hold there, and what they mean. */
import { runSteps } from "../../actions/run_steps.ts";
import type { PlanOverrides } from "../../actions/run_workflow.ts";
import type { Host } from "../../actions/host.ts";
import { UsageError } from "../../base/errors.ts";
import type { Invocation } from "../invocation.ts";
import { runningFlags } from "../running/flags.ts";
import type { RunView } from "../running/options.ts";
import { showPlan, showSteps } from "./show_steps.ts";

/** What was said on the command line. */
export interface StepsWords {
  workflow: string;
  overrides: PlanOverrides;
  view: RunView;
  list: boolean;
  pick: boolean;
  steps: {
    params: ReadonlyMap<string, string>;
    plan: boolean;
    trust: boolean;
    yes: boolean;
    given: ReadonlySet<string>;
  };
}

/** Flags of a running command that mean something where steps say all else themselves. */
const meaningful = new Set(["yes", "list", "output", "events", "quiet", "color"]);

/** Shows the plan, or runs it. */
export async function runWithSteps(
  host: Host,
  { workflow, overrides, view, list, pick, steps }: StepsWords,
  invocation: Invocation,
): Promise<number> {
  refuseOthers(workflow, overrides, steps.given);
  if (pick) {
    throw new UsageError("--pick is for workflows of one command", {
      hint: "select pods by their names: -m, or select in the file",
    });
  }
  const { contexts, selection } = overrides;
  const where = {
    ...(contexts === undefined ? {} : { contexts }),
    ...(selection === undefined || Object.keys(selection).length === 0 ? {} : { selection }),
  };
  const options = { workflow, params: steps.params, overrides: where };
  const json = view.format !== "text";
  if (steps.plan || list) return await showPlan(host, options, { invocation, json });
  return await showSteps(
    (extras) => runSteps(host, { ...options, ...extras, yes: steps.yes, trustNow: steps.trust }),
    {
      invocation,
      view: { format: view.format === "events" ? "jsonl" : view.format, quiet: view.quiet },
    },
  );
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
    hint: `${workflow} has steps, which say it themselves`,
  });
}
