import assert from "node:assert/strict";
import { hintText } from "../base/hint.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { delay } from "../base/abort.ts";
import { answer, type AnswerEvent, answerLimits } from "./fallback.ts";
import type { Model } from "./model.ts";
import { ModelError, type ModelFailure } from "./model_error.ts";
import { type ModelName, parseModelName } from "./names.ts";
import { type ScriptedAnswer, ScriptedModels } from "./testing/scripted_model.ts";

const request = { system: "", messages: [], tools: [], maxOutputTokens: 100 };

function named(text: string): ModelName {
  const parsed = parseModelName(text);
  assert.ok(parsed.kind === "model");
  return parsed.model;
}

/** Runs an answer to its end, while the clock passes by itself; its events as short texts. */
async function run(
  names: readonly string[],
  models: ScriptedModels,
  { signal = new AbortController().signal, from = 0 } = {},
): Promise<{ events: string[]; error?: Error; clock: ManualClock }> {
  const clock = new ManualClock();
  const events: string[] = [];
  const parts = {
    open: models.open,
    clock,
    random: () => 0.5,
    policy: { delayMs: 1000, attempts: 3 },
    timeoutMs: 5000,
    signal,
    from,
  };
  const running = (async () => {
    for await (const event of answer(names.map(named), request, parts)) events.push(text(event));
  })();
  const error = await clock.runUntil(running.then(() => undefined, (thrown: Error) => thrown));
  return { events, clock, ...(error === undefined ? {} : { error }) };
}

function text(event: AnswerEvent): string {
  switch (event.kind) {
    case "retrying":
      return `retrying ${event.model} after ${event.delayMs}${event.discarded ? " discarded" : ""}`;
    case "renamed":
      return `renamed ${event.to}`;
    case "passedOver":
      return `passed ${event.model} ${event.error.failure}${event.discarded ? " discarded" : ""}`;
    case "text":
      return `text ${event.text}`;
    case "called":
      return `called ${event.metrics.model} ${event.metrics.outcome} ${event.metrics.retries}`;
    case "answered":
      return `answered ${event.model} ${event.text}`;
  }
}

const failures: Readonly<Record<ModelFailure, "next" | "retry" | "end">> = {
  unknownModel: "next",
  missingKey: "next",
  refusedKey: "next",
  noCredit: "next",
  unreachable: "next",
  overloaded: "retry",
  rateLimited: "retry",
  interrupted: "retry",
  timeout: "retry",
  tooLong: "end",
  badRequest: "end",
  badAnswer: "end",
};

Deno.test("answer() asks the next model for some failures, after retries for those that pass, and never for others", async () => {
  for (const [failure, expected] of Object.entries(failures) as [ModelFailure, string][]) {
    const models = new ScriptedModels((model) =>
      model === "openai/a" ? { failure } : { text: "yes" }
    );
    const { events, error } = await run(["openai/a", "mistral/b"], models);
    const asked = models.requests.map(({ model }) => model);
    if (expected === "end") {
      assert.deepEqual(asked, ["openai/a"], failure);
      assert.equal((error as { failure?: string }).failure, failure);
    } else {
      const attempts = expected === "retry" ? 3 : 1;
      assert.deepEqual(asked, [...Array(attempts).fill("openai/a"), "mistral/b"], failure);
      assert.ok(events.includes(`passed openai/a ${failure}`), failure);
      assert.equal(events.at(-1), "answered mistral/b yes");
    }
  }
});

Deno.test("answer() asks each model of every pair in their order, and no other one", async () => {
  const all = ["anthropic/a", "openai/b", "mistral/c", "gemini/d", "ollama/e:1", "compatible/f"];
  for (const first of all) {
    for (const second of all.filter((one) => one !== first)) {
      const models = new ScriptedModels((model) =>
        model === first ? { failure: "refusedKey" } : { text: "yes" }
      );
      await run([first, second], models);
      assert.deepEqual(models.requests.map(({ model }) => model), [first, second]);
    }
  }
});

Deno.test("answer() waits twice as long each time, and as long as the provider suggests", async () => {
  const models = ScriptedModels.answering(
    { failure: "overloaded" },
    { failure: "rateLimited", retryAfterMs: 9000 },
    { text: "yes" },
  );
  const { events } = await run(["openai/a"], models);
  assert.deepEqual(events, [
    "retrying openai/a after 1000",
    "retrying openai/a after 9000",
    "text yes",
    "called openai/a ok 2",
    "answered openai/a yes",
  ]);
});

Deno.test("answer() doesn't wait for minutes: the next model is asked", async () => {
  const models = new ScriptedModels((model) =>
    model === "openai/a" ? { failure: "rateLimited", retryAfterMs: 3_600_000 } : { text: "yes" }
  );
  const { events } = await run(["openai/a", "mistral/b"], models);
  assert.deepEqual(events.slice(0, 2), [
    "called openai/a rateLimited 0",
    "passed openai/a rateLimited",
  ]);
});

Deno.test("answer() reports that the text of an interrupted answer counts for nothing", async () => {
  const models = ScriptedModels.answering(
    { text: "two po", failure: "interrupted" },
    { text: "two pods" },
  );
  const { events } = await run(["openai/a"], models);
  assert.deepEqual(events.slice(0, 3), [
    "text two po",
    "retrying openai/a after 1000 discarded",
    "text two pods",
  ]);
});

