/** Resumes a run of a workflow with steps from its record. */
import { hint, joinHints, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { overridesOf, type PastWorkflow, type ResumeFrom } from "../../workflow/record.ts";
import type { Host } from "../host.ts";
import { runSteps, type RunStepsOptions, type StepsEvent } from "./run_steps.ts";

export type { ResumeFrom as GoOn } from "../../workflow/record.ts";

/** The options that only a new run can have. */
export type RerunStepsOptions =
  & { resume: ResumeFrom | { kind: "all" } }
  & Omit<RunStepsOptions, "workflow" | "overrides" | "resume">;

/**
 * Resumes a run without repeating its completed steps; or repeats all of it with its parameters. The file is read
 * again, as a fix of it may be what the run needed: steps that have changed are run, and the first event lists the
 * changes.
 *
 * @throws KodamaError `notFound` for a step that the run didn't have; UsageError for secrets that must be given again;
 *   whatever {@link runSteps} throws.
 */
export async function* rerunSteps(
  host: Host,
  run: PastWorkflow,
  { resume, ...options }: RerunStepsOptions,
): AsyncGenerator<StepsEvent, void> {
  const { header } = run;
  const unsaid = header.secrets.filter((name) => !options.params.has(name));
  if (unsaid.length > 0) {
    throw new UsageError(`run ${header.id} had ${unsaid.join(", ")}, whose values aren't kept`, {
      hint: hint`say them again: ${
        joinHints(unsaid.map((name) => option("param", `${name}=…`)), " ")
      }`,
    });
  }
  if (resume.kind === "failed" && run.end?.outcome.kind === "ok") {
    throw new KodamaError("noMatch", `every step of run ${header.id} was ok`);
  }
  yield* runSteps(host, {
    ...options,
    workflow: header.path,
    overrides: overridesOf(header.overrides),
    resume: { run, from: resume },
  });
}
