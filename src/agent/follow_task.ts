/** A task's events as they arrive, from any offset in them, over as many links as needed. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { Backoff, type RetryPolicy } from "../base/retry.ts";
import { GrowingBytes } from "../base/growing_bytes.ts";
import type { Target } from "../kube/select/target.ts";
import { LinkError } from "../kube/failures.ts";
import { CutError, FarCall, type FarWorld, markOf } from "./remote_call.ts";
import { spoken, wholeNumber } from "./read_answer.ts";

/** A part of a follow's result. */
export type FollowPart =
  /** The task's current state: `queued`, `working`; any other if it has ended. */
  | { kind: "state"; state: string }
  /** `offset` is where a later follow resumes. */
  | { kind: "bytes"; bytes: Uint8Array; offset: number }
  /** The link broke; another is opened. */
  | { kind: "lost"; reason: string };

/** For consecutive links that delivered nothing new. */
const retries: RetryPolicy = { delayMs: 200, maxDelayMs: 5000, attempts: 9 };

/** Of a line on standard error. */
const maxLine = 4096;

/**
 * Follows until the task has ended and all of its events were sent.
 *
 * @throws KodamaError if the pod can't be reached any more, or has no such task.
 */
export async function* followTask(
  world: FarWorld & { clock: Clock },
  target: Target,
  { number, offset = 0 }: { number: number; offset?: number },
  signal: AbortSignal,
): AsyncGenerator<FollowPart, void> {
  let at = offset;
  const backoff = new Backoff(retries, { clock: world.clock, signal });
  for (;;) {
    try {
      for await (const part of oneLink(world, target, { number, offset: at }, signal)) {
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
      await passed(world.clock, delayMs, { signal });
    }
  }
}

async function* oneLink(
  world: FarWorld,
  target: Target,
  { number, offset }: { number: number; offset: number },
  signal: AbortSignal,
): AsyncGenerator<FollowPart, void> {
  const heard = new Heard(markOf(world));
  await using call = await FarCall.open(world, target, {
    script: "follow",
    args: [String(number), String(offset)],
    signal,
    hear: (bytes) => heard.take(bytes),
  });
  let at = offset;
  for await (const part of call.parts()) {
    yield* heard.states();
    if (part !== undefined) {
      at += part.length;
      yield { kind: "bytes", bytes: part, offset: at };
    }
    if (heard.refusal !== undefined) break;
    if (heard.size !== undefined && at >= heard.size) return;
  }
  signal.throwIfAborted();
  await call.ended(heard.refusal);
  throw new CutError(target, "the follow ended in the middle");
}

/** The script's reports on standard error. */
class Heard {
  #line = new GrowingBytes();
  #states: string[] = [];
  /** The size of all events, once the task has ended. */
  size: number | undefined;
  refusal: readonly string[] | undefined;

  constructor(private readonly mark: string) {}

  take(bytes: Uint8Array): void {
    let rest = bytes;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#line.push(rest.subarray(0, end));
      this.#hear(spoken(this.#line.bytes, this.mark));
      this.#line = new GrowingBytes();
      rest = rest.subarray(end + 1);
    }
    if (this.#line.length + rest.length <= maxLine) this.#line.push(rest);
  }

  /** Returns the states since the last call. */
  *states(): Generator<FollowPart, void> {
    for (const state of this.#states.splice(0)) yield { kind: "state", state };
  }

  #hear(said: ReturnType<typeof spoken>): void {
    const [first = ""] = said?.rest ?? [];
    if (said?.word === "state") this.#states.push(first);
    else if (said?.word === "end") this.size = wholeNumber(first);
    else if (said?.word === "refused") this.refusal = said.rest;
  }
}
