/** Resumes a run of a workflow with steps from its record. */
import { KodamaError, UsageError } from "../base/errors.ts";
import { overridesOf } from "../workflow/recorded_overrides.ts";
import type { GoOn, PastWorkflow } from "../workflow/record.ts";
import type { Host } from "./host.ts";
import { runSteps, type RunStepsOptions, type StepsEvent } from "./run_steps.ts";

export type { GoOn } from "../workflow/record.ts";

/** The options that only a new run can have. */
export type RerunStepsOptions =
  & { goOn: GoOn | { kind: "all" } }
  & Omit<RunStepsOptions, "workflow" | "overrides" | "goOn">;

/**
 * Goes on from a run, where what it has ended isn't done again; or does all of it again with its parameters. The file
 * is read again, as mending it may be what the run needed: steps that do something else by now are run, and what has
 * changed is the first event.
 *
 * @throws KodamaError `notFound` for a step that the run didn't have; UsageError for secrets that must be said again;
 *   what {@link runSteps} throws.
 */
export async function* rerunSteps(
  host: Host,
  run: PastWorkflow,
  { goOn, ...options }: RerunStepsOptions,
): AsyncGenerator<StepsEvent, void> {
  const { header } = run;
  const unsaid = header.secrets.filter((name) => !options.params.has(name));
  if (unsaid.length > 0) {
    throw new UsageError(`run ${header.id} had ${unsaid.join(", ")}, whose values aren't kept`, {
      hint: `say them again: ${unsaid.map((name) => `--param ${name}=…`).join(" ")}`,
    });
  }
  if (goOn.kind === "failed" && run.end?.outcome.kind === "ok") {
    throw new KodamaError("noMatch", `every step of run ${header.id} was ok`);
  }
  yield* runSteps(host, {
    ...options,
    workflow: header.path,
    overrides: overridesOf(header.overrides),
    goOn: { run, from: goOn },
  });
}
