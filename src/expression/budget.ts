/** What one evaluation may cost: with it every expression ends, soon, and in little memory. */
import { Refusal } from "./problem.ts";

/**
 * Bounds of one evaluation. `steps` counts what is looked at: parts of the expression as often as each is
 * evaluated, items that are compared or gone over. `made` counts characters and items of what is made.
 */
export const evaluationLimits = { steps: 1_000_000, made: 16 * 1024 * 1024 } as const;

/** What is left of the bounds. */
export class Budget {
  #steps = 0;
  #made = 0;

  /** @throws Refusal at the limit. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > evaluationLimits.steps) {
      throw new Refusal(
        `the expression takes more than ${evaluationLimits.steps.toLocaleString("en")} steps`,
      );
    }
  }

  /**
   * Called before something is made.
   *
   * @throws Refusal at the limit.
   */
  make(size: number): void {
    this.#made += size;
    if (this.#made > evaluationLimits.made) {
      throw new Refusal("the expression makes more than 16 Mi characters and items");
    }
  }
}
