/** The reasons of steps, for those who show them: nothing of the engine is loaded. */
export type { StepOutcome } from "../../workflow/step_events.ts";
export { stepError, stepReason as reasonOf } from "../../workflow/step_events.ts";
