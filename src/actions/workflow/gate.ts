/**
 * One question for all changes of a workflow's run, before its first step. Changes that its plan couldn't foresee,
 * such as the commands of a script, are confirmed just before they are made.
 */
import type { StepChange } from "../../workflow/engine/environment.ts";
import type { PlannedChange } from "../../workflow/full_plan.ts";
import type { FullWorkflow } from "../../workflow/model.ts";
import { type Change, type Confirm, isConfirmed } from "../confirm_change.ts";
import type { Host } from "../host.ts";

/** The gate of one run. An answer applies to everything named in its question. */
export class WorkflowGate {
  /** Whether the whole plan is confirmed. */
  #isPlanConfirmed = false;
  /** The answers by step: the iterations of a step share one. */
  readonly #answers = new Map<string, Promise<boolean>>();

  /** @param confirm undefined if everything is confirmed beforehand (`--yes`). */
  constructor(
    private readonly host: Host,
    private readonly workflow: Pick<FullWorkflow, "name" | "path">,
    private readonly confirm: Confirm | undefined,
  ) {}

  /** Whether anything can be asked or refused: only then is a plan needed. */
  get asks(): boolean {
    return this.confirm !== undefined || this.host.readOnly;
  }

  /**
   * Returns whether the run may start.
   *
   * @throws UsageError if no one can be asked.
   */
  async mayBegin(changes: readonly PlannedChange[]): Promise<boolean> {
    const unknown = changes.filter(({ targets }) => targets === undefined).map(({ id }) => id);
    const reached = changes.flatMap(({ targets = [] }) => targets);
    const because = unknown.length === 0
      ? {}
      : { because: { kind: "unknownTargets" as const, steps: [...new Set(unknown)] } };
    if (changes.length === 0) return true;
    const { name, path } = this.workflow;
    const steps = changes.map(({ id, does }) => ({ id, does }));
    return await this.#check({
      action: { kind: "steps", workflow: name, path, steps },
      targets: reached,
      scopes: changes.flatMap(({ targets, scopes }) => targets === undefined ? scopes : []),
      ...because,
    }, async (question, confirm) => this.#isPlanConfirmed = await confirm.ask(question));
  }

  /** Returns whether a step may make its change. Throws as {@link mayBegin} does. */
  async mayChange(
    { step, action, targets, isUnplanned = false }: StepChange,
    shown: () => Promise<void>,
  ): Promise<boolean> {
    if (this.#isPlanConfirmed && !isUnplanned) return true;
    const because = targets.length === 0
      ? { because: { kind: "unknownTargets" as const, steps: [step] } }
      : {};
    return await this.#check({ action, targets, ...because }, (question, confirm) => {
      const answer = this.#answers.get(step) ?? shown().then(() => confirm.ask(question));
      this.#answers.set(step, answer);
      return answer;
    });
  }

  async #check(
    change: Change,
    ask: (question: Parameters<Confirm["ask"]>[0], confirm: Confirm) => Promise<boolean>,
  ): Promise<boolean> {
    const confirm = this.confirm;
    const asking = confirm && {
      ...confirm,
      ask: (question: Parameters<Confirm["ask"]>[0]) => ask(question, confirm),
    };
    return await isConfirmed(this.host, asking, change);
  }
}
