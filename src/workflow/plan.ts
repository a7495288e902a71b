/** Resolves a workflow and the command line to what will be run. Pure. */
import { type Selection, wholeSelection } from "../kube/select/target.ts";
import type { RunBounds, Workflow } from "./short_form.ts";

/** Overrides of the workflow's own fields. An absent field doesn't override. */
export interface PlanOverrides extends RunBounds {
  contexts?: readonly string[];
  selection?: Partial<Selection>;
  /** Args that are run as they are. */
  command?: readonly string[];
}

/** What will be run, in which pods, and within which bounds. */
export interface Plan extends RunBounds {
  workflow: string;
  contexts: readonly string[];
  selection: Selection;
  command: readonly string[];
  /** The command is one line for a shell. */
  shell: boolean;
}

/** Returns the plan of a workflow. The command line wins, field by field. */
export function plan(workflow: Workflow, overrides: PlanOverrides = {}): Plan {
  const { contexts, selection, command, ...bounds } = overrides;
  const own = workflow.command;
  return {
    workflow: workflow.name,
    contexts: contexts ?? workflow.contexts,
    selection: { ...wholeSelection, ...workflow.selection, ...selection },
    command: command ?? (own.kind === "args" ? own.args : [own.line]),
    shell: command === undefined && own.kind === "line",
    ...workflow.bounds,
    ...bounds,
  };
}

/** Returns whether a selection names or filters pods, and doesn't just take all of its namespaces. */
export function narrowsPods(
  { operands, match, labelSelector, fieldSelector, node }: Selection,
): boolean {
  return operands.length > 0 || match.length > 0 ||
    [labelSelector, fieldSelector, node].some((one) => one !== undefined);
}
