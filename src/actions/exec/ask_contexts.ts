/** Asks several contexts at once. None waits for another, and none is awaited for longer than a limit. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { Host } from "../host.ts";
import { type FindLimits, findRetrying } from "./find_retrying.ts";
import { chosenSettings } from "./settings.ts";

/** The answer of one context. */
export type ContextAnswer<T> =
  | { kind: "answered"; value: T }
  /** `context` is as given: empty for the current one. */
  | { kind: "failed"; context: string; error: KodamaError };

/** How long the contexts are awaited: by default, as the settings say. */
export type AskLimits =
  & Pick<FindLimits, "signal" | "onWait">
  & Partial<Pick<FindLimits, "limit" | "retries">>;

/** How long the contexts that have answered wait for the others: their results are there within a second. */
export const stragglerMs = 700;

/** Answers by context, in the order in which they arrive. */
export class ContextAnswers<T> {
  readonly #clock: Host["clock"];
  readonly #answers: AsyncIterator<ContextAnswer<T>, void>;
  /** Requested and not yet consumed: a cancelled wait doesn't lose the result. */
  #coming: Promise<IteratorResult<ContextAnswer<T>, void>> | undefined;
  /** There is one context. */
  readonly isSingle: boolean;

  /** Asks every context at once; the current one if none is named. */
  constructor(
    host: Host,
    contexts: readonly string[],
    ask: (context: string | undefined, signal: AbortSignal) => Promise<T>,
    limits: AskLimits,
  ) {
    this.#clock = host.clock;
    const names = namesOf(contexts);
    this.isSingle = names.length === 1;
    const queue = new BoundedQueue<ContextAnswer<T>>(names.length);
    const limited = limitedTo(host, ask, { ...limits, isSingle: this.isSingle });
    const asked = names.map(async (name) =>
      await queue.push(await answerOf(name, limited, limits.signal))
    );
    Promise.all(asked).then(() => queue.close(), (error: unknown) => queue.fail(error));
    this.#answers = queue[Symbol.asyncIterator]();
  }

  /** Yields every context's answer as it arrives; after {@link first}, those that it didn't wait for. */
  async *rest(): AsyncGenerator<ContextAnswer<T>, void> {
    for (;;) {
      const result = await (this.#coming ?? this.#answers.next());
      this.#coming = undefined;
      if (result.done === true) return;
      yield result.value;
    }
  }

  /** Waits until an answer is enough, then {@link stragglerMs} at most for the other contexts. */
  async first(isEnough: (value: T) => boolean): Promise<ContextAnswer<T>[]> {
    const all: ContextAnswer<T>[] = [];
    for await (const answer of this.rest()) {
      all.push(answer);
      if (answer.kind === "answered" && isEnough(answer.value)) break;
    }
    const late = Promise.withResolvers<"late">();
    using _timer = this.#clock.timer(stragglerMs, () => late.resolve("late"));
    for (;;) {
      this.#coming ??= this.#answers.next();
      const result = await Promise.race([this.#coming, late.promise]);
      if (result === "late") return all;
      // When the queue has ended, its final result stays for `rest`.
      if (result.done === true) return all;
      this.#coming = undefined;
      all.push(result.value);
    }
  }
}

/** Returns each context once; undefined for the current one if none is named. */
export function namesOf(contexts: readonly string[]): (string | undefined)[] {
  return contexts.length === 0 ? [undefined] : [...new Set(contexts)];
}

/**
 * Returns the function with a limit for all that comes before the first answer of a context's server: credentials, and
 * the connection.
 */
export function limitedTo<T>(
  host: Host,
  ask: (context: string | undefined, signal: AbortSignal) => Promise<T>,
  { signal, limit, retries = false, onWait, isSingle }: AskLimits & { isSingle: boolean },
): (context: string | undefined) => Promise<T> {
  const ofSettings = limit ??
    chosenSettings(host, {}).then(({ connectTimeoutMs }) => connectTimeoutMs);
  // Settings that can't be read are reported by what needs more of them.
  ofSettings.catch(() => {});
  return findRetrying(host, ask, {
    signal,
    retries,
    limit: ofSettings,
    // A context among several that waits for its user would keep the command from ending.
    waitsForUser: limit === undefined && isSingle,
    ...definedOnly({ onWait }),
  });
}

async function answerOf<T>(
  name: string | undefined,
  ask: (context: string | undefined) => Promise<T>,
  signal: AbortSignal,
): Promise<ContextAnswer<T>> {
  try {
    return { kind: "answered", value: await ask(name) };
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    if (!(error instanceof KodamaError)) throw error;
    return { kind: "failed", context: name ?? "", error };
  }
}

/** Nothing was started: there are no outcomes to report, so this is an error. */
function cancelled({ reason }: AbortSignal): KodamaError {
  if (reason instanceof KodamaError) return reason;
  return new KodamaError("cancelled", "cancelled before any command started", { cause: reason });
}
