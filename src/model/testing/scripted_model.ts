/** A model whose answers a test writes, in order: the stand-in for everything behind `Model`. */
import type { Model, ModelPart, ModelRequest } from "../model.ts";
import { ModelError, type ModelFailure } from "../model_error.ts";
import { type ModelName, modelText } from "../names.ts";

/** An answer, or the failure instead of an answer; `text` before it is part of an answer that breaks off. */
export type ScriptedAnswer =
  | { text?: string; calls?: readonly { name: string; input: unknown }[] }
  | { failure: ModelFailure; text?: string; retryAfterMs?: number }
  /** No part ever comes. */
  | "silence";

/** Opens scripted models, and remembers their requests. */
export class ScriptedModels {
  /** Every request, with the full name of its model. */
  readonly requests: { model: string; request: ModelRequest }[] = [];
  readonly #next: (model: string, request: ModelRequest) => ScriptedAnswer;

  /** @param next returns the answer of a model, by its full name. */
  constructor(next: (model: string, request: ModelRequest) => ScriptedAnswer) {
    this.#next = next;
  }

  /** Each request gets the next of these answers; after the last answer, the last again. */
  static answering(...answers: ScriptedAnswer[]): ScriptedModels {
    return new ScriptedModels(() => (answers.length > 1 ? answers.shift() : answers[0]) ?? {});
  }

  readonly open = (name: ModelName): Promise<Model> => {
    const model = modelText(name);
    return Promise.resolve({
      name: model,
      stream: (request, signal) => {
        this.requests.push({ model, request });
        return stream(model, this.#next(model, request), signal);
      },
    });
  };
}

async function* stream(
  model: string,
  answer: ScriptedAnswer,
  signal: AbortSignal,
): AsyncGenerator<ModelPart, void> {
  if (answer === "silence") {
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
    return;
  }
  if (answer.text !== undefined) yield { kind: "text", text: answer.text };
  if ("failure" in answer) {
    const { failure, retryAfterMs } = answer;
    throw new ModelError(failure, `${model}: ${failure}`, {
      model,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const calls = answer.calls ?? [];
  for (const [index, { name, input }] of calls.entries()) {
    const text = typeof input === "string" ? input : JSON.stringify(input);
    yield { kind: "toolCall", call: { id: `call-${index}`, name, input: text } };
  }
  const reason = calls.length > 0 ? "toolCalls" : "stop";
  yield { kind: "finished", reason, usage: { input: 10, output: 5 } };
}
