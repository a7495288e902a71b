/** Ends a task that works or is queued. */
import type { Target } from "../kube/select/target.ts";
import type { Adapter } from "./adapter.ts";
import { type PodStreamOpener, startAgentScript } from "./pod_script.ts";
import { wholeNumber } from "./read_answer.ts";

/** The result of an interrupt. */
export interface Interruption {
  number: number;
  /** It had ended before. */
  late: boolean;
  /** Processes that KILL didn't end. */
  remaining: number;
}

/**
 * Interrupts. The pod completes it alone: a link that breaks changes nothing.
 *
 * @param number the current task if absent.
 * @throws KodamaError `conflict` if none works, `notFound` if there is none of the number.
 */
export async function interruptTaskInPod(
  streams: PodStreamOpener,
  target: Target,
  { number = 0, adapter }: { number?: number; adapter: Adapter },
  signal: AbortSignal,
): Promise<Interruption> {
  const { interrupt } = adapter;
  const graceSeconds = Math.ceil(interrupt.graceMs / 1000);
  const args = [number, interrupt.signal, interrupt.to, graceSeconds].map(String);
  await using running = await startAgentScript(streams, target, {
    script: "interrupt",
    args,
    signal,
  });
  const [found, state] = await running.expect("state");
  const late = state !== "alive";
  const [remaining] = late ? [] : await running.expect("remaining");
  await running.done();
  return {
    number: wholeNumber(found) ?? number,
    late,
    remaining: wholeNumber(remaining) ?? 0,
  };
}
