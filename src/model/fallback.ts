/**
 * An answer of the first model of a list that succeeds. Temporary failures are retried, with back-off or when the
 * provider suggests; then the next model of the list is asked. No model is asked that isn't in the list.
 */
import { Deadline, delay, orAborted } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { action, type Hint, hint } from "../base/hint.ts";
import { commandLine } from "../base/shell_quote.ts";
import { jsonNesting } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { retryDelayMs, type RetryPolicy } from "../base/retry.ts";
import type { Model, ModelPart, ModelRequest, TokenUsage, ToolCall } from "./model.ts";
import { ModelError, modelMessage } from "./model_error.ts";
import { type ModelName, modelText, providers, suggestedNames } from "./names.ts";

/** The costs of a request to a model, for the metrics. */
export interface CallMetrics {
  /** The full name of the model. */
  model: string;
  /** `ok`, or the kind of the failure; of the last attempt. */
  outcome: "ok" | ModelError["failure"];
  /** Attempts after the first attempt. */
  retries: number;
  usage: TokenUsage;
  /** From the start of the last attempt to the first part of the answer; undefined if there was none. */
  firstPartMs: number | undefined;
  /** All attempts, and the delays between them. */
  totalMs: number;
}

/** The events of an answer. `answered` is the last event. */
export type AnswerEvent =
  /** Before the delay. `discarded`: the text since the last start isn't part of the answer. */
  | { kind: "retrying"; model: string; error: ModelError; delayMs: number; discarded: boolean }
  /** The model is asked under another name: Ollama has none of this name. */
  | { kind: "renamed"; from: string; to: string }
  /** The model gave no answer, and the next model is asked. */
  | { kind: "passedOver"; model: string; error: ModelError; discarded: boolean }
  | Extract<ModelPart, { kind: "text" }>
  | { kind: "called"; metrics: CallMetrics }
  | {
    kind: "answered";
    /** The full name of the model that answered. */
    model: string;
    text: string;
    calls: readonly ToolCall[];
    reason: Extract<ModelPart, { kind: "finished" }>["reason"];
    usage: TokenUsage;
    /** Its position in the list: a conversation continues with it. */
    index: number;
  };

/** How models are opened and asked. */
export interface AnswerParts {
  /** Finds the key and loads the provider. @throws ModelError `missingKey`; KodamaError. */
  open: (name: ModelName) => Promise<Model>;
  clock: Clock;
  /** In [0, 1), for the jitter. */
  random: () => number;
  policy: RetryPolicy;
  /** For the first part of the answer, and between two of them. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Where in the list to start; 0 if absent. */
  from?: number;
}

/** A provider that suggests a longer delay than this isn't waited for: its next model is asked. */
const longestRetryAfterMs = 60_000;

/**
 * Streams the answer of the first model that gives an answer.
 *
 * @throws ModelError of the only model, or of the last model with all attempts in its message; KodamaError `cancelled`.
 */
export async function* answer(
  names: readonly ModelName[],
  request: ModelRequest,
  parts: AnswerParts,
): AsyncGenerator<AnswerEvent, void> {
  const failures: ModelError[] = [];
  for (const [index, name] of names.entries()) {
    if (index < (parts.from ?? 0)) continue;
    const asking = new Asking(request, parts, index);
    try {
      return yield* asking.events(name);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      failures.push(error);
      const isLast = index === names.length - 1;
      if (isLast || !error.mayFallBack) throw allFailed(failures);
      const discarded = asking.isTextShown;
      yield { kind: "passedOver", model: error.details.model, error, discarded };
    }
  }
}

