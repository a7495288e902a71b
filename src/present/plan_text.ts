/** The plan of a workflow, as text. */
import type { PlannedStep, WorkflowPlan } from "../actions/workflow/run_steps.ts";

/** Names of pods listed before "and 7 more". */
const namesShown = 6;

/** Returns parameters, permissions, steps with their pods, and which of them change something. */
export function planLines(plan: WorkflowPlan): string[] {
  const { workflow, path, params, permissions, changes } = plan;
  const { cluster, ...grants } = permissions;
  const granted = Object.entries(grants).filter(([, grant]) => grant !== false)
    .map(([kind, grant]) => `${kind} ${Array.isArray(grant) ? grant.join(", ") : "everything"}`);
  const verbs = cluster.map((rule) => `cluster ${rule.verbs.join(", ")}`);
  const values = Object.entries(params).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `${workflow}  ${path}`,
    ...(values.length === 0 ? [] : [`params       ${values.join(" ")}`]),
    ...(granted.length + verbs.length === 0
      ? []
      : [`permissions  ${[...granted, ...verbs].join("; ")}`]),
    "",
    ...stepLines(plan.steps, ""),
    ...(plan.finally.length === 0 ? [] : ["finally", ...stepLines(plan.finally, "  ")]),
    "",
    changes.length === 0 ? "nothing is changed" : `may change something: ${changes.join(", ")}`,
  ];
}

function stepLines(steps: readonly PlannedStep[], indent: string): string[] {
  return steps.flatMap((step) => {
    const { id, title, does, when, effect, targets, targetsNote } = step;
    const mark = { reads: " ", changes: "!", asks: "?" }[effect];
    const text = title === does ? does : `${title}: ${does}`;
    const pods = targets === null ? targetsNote === null ? [] : [`in ${targetsNote}`] : [
      ...(targets.length > 0 ? [`in ${podsText(targets)}`] : []),
      ...(targetsNote === null ? targets.length > 0 ? [] : ["in no pod"] : [targetsNote]),
    ];
    return [
      `${indent}${mark} ${id}  ${text.replace(/\s+/g, " ")}`,
      ...pods.map((line) => `${indent}    ${line}`),
      ...(when === null ? [] : [`${indent}    when ${when}`]),
      ...stepLines(step.steps, `${indent}    `),
    ];
  });
}

function podsText(names: readonly string[]): string {
  const more = names.length - namesShown;
  const shown = names.slice(0, namesShown).join(", ");
  const text = more > 0 ? `${shown} and ${more} more` : shown;
  return `${names.length} ${names.length === 1 ? "pod" : "pods"}: ${text}`;
}
