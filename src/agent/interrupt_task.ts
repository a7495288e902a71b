/** Ends a task that works or is queued. */
import type { Target } from "../kube/select/target.ts";
import type { Adapter } from "./adapter.ts";
import { FarCall, type FarWorld, markOf } from "./remote_call.ts";
import { answerParts, wholeNumber } from "./read_answer.ts";

/** The result of an interrupt. */
export interface Interruption {
  number: number;
  /** It had ended before. */
  late: boolean;
  /** Processes that KILL didn't end. */
  left: number;
}

/**
 * Interrupts. The pod completes it alone: a link that breaks changes nothing.
 *
 * @param number the current task if absent.
 * @throws KodamaError `conflict` if none works, `notFound` if there is none of the number.
 */
export async function interruptTask(
  world: FarWorld,
  target: Target,
  { number = 0, adapter }: { number?: number; adapter: Adapter },
  signal: AbortSignal,
): Promise<Interruption> {
  const { interrupt } = adapter;
  const graceSeconds = Math.ceil(interrupt.graceMs / 1000);
  const args = [number, interrupt.signal, interrupt.to, graceSeconds].map(String);
  await using call = await FarCall.open(world, target, { script: "interrupt", args, signal });
  const result: Interruption = { number, late: false, left: 0 };
  let refusal: readonly string[] | undefined;
  for await (const part of answerParts(call.output(), { mark: markOf(world), maxBytes: 0 })) {
    if (part.kind !== "said") continue;
    const [first, second] = part.rest;
    if (part.word === "refused") refusal = part.rest;
    else if (part.word === "gone") result.left = wholeNumber(first) ?? 0;
    else if (part.word === "state") {
      result.number = wholeNumber(first) ?? number;
      result.late = second !== "alive";
    }
  }
  await call.ended(refusal);
  return result;
}
