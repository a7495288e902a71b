/** From a workflow, and what was said on the command line, to what will be run: a pure function. */
import type { Selection } from "../kube/target.ts";
import { wholeSelection } from "../kube/whole_selection.ts";
import type { RunBounds, Workflow } from "./workflow.ts";

/** What takes the place of the workflow's own. Fields that are absent leave it as it is. */
export interface PlanOverrides extends RunBounds {
  contexts?: readonly string[];
  selection?: Partial<Selection>;
  /** Words that are run as they are. */
  command?: readonly string[];
}

/** What will be run, where, and within which bounds. */
export interface Plan extends RunBounds {
  workflow: string;
  contexts: readonly string[];
  selection: Selection;
  command: readonly string[];
  /** The command is one line for a shell. */
  shell: boolean;
}

/** The plan of a workflow. What a person says on the command line wins, field by field. */
export function plan(workflow: Workflow, overrides: PlanOverrides = {}): Plan {
  const { contexts, selection, command, ...bounds } = overrides;
  const own = workflow.command;
  return {
    workflow: workflow.name,
    contexts: contexts ?? workflow.contexts,
    selection: { ...wholeSelection, ...workflow.selection, ...selection },
    command: command ?? (own.kind === "words" ? own.words : [own.line]),
    shell: command === undefined && own.kind === "line",
    ...workflow.bounds,
    ...bounds,
  };
}

/** Whether a selection names or chooses pods, and doesn't just take all of its namespaces. */
export function narrowsPods(
  { operands, match, labelSelector, fieldSelector, node }: Selection,
): boolean {
  return operands.length > 0 || match.length > 0 ||
    [labelSelector, fieldSelector, node].some((one) => one !== undefined);
}