/** A single error that names all attempts. */
function allFailed(failures: readonly ModelError[]): ModelError {
  const last = failures.at(-1);
  if (last === undefined) throw new Error("no model was asked");
  if (failures.length === 1) return last;
  const attempts = failures.map(({ details, message }) => `${details.model}: ${message}`);
  const hints = [...new Set(failures.flatMap(({ hint }) => hint === undefined ? [] : [hint]))];
  const [first] = hints;
  const together: Hint | undefined = hints.length < 2
    ? first
    : hints.slice(1).reduce((all: Hint, one) => hint`${all}; ${one}`, first ?? "");
  return new ModelError(last.failure, `no model answered\n  ${attempts.join("\n  ")}`, {
    ...last.details,
    ...(together === undefined ? {} : { hint: together }),
  });
}

/** The attempts at a model of the list. */
class Asking {
  /** Text was passed on that isn't part of a complete answer. */
  isTextShown = false;

  constructor(
    private readonly request: ModelRequest,
    private readonly parts: AnswerParts,
    private readonly index: number,
  ) {}

  async *events(name: ModelName): AsyncGenerator<AnswerEvent, void> {
    try {
      return yield* this.#attempts(name);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const tagged = latestOf(name);
      if (error.failure !== "unknownModel" || tagged === undefined) {
        throw await asUnknown(error, name);
      }
      yield { kind: "renamed", from: modelText(name), to: modelText(tagged) };
      try {
        return yield* this.#attempts(tagged);
      } catch (second) {
        // The given name is the name that a person knows.
        throw second instanceof ModelError && second.failure === "unknownModel"
          ? await asUnknown(error, name)
          : second;
      }
    }
  }

  async *#attempts(name: ModelName): AsyncGenerator<AnswerEvent, void> {
    const { clock, policy, random, signal } = this.parts;
    const start = clock.elapsedMs();
    const model = await this.parts.open(name);
    for (let failures = 0;;) {
      const attempt = { firstPartMs: undefined as number | undefined };
      const metrics = (outcome: CallMetrics["outcome"], usage: TokenUsage): AnswerEvent => ({
        kind: "called",
        metrics: {
          model: model.name,
          outcome,
          retries: failures,
          usage,
          firstPartMs: attempt.firstPartMs,
          totalMs: clock.elapsedMs() - start,
        },
      });
      try {
        for await (const event of this.#attempt(model, name, attempt)) {
          if (event.kind === "answered") yield metrics("ok", event.usage);
          yield event;
        }
        return;
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        const { retryAfterMs } = error.details;
        const mayRetry = error.isTransient && failures + 1 < (policy.attempts ?? Infinity) &&
          (retryAfterMs ?? 0) <= longestRetryAfterMs;
        if (!mayRetry) {
          yield metrics(error.failure, { input: undefined, output: undefined });
          throw error;
        }
        failures += 1;
        const delayMs = Math.max(retryAfterMs ?? 0, retryDelayMs(policy, failures, random()));
        const discarded = this.isTextShown;
        this.isTextShown = false;
        yield { kind: "retrying", model: model.name, error, delayMs, discarded };
        await delay(clock, delayMs, signal);
        signal.throwIfAborted();
      }
    }
  }

  /**
   * A request. The server may be anyone's: its answer is bounded. `@param attempt` gets the time until the first part.
   */
  async *#attempt(
    model: Model,
    name: ModelName,
    attempt: { firstPartMs: number | undefined },
  ): AsyncGenerator<AnswerEvent, void> {
    const { clock, signal, timeoutMs } = this.parts;
    const start = clock.elapsedMs();
    const stop = new AbortController();
    const calls: ToolCall[] = [];
    let text = "";
    const tooMuch = (detail: string) => {
      const details = { provider: name.provider, model: model.name, detail };
      return new ModelError("badAnswer", modelMessage("badAnswer", details), { model: model.name });
    };
    const stream = model.stream(this.request, AbortSignal.any([signal, stop.signal]));
    const iterator = stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        const restMs = start + answerTimeouts * timeoutMs - clock.elapsedMs();
        // A timer fires only between parts that arrive separately.
        if (restMs <= 0) throw tooMuch("it doesn't end");
        const part = await this.#inTime(iterator.next(), () => {
          stop.abort();
          if (restMs < timeoutMs) return tooMuch("it doesn't end");
          const details = { provider: name.provider, model: model.name, detail: "" };
          return new ModelError("timeout", modelMessage("timeout", details), { model: model.name });
        }, Math.min(timeoutMs, restMs));
        if (part.done === true) return;
        attempt.firstPartMs ??= clock.elapsedMs() - start;
        const { value } = part;
        if (value.kind === "toolCall") {
          calls.push(value.call);
          const problem = excessOf(calls);
          if (problem !== undefined) throw tooMuch(problem);
        } else if (value.kind === "text") {
          text += value.text;
          if (text.length > answerLimits.text) throw tooMuch("its text doesn't end");
          this.isTextShown = true;
          yield value;
        } else {
          const { reason, usage } = value;
          const { index } = this;
          this.isTextShown = false;
          yield { kind: "answered", model: model.name, text, calls, reason, usage, index };
          return;
        }
      }
    } finally {
      stop.abort();
      // A stream that doesn't end by the signal isn't waited for.
      iterator.return?.().catch(() => {});
    }
  }

  async #inTime<T>(next: Promise<T>, late: () => ModelError, limitMs: number): Promise<T> {
    using deadline = new Deadline(this.parts.clock, limitMs, this.parts.signal);
    try {
      return await orAborted(next, deadline.signal);
    } catch (error) {
      throw deadline.expired ? late() : error;
    }
  }
}