Deno.test("answer() gives a model that stays silent up, and cancels at once", async () => {
  const models = new ScriptedModels((model) => model === "openai/a" ? "silence" : { text: "yes" });
  const { events } = await run(["openai/a", "mistral/b"], models);
  assert.ok(events.includes("passed openai/a timeout"));
  const stop = new AbortController();
  stop.abort(new Error("stopped"));
  const { error } = await run(["openai/a", "mistral/b"], models, { signal: stop.signal });
  assert.equal(error?.message, "stopped");
});

Deno.test("answer() tries a name of Ollama's with :latest once, and not one that has a tag", async () => {
  const script = (model: string): ScriptedAnswer =>
    model === "ollama/phi:latest" ? { text: "yes" } : { failure: "unknownModel" };
  const { events } = await run(["ollama/phi"], new ScriptedModels(script));
  assert.deepEqual(events.filter((one) => /renamed|answered/.test(one)), [
    "renamed ollama/phi:latest",
    "answered ollama/phi:latest yes",
  ]);
  const tagged = new ScriptedModels(script);
  const { error } = await run(["ollama/phi:3"], tagged);
  assert.equal(tagged.requests.length, 1);
  assert.match(error?.message ?? "", /^unknown model "ollama\/phi:3"/);
  assert.match(
    hintText((error as ModelError).hint ?? "", () => ""),
    /`ollama pull phi:3` fetches one that Ollama's library has$/,
  );
  const neither = new ScriptedModels(() => ({ failure: "unknownModel" }));
  assert.match((await run(["ollama/phi"], neither)).error?.message ?? "", /"ollama\/phi"/);
  assert.equal(neither.requests.length, 2);
});

Deno.test("answer() calls a name without provider unknown, with the nearest ones, if Ollama isn't there", async () => {
  const models = ScriptedModels.answering({ failure: "unreachable" });
  const { error } = await run(["claude-sonet"], models);
  assert.match(
    error?.message ?? "",
    /^unknown model "claude-sonet"; did you mean "claude-sonnet-5-5"/,
  );
  assert.equal((error as { failure?: string }).failure, "unknownModel");
});

Deno.test("answer() names all attempts in one error if none answers", async () => {
  const models = new ScriptedModels((model) => ({
    failure: model === "openai/a" ? "refusedKey" : "unreachable",
  }));
  const { error } = await run(["openai/a", "mistral/b"], models);
  assert.match(
    error?.message ?? "",
    /^no model answered\n {2}openai\/a: .*refusedKey\n {2}mistral\/b: .*unreachable$/,
  );
});

Deno.test("answer() continues a conversation with the model that answered last", async () => {
  const models = ScriptedModels.answering({ text: "yes" });
  const { events } = await run(["openai/a", "mistral/b"], models, { from: 1 });
  assert.equal(events.at(-1), "answered mistral/b yes");
});

Deno.test("answer() ends with an answer beyond its limits, and doesn't repeat it", async () => {
  const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
  const call = (input: unknown) => ({ name: "a", input });
  const table: Readonly<Record<string, ScriptedAnswer>> = {
    "its text doesn't end": { text: "x".repeat(answerLimits.text + 1) },
    "it has more than 64 calls": { calls: Array.from({ length: 65 }, () => call({})) },
    "the input of a call is too large": { calls: [call("x".repeat(answerLimits.input + 1))] },
    "the input of a call is nested too deeply": { calls: [call(JSON.parse(deep))] },
  };
  for (const [detail, scripted] of Object.entries(table)) {
    const models = ScriptedModels.answering(scripted);
    const { error } = await run(["openai/a"], models);
    assert.ok(error?.message.includes(detail), detail);
    assert.equal((error as ModelError).failure, "badAnswer");
    assert.equal(models.requests.length, 1, detail);
  }
});

/** Returns the parameters of `answer()` beside a model, which is tried once. */
function partsFor(model: Model, clock: ManualClock) {
  return {
    open: () => Promise.resolve(model),
    clock,
    random: () => 0.5,
    policy: { delayMs: 1000, attempts: 1 },
    timeoutMs: 5000,
    signal: new AbortController().signal,
  };
}

Deno.test("answer() ends with parts that come one right after the other", async () => {
  const clock = new ManualClock();
  const hasty = {
    name: "openai/a",
    async *stream() {
      for (;;) {
        clock.advance(400);
        yield await Promise.resolve({ kind: "text", text: "." } as const);
      }
    },
  };
  const parts = partsFor(hasty, clock);
  const answering = Array.fromAsync(answer([named("openai/a")], request, parts));
  await assert.rejects(answering, { failure: "badAnswer", message: /it doesn't end/ });
  assert.ok(clock.elapsedMs() <= 51_000, `${clock.elapsedMs()} ms`);
});

Deno.test("answer() ends with an answer that keeps coming", async () => {
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  const dripping = {
    name: "openai/a",
    async *stream() {
      for (;;) {
        await delay(clock, 4000, signal);
        yield { kind: "text", text: "." } as const;
      }
    },
  };
  const parts = partsFor(dripping, clock);
  const answering = Array.fromAsync(answer([named("openai/a")], request, parts));
  const error = await clock.runUntil(answering.then(() => undefined, (thrown) => thrown));
  assert.ok(error instanceof ModelError && error.failure === "badAnswer");
  assert.equal(clock.elapsedMs(), 50_000);
});
