/** The costs of requests to models: tokens, time and money, added up for each model. */
import * as v from "valibot";
import type { CallMetrics } from "./fallback.ts";

/** US dollars for a million tokens. Providers don't report them: the user's settings do. */
export type Prices = Readonly<Record<string, { input: number; output: number }>>;

/** The sums of a model. */
export interface ModelStats {
  model: string;
  calls: number;
  failed: number;
  retries: number;
  inputTokens: number;
  outputTokens: number;
  /** The median of the successful calls; undefined if there are none. */
  firstPartMs: number | undefined;
  totalMs: number | undefined;
  /** US dollars; undefined if the price isn't known. */
  cost: number | undefined;
}

const count = v.optional(v.pipe(v.number(), v.minValue(0)));

/** A stored call: {@link CallMetrics} with its date, in the form of a line of JSON. */
const storedCall = v.object({
  at: v.string(),
  model: v.string(),
  outcome: v.string(),
  retries: v.number(),
  input: count,
  output: count,
  firstPartMs: count,
  totalMs: v.number(),
});

type StoredCall = v.InferOutput<typeof storedCall>;

/** Returns a call in the form in which it is stored. */
export function storedOf({ usage, ...call }: CallMetrics, at: Date): StoredCall {
  return { at: at.toISOString(), ...call, ...usage };
}

/** Returns the calls of a file, without malformed lines: a process may have ended within its last line. */
export function readCalls(text: string): StoredCall[] {
  return text.split("\n").flatMap((line) => {
    try {
      const result = v.safeParse(storedCall, JSON.parse(line));
      return result.success ? [result.output] : [];
    } catch {
      return [];
    }
  });
}

/** Returns the cost of tokens in US dollars; undefined if the price isn't known. */
export function costOf(
  model: string,
  { input = 0, output = 0 }: { input?: number | undefined; output?: number | undefined },
  prices: Prices,
): number | undefined {
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
  return price && (input * price.input + output * price.output) / 1_000_000;
}

/** Adds up calls by model, in the order of the names. */
export function modelStats(calls: readonly StoredCall[], prices: Prices): ModelStats[] {
  const groups = [...Map.groupBy(calls, ({ model }) => model)];
  return groups.toSorted(([a], [b]) => a < b ? -1 : 1).map(([model, group]) => {
    const successful = group.filter(({ outcome }) => outcome === "ok");
    const sum = (of: (call: StoredCall) => number | undefined) =>
      group.reduce((total, call) => total + (of(call) ?? 0), 0);
    const tokens = { input: sum(({ input }) => input), output: sum(({ output }) => output) };
    return {
      model,
      calls: group.length,
      failed: group.length - successful.length,
      retries: sum(({ retries }) => retries),
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      firstPartMs: median(successful.map(({ firstPartMs }) => firstPartMs)),
      totalMs: median(successful.map(({ totalMs }) => totalMs)),
      cost: costOf(model, tokens, prices),
    };
  });
}

/** Returns the middle value; the mean of the two middle values of an even number. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