/** Limits of an answer: characters of its text and of a call's input, levels of that, and calls. */
export const answerLimits = { text: 1 << 20, input: 256 * 1024, depth: 100, calls: 64 } as const;

/** An answer that keeps coming has this many times the time between two of its parts. */
const answerTimeouts = 10;

/** Returns the limit that the last of the calls, or their number, exceeds. */
function excessOf(calls: readonly ToolCall[]): string | undefined {
  const { input = "" } = calls.at(-1) ?? {};
  if (calls.length > answerLimits.calls) return `it has more than ${answerLimits.calls} calls`;
  if (input.length > answerLimits.input) return "the input of a call is too large";
  return jsonNesting(input) > answerLimits.depth
    ? "the input of a call is nested too deeply"
    : undefined;
}

/** Ollama's own programs add this tag to a name without a tag; its API for chats doesn't. */
function latestOf({ provider, name }: ModelName): ModelName | undefined {
  if (provider !== "ollama" || name.includes(":")) return undefined;
  return { provider, name: `${name}:latest` };
}

/** Ollama answers to every name that was fetched for it: the command is its own. */
function pulling({ failure }: ModelError, { provider, name }: ModelName): string {
  return failure === "unknownModel" && provider === "ollama"
    ? `; \`${commandLine(["ollama", "pull", name])}\` fetches one that Ollama's library has`
    : "";
}

/**
 * Adds the nearest names to the error of an unknown model. A name without a provider that Ollama doesn't answer to is
 * unknown, whatever the reason of Ollama's.
 */
async function asUnknown(error: ModelError, name: ModelName): Promise<ModelError> {
  const isUnknown = error.failure === "unknownModel" ||
    (name.assumed === true && error.failure === "unreachable");
  if (!isUnknown) return error;
  const near = await didYouMean(name.assumed ? name.name : modelText(name), suggestedNames());
  const shown = name.assumed ? name.name : modelText(name);
  const reason = error.failure === "unknownModel"
    ? `${providers[name.provider].title} has none of this name`
    : error.message;
  const assumed = name.assumed ? "without a provider it is one of Ollama's, and " : "";
  return new ModelError(
    "unknownModel",
    `unknown model "${shown}"${near || ":"} ${assumed}${reason}`,
    {
      ...error.details,
      hint: hint`${action("model.list")} prints the names that kodama knows${pulling(error, name)}`,
      cause: error,
    },
  );
}
