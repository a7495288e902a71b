/** Carries out steps in a pod, in batches. */
import type { Action } from "../core/plan.ts";
import type { StepResult } from "../core/tree.ts";
import { Batch, type FarScene } from "./batch.ts";
import type { Contents } from "./upload.ts";
import { fitsLines, type NumberedStep, passesOf } from "./steps.ts";

/** Limits of a batch: a broken connection loses little, and the overhead per batch is small. */
const batch = { steps: 4000, bytes: 64 * 1024 * 1024 };

/** Carries out steps of the pod's side, and yields the result of each. */
export async function* performFar(
  scene: FarScene,
  steps: readonly Action[],
  contents: Contents,
): AsyncGenerator<StepResult> {
  const fitting = steps.filter((action) => fitsLines(action));
  const passes = passesOf(fitting);
  const numbers = new Map(steps.map((action, at) => [action, at]));
  const numbered = (step: NumberedStep) => ({ ...step, at: numbers.get(step.action) ?? -1 });
  for (const [at, action] of steps.entries()) {
    if (!fitsLines(action)) yield { at, result: { kind: "changed" } };
  }
  const additions = (part: NumberedStep[]) => new Batch(scene, part, contents).additions();
  const changes = (part: NumberedStep[]) => new Batch(scene, part, contents).changes();
  for (const part of batches(passes.additions.map(numbered))) yield* asFits(part, additions);
  for (const part of batches(passes.changes.map(numbered))) yield* asFits(part, changes);
  for (const part of batches(passes.later.map(numbered))) yield* asFits(part, additions);
}

/** If a whole batch doesn't fit on the pod's disk, its halves may: one large file must not block the others. */
async function* asFits(
  part: NumberedStep[],
  carryOut: (part: NumberedStep[]) => AsyncIterable<StepResult>,
): AsyncGenerator<StepResult> {
  const results = await Array.fromAsync(carryOut(part));
  const isFull = results.every(({ result }) =>
    result.kind === "failed" && result.reason === "full"
  );
  if (!isFull || part.length < 2) return yield* results;
  const middle = Math.ceil(part.length / 2);
  yield* asFits(part.slice(0, middle), carryOut);
  yield* asFits(part.slice(middle), carryOut);
}

function* batches(steps: readonly NumberedStep[]): Generator<NumberedStep[]> {
  let [part, bytes]: [NumberedStep[], number] = [[], 0];
  for (const step of steps) {
    const { action } = step;
    const size = action.kind === "put" && action.entry.kind === "file" ? action.entry.size : 0;
    if (part.length >= batch.steps || (part.length > 0 && bytes + size > batch.bytes)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(step);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
