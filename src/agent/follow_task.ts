/** A task's events as they arrive, from any offset in them, over as many links as needed. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { Backoff, outagePolicy, type RetryPolicy } from "../base/retry.ts";
import type { Target } from "../kube/select/target.ts";
import { LinkError } from "../kube/failures.ts";
import { CutError, type PodStreamOpener, startAgentScript } from "./pod_script.ts";
import { wholeNumber } from "./read_answer.ts";

/** A part of a follow's result. */
type FollowPart =
  /** The task's current state: `queued`, `working`; any other if it has ended. */
  | { kind: "state"; state: string }
  /** `offset` is where a later follow resumes. */
  | { kind: "bytes"; bytes: Uint8Array; offset: number }
  /** The link broke; another is opened. */
  | { kind: "lost"; reason: string };

/** For consecutive links that delivered nothing new. */
const retries: RetryPolicy = { ...outagePolicy.follow, attempts: 9 };

/**
 * Follows until the task has ended and all of its events were sent.
 *
 * @throws KodamaError if the pod can't be reached any more, or has no such task.
 */
export async function* followTaskInPod(
  streams: PodStreamOpener & { clock: Clock },
  target: Target,
  { number, offset = 0 }: { number: number; offset?: number },
  signal: AbortSignal,
): AsyncGenerator<FollowPart, void> {
  let at = offset;
  const backoff = new Backoff(retries, { clock: streams.clock, signal });
  for (;;) {
    try {
      for await (const part of oneLink(streams, target, { number, offset: at }, signal)) {
        backoff.reset();
        if (part.kind === "bytes") at = part.offset;
        yield part;
      }
      return;
    } catch (error) {
      if (!(error instanceof CutError || error instanceof LinkError) || signal.aborted) throw error;
      const delayMs = backoff.next();
      if (delayMs === undefined) throw error;
      yield { kind: "lost", reason: error.message };
      await passed(streams.clock, delayMs, { signal });
    }
  }
}

async function* oneLink(
  streams: PodStreamOpener,
  target: Target,
  { number, offset }: { number: number; offset: number },
  signal: AbortSignal,
): AsyncGenerator<FollowPart, void> {
  await using script = await startAgentScript(streams, target, {
    script: "follow",
    args: [String(number), String(offset)],
    signal,
  });
  let at = offset;
  /** The size of all events, once the task has ended. */
  let size: number | undefined;
  for await (const event of script.events()) {
    if (event.kind === "data") {
      at += event.bytes.length;
      yield { kind: "bytes", bytes: event.bytes, offset: at };
    } else {
      const { keyword, args: [first = ""] } = event.message;
      if (keyword === "state") yield { kind: "state", state: first };
      else if (keyword === "end") size = wholeNumber(first);
    }
    if (size !== undefined && at >= size) return;
  }
  signal.throwIfAborted();
  await script.done();
  throw new CutError(target, "the follow ended in the middle");
}
