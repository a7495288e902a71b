/** Every kind of step. A new one needs a file here and a line in the list. */
import { checkStep } from "./check.ts";
import { copyStep } from "./copy.ts";
import { execStep } from "./exec.ts";
import { foreachStep } from "./foreach.ts";
import { forwardStep } from "./forward.ts";
import { httpStep } from "./http.ts";
import type { StepKind } from "./kind.ts";
import { kubectlStep } from "./kubectl.ts";
import { logsStep } from "./logs.ts";
import { parallelStep } from "./parallel.ts";
import { promptStep } from "./prompt.ts";
import { scriptStep } from "./script.ts";
import { shellStep } from "./shell.ts";
import { waitStep } from "./wait.ts";
import { workflowStep } from "./workflow.ts";

/** In the order of the reference. */
export const stepKinds: readonly StepKind[] = [
  execStep,
  logsStep,
  copyStep,
  waitStep,
  forwardStep,
  kubectlStep,
  shellStep,
  scriptStep,
  httpStep,
  promptStep,
  checkStep,
  workflowStep,
  foreachStep,
  parallelStep,
];

const byName = new Map(stepKinds.map((kind) => [kind.name, kind]));

/** Returns the kind of a name that the checks have accepted. */
export function stepKind(name: string): StepKind {
  const kind = byName.get(name);
  if (kind === undefined) throw new Error(`no kind of step is called ${name}`);
  return kind;
}
