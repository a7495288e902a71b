/** Every kind of step. A new one needs a file here and a line in the list. */
import { applyStep } from "./steps/apply.ts";
import { batchesStep } from "./steps/batches.ts";
import { checkStep } from "./steps/check.ts";
import { copyStep } from "./steps/copy.ts";
import { execStep } from "./steps/exec.ts";
import { foreachStep } from "./steps/foreach.ts";
import { forwardStep } from "./steps/forward.ts";
import { groupStep } from "./steps/group.ts";
import { httpStep } from "./steps/http.ts";
import type { StepKind } from "./step_kind.ts";
import { kubectlStep } from "./steps/kubectl.ts";
import { logsStep } from "./steps/logs.ts";
import { parallelStep } from "./steps/parallel.ts";
import { pickStep } from "./steps/pick.ts";
import { promptStep } from "./steps/prompt.ts";
import { scriptStep } from "./steps/script.ts";
import { shellStep } from "./steps/shell.ts";
import { tmuxStep } from "./steps/tmux.ts";
import { waitStep } from "./steps/wait.ts";
import { workflowStep } from "./steps/workflow.ts";

/** In the order of the reference. */
export const stepKinds: readonly StepKind[] = [
  execStep,
  logsStep,
  copyStep,
  waitStep,
  forwardStep,
  tmuxStep,
  kubectlStep,
  applyStep,
  shellStep,
  scriptStep,
  httpStep,
  promptStep,
  pickStep,
  checkStep,
  workflowStep,
  groupStep,
  foreachStep,
  parallelStep,
  batchesStep,
];

const byName = new Map(stepKinds.map((kind) => [kind.name, kind]));

/** Returns the kind of a name that the checks have accepted. */
export function stepKind(name: string): StepKind {
  const kind = byName.get(name);
  if (kind === undefined) throw new Error(`no kind of step is called ${name}`);
  return kind;
}
