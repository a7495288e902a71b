/** Cost limits of an evaluation: they ensure that every expression ends, soon, and in little memory. */
import { ExpressionRefusal } from "./problem.ts";

/**
 * Limits of an evaluation. `steps` counts the visited parts: parts of the expression each time a part is evaluated,
 * items that are compared or iterated. `made` counts characters and items of created values.
 */
export const evaluationLimits = { steps: 1_000_000, made: 16 * 1024 * 1024 } as const;

/** The remaining budget. */
export class Budget {
  #steps = 0;
  #made = 0;

  /** @throws Refusal at the limit. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > evaluationLimits.steps) {
      throw new ExpressionRefusal(
        `the expression takes more than ${evaluationLimits.steps.toLocaleString("en")} steps`,
      );
    }
  }

  /**
   * Called before something is created.
   *
   * @throws Refusal at the limit.
   */
  make(size: number): void {
    this.#made += size;
    if (this.#made > evaluationLimits.made) {
      throw new ExpressionRefusal("the expression makes more than 16 Mi characters and items");
    }
  }
}
