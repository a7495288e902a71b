/** Asks models a fixed question, to measure them and to see whether they answer. */
import type { KodamaError } from "../../base/errors.ts";
import { answer, type AnswerEvent, type CallMetrics } from "../../model/fallback.ts";
import { costOf, median } from "../../model/metrics.ts";
import { ModelError } from "../../model/model_error.ts";
import { type ModelName, modelOfText, modelText } from "../../model/names.ts";
import testPrompt from "../../model/prompts/test.md" with { type: "text" };
import type { Host } from "../host.ts";
import { CallLog } from "./call_log.ts";
import { ModelSetup } from "./setup.ts";

/** Which models, and how often. */
interface TestModelsOptions {
  /** The chosen models if it is empty. */
  models: readonly string[];
  rounds: number;
  signal: AbortSignal;
}

/** The result of a model. */
export interface TestedModel {
  model: string;
  outcome: CallMetrics["outcome"];
  /** The number of rounds with an answer. */
  answered: number;
  rounds: number;
  /** Medians of the rounds with an answer; undefined without an answer, or if the provider doesn't report it. */
  firstPartMs: number | undefined;
  totalMs: number | undefined;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  tokensPerSecond: number | undefined;
  /** US dollars for a round; undefined if the price isn't known. */
  cost: number | undefined;
  retries: number;
  /** The error of the last round that failed. */
  error?: KodamaError;
}

type ModelTestEvent =
  | { kind: "started"; models: readonly string[]; rounds: number }
  | { kind: "round"; model: string; round: number }
  /** Events before an answer, such as a delay. */
  | { kind: "way"; event: AnswerEvent }
  | { kind: "tested"; result: TestedModel }
  /** The metrics aren't stored. */
  | { kind: "notRecorded"; error: KodamaError }
  /** 0, or 5 if a model failed. */
  | { kind: "ended"; exitCode: number };

/** Long enough for models that think before they answer. */
const maxOutputTokens = 1024;

/**
 * Asks one model after the other, so that none slows another down. A model that fails doesn't stop the test.
 *
 * @throws UsageError for a name that can't be a model's; KodamaError `cancelled`.
 */
export async function* testModels(
  host: Host,
  { models, rounds, signal }: TestModelsOptions,
): AsyncGenerator<ModelTestEvent, void> {
  const setup = await ModelSetup.of(host);
  const names = models.length === 0 ? setup.names : await Promise.all(models.map(modelOfText));
  await using log = new CallLog(host);
  yield { kind: "started", models: names.map(modelText), rounds };
  let hasFailed = false;
  for (const name of names) {
    const calls: CallMetrics[] = [];
    let error: KodamaError | undefined;
    for (let round = 1; round <= rounds; round++) {
      yield { kind: "round", model: modelText(name), round };
      try {
        yield* ask(setup, name, { signal, log, calls });
      } catch (thrown) {
        if (!isOfModel(thrown)) throw thrown;
        error = thrown;
        // Further rounds would fail in the same way.
        if (!(thrown instanceof ModelError && thrown.isTransient)) break;
      }
    }
    hasFailed ||= error !== undefined;
    yield { kind: "tested", result: resultOf(name, { calls, rounds, error, setup }) };
  }
  if (log.problem !== undefined) yield { kind: "notRecorded", error: log.problem };
  yield { kind: "ended", exitCode: hasFailed ? 5 : 0 };
}

/** Errors of a model, its key or its settings; a cancellation is none. */
function isOfModel(error: unknown): error is KodamaError {
  return error instanceof Error && "kind" in error && error.kind !== "cancelled";
}

async function* ask(
  setup: ModelSetup,
  name: ModelName,
  { signal, log, calls }: { signal: AbortSignal; log: CallLog; calls: CallMetrics[] },
): AsyncGenerator<ModelTestEvent, void> {
  const request = {
    system: testPrompt,
    messages: [{ role: "user" as const, text: "Count from one to ten." }],
    tools: [],
    maxOutputTokens,
  };
  for await (const event of answer([name], request, { ...setup.parts, signal })) {
    if (event.kind === "called") {
      calls.push(event.metrics);
      await log.add(event.metrics);
    } else yield { kind: "way", event };
  }
}

function resultOf(
  name: ModelName,
  { calls, rounds, error, setup }: {
    calls: readonly CallMetrics[];
    rounds: number;
    error: KodamaError | undefined;
    setup: ModelSetup;
  },
): TestedModel {
  const successful = calls.filter(({ outcome }) => outcome === "ok");
  const of = (value: (call: CallMetrics) => number | undefined) => median(successful.map(value));
  const [input, output] = [of(({ usage }) => usage.input), of(({ usage }) => usage.output)];
  const totalMs = of(({ totalMs }) => totalMs);
  const model = modelText(name);
  return {
    model,
    outcome: error === undefined
      ? "ok"
      : error instanceof ModelError
      ? error.failure
      : "missingKey",
    answered: successful.length,
    rounds,
    firstPartMs: of(({ firstPartMs }) => firstPartMs),
    totalMs,
    inputTokens: input,
    outputTokens: output,
    tokensPerSecond: output === undefined || !totalMs ? undefined : output * 1000 / totalMs,
    cost: successful.length === 0 ? undefined : costOf(model, { input, output }, setup.prices),
    retries: calls.reduce((sum, { retries }) => sum + retries, 0),
    ...(error === undefined ? {} : { error }),
  };
}
