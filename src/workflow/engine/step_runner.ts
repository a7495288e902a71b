/** Runs lists of steps in sequence, and decides what runs after a failure. */
import type { Step } from "../model.ts";
import type { StepOutcome } from "../step_events.ts";
import type { RunnerOptions, Sequences } from "./attempt.ts";
import type { InnerEnd, StepFailure } from "./failure.ts";
import type { Scope } from "./scope.ts";
import { identitiesOf } from "./step_identity.ts";
import { StepRun } from "./step_run.ts";

/** Runs steps. */
export class StepRunner implements Sequences {
  constructor(readonly options: RunnerOptions) {}

  /** Runs a list to its end; resources that its steps hold open are closed then. */
  async sequence(
    steps: readonly Step[],
    scope: Scope,
    { signal, among = steps, whatever = false }: {
      signal: AbortSignal;
      among?: readonly Step[];
      /** The steps after a failed one run, too. */
      whatever?: boolean;
    },
  ): Promise<InnerEnd> {
    await using held = new AsyncDisposableStack();
    const identities = identitiesOf(among);
    let end: StepOutcome = { kind: "ok" };
    let stopper: Step | undefined;
    let found: StepFailure | undefined;
    for (const step of steps) {
      const identity = scope.identity + identities.get(step);
      const run = new StepRun(this, step, scope, identity, { held, signal });
      if (stopper !== undefined && (!whatever || end.kind === "cancelled")) {
        const reason = end.kind === "cancelled"
          ? "the run was cancelled"
          : `${scope.prefix}${stopper.id} ended ${scope.prefix.slice(0, -1) || "the run"}`;
        await run.skip(reason);
        continue;
      }
      const { outcome, continues, failure } = await run.run();
      // Past the time limit of the run nothing more is started, whatever the file allows.
      if (continues && !(signal.aborted && outcome.kind === "timeout")) {
        const isFirst = stopper === undefined && end.kind === "ok";
        if (isFirst && outcome.kind === "rescued") [end, found] = [outcome, failure];
        continue;
      }
      if (stopper === undefined || outcome.kind === "cancelled") [end, found] = [outcome, failure];
      stopper ??= step;
    }
    return { outcome: end, ...(stopper && { stopper }), ...(found && { failure: found }) };
  }
}
