/**
 * A question or a task for a language model that works with kodama's tools. What reads runs at once; what changes
 * something is confirmed by a person, by rules that the model has no part in: it can be talked into anything by a text
 * that it reads, and what it may do doesn't grow by that.
 */
import type { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { AskAboutModel } from "../confirm_change.ts";
import type { Host } from "../host.ts";
import { answer, type AnswerEvent } from "../../model/fallback.ts";
import { costOf } from "../../model/metrics.ts";
import type { ChatMessage, ToolCall, ToolDeclaration, ToolResult } from "../../model/model.ts";
import askText from "../../model/prompts/ask.md" with { type: "text" };
import { PromptTemplate } from "../../model/template.ts";
import { CallLog } from "../model/call_log.ts";
import { ModelSetup } from "../model/setup.ts";
import { maxMemory, readInstructions, readMemory, writeMemory } from "./memory.ts";
import type { AskOptionValues } from "../model/options.ts";

/** A tool that the model may use. */
export interface AskTool extends ToolDeclaration {
  mayChange: boolean;
  call(
    input: unknown,
    context: {
      signal: AbortSignal;
      confirm: AskAboutModel | undefined;
      progress: (text: string) => void;
    },
  ): Promise<{ text: string; isError: boolean }>;
}

/** A question, and what may be done to answer it. */
interface AskOptions extends AskOptionValues {
  question: string;
  /** The context whose memory is used, and that the prompt names; the current one if absent. */
  context?: string;
  tools: readonly AskTool[];
  /** Asks a person before a change. Undefined: every change is refused. */
  confirm?: AskAboutModel;
  /** Removes secrets from what models and files get. */
  withoutSecrets: (text: string) => string;
  signal: AbortSignal;
}

/** What the whole answer cost. */
export interface AskCost {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  totalMs: number;
  /** US dollars; undefined if the price of a model isn't known. */
  cost: number | undefined;
}

/** One use of a tool. */
export interface ToolUse {
  name: string;
  /** As the model wrote it. */
  input: unknown;
  isError: boolean;
}

/** The events of an answer. `ended` is the last one. */
export type AskEvent =
  | Exclude<AnswerEvent, { kind: "answered" | "called" }>
  | { kind: "toolStarted"; name: string; input: unknown; mayChange: boolean }
  | { kind: "toolProgress"; text: string }
  | { kind: "toolEnded"; name: string; text: string; isError: boolean }
  /** The model changed the memory of the context. */
  | { kind: "remembered"; context: string; text: string }
  /** The statistics aren't stored. */
  | { kind: "notRecorded"; error: KodamaError }
  | {
    kind: "ended";
    /** The model that gave the answer. */
    model: string;
    /** Models that were passed over, and why. */
    passedOver: readonly { model: string; reason: string }[];
    text: string;
    tools: readonly ToolUse[];
    cost: AskCost;
    /** The model stopped before its end. */
    incomplete?: "length" | "refused" | "rounds";
    exitCode: number;
  };

const template = new PromptTemplate(askText, ["context", "instructions", "memory"]);

/** A model that needs more rounds goes in circles. */
const maxRounds = 25;
/** A question has no more uses of tools, in all of its rounds. */
const maxToolUses = 200;
const maxOutputTokens = 4096;

/** Answers of tools, texts and calls of the conversation together, in characters; older ones are dropped. */
const maxConversation = 400_000;

/** The longest input of a call that the report has, in characters. */
const maxReportedInput = 20_000;

/**
 * Yields the way to an answer, and the answer.
 *
 * @throws ModelError if no model answers; KodamaError `cancelled`.
 */
export async function* askModel(host: Host, options: AskOptions): AsyncGenerator<AskEvent, void> {
  const setup = await ModelSetup.of(host, options);
  const memory = await readMemory(host, options.context);
  const remember = memory.enabled && options.freezeMemory !== true;
  await using log = new CallLog(host);
  const conversation = new Conversation(host, { setup, options, memory, remember, log });
  yield* conversation.events(
    template.render({
      context: memory.context,
      instructions: await readInstructions(host) || "(nothing)",
      memory: (memory.enabled ? memory.text : "") || "(nothing)",
    }),
  );
}

interface Parts {
  setup: ModelSetup;
  options: AskOptions;
  memory: { context: string; text: string };
  remember: boolean;
  log: CallLog;
}

/** One call of {@link askModel}. */
class Conversation {
  #messages: readonly ChatMessage[];
  readonly #passedOver: { model: string; reason: string }[] = [];
  readonly #uses: ToolUse[] = [];
  readonly #cost: AskCost;
  /** The model that answered last, by its position: the next request starts with it. */
  #from = 0;

  constructor(private readonly host: Host, private readonly parts: Parts) {
    const { withoutSecrets, question } = parts.options;
    this.#messages = [{ role: "user", text: withoutSecrets(question) }];
    this.#cost = { requests: 0, inputTokens: 0, outputTokens: 0, totalMs: 0, cost: 0 };
  }

  async *events(system: string): AsyncGenerator<AskEvent, void> {
    const { options, log } = this.parts;
    const clean = options.withoutSecrets(system);
    for (let round = 0;; round++) {
      const answered = yield* this.#answer(clean);
      const { text, calls, reason, model } = answered;
      const isLast = calls.length === 0 || round === maxRounds - 1 ||
        this.#uses.length >= maxToolUses;
      if (!isLast) {
        const results: ToolResult[] = [];
        for (const call of calls) results.push(yield* this.#use(call));
        const round: ChatMessage[] = [
          { role: "assistant", text, calls },
          { role: "tool", results },
        ];
        this.#messages = shortened([...this.#messages, ...round]);
        continue;
      }
      if (log.problem !== undefined) yield { kind: "notRecorded", error: log.problem };
      const incomplete = calls.length > 0
        ? "rounds" as const
        : reason === "length" || reason === "refused"
        ? reason
        : undefined;
      return yield {
        kind: "ended",
        model,
        passedOver: this.#passedOver,
        text,
        tools: this.#uses,
        cost: this.#cost,
        ...(incomplete === undefined ? {} : { incomplete }),
        exitCode: incomplete === undefined ? 0 : 1,
      };
    }
  }

  async *#answer(
    system: string,
  ): AsyncGenerator<AskEvent, Extract<AnswerEvent, { kind: "answered" }>> {
    const { setup, options, log } = this.parts;
    const request = {
      system,
      messages: this.#messages,
      tools: this.#tools(),
      maxOutputTokens,
    };
    const events = answer(setup.names, request, {
      ...setup.parts,
      signal: options.signal,
      from: this.#from,
    });
    for await (const event of events) {
      switch (event.kind) {
        case "called":
          this.#count(event.metrics);
          await log.add(event.metrics);
          break;
        case "answered":
          this.#from = event.index;
          return event;
        case "passedOver":
          this.#passedOver.push({ model: event.model, reason: event.error.message });
          yield event;
          break;
        default:
          yield event;
      }
    }
    throw new Error("an answer ended without its last event");
  }

  #count({ model, usage, totalMs }: Extract<AnswerEvent, { kind: "called" }>["metrics"]): void {
    const cost = costOf(model, usage, this.parts.setup.prices);
    this.#cost.requests += 1;
    this.#cost.inputTokens += usage.input ?? 0;
    this.#cost.outputTokens += usage.output ?? 0;
    this.#cost.totalMs += totalMs;
    this.#cost.cost = cost === undefined || this.#cost.cost === undefined
      ? undefined
      : this.#cost.cost + cost;
  }

  #tools(): ToolDeclaration[] {
    const { options, remember } = this.parts;
    const offered = options.tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema,
    }));
    return remember ? [...offered, rememberTool] : offered;
  }

  async *#use(call: ToolCall): AsyncGenerator<AskEvent, ToolResult> {
    const { options, remember } = this.parts;
    const { id, name } = call;
    const input = parsed(call.input);
    if (remember && name === rememberTool.name) return yield* this.#remember(call, input);
    const tool = options.tools.find((one) => one.name === name);
    if (tool === undefined) {
      this.#uses.push({ name: plainText(name, 60), input: reported(call.input), isError: true });
      return { id, name, text: `there is no tool "${plainText(name, 60)}"`, isError: true };
    }
    yield { kind: "toolStarted", name, input, mayChange: tool.mayChange };
    const { text, isError } = await tool.call(input, {
      signal: options.signal,
      confirm: options.confirm,
      progress: () => {},
    });
    this.#uses.push({ name, input: reported(call.input), isError });
    yield { kind: "toolEnded", name, text, isError };
    return { id, name, text, isError };
  }

  async *#remember({ id, name }: ToolCall, input: unknown): AsyncGenerator<AskEvent, ToolResult> {
    const { memory, options } = this.parts;
    const given = typeof input === "object" && input !== null && "text" in input
      ? input.text
      : undefined;
    if (typeof given !== "string" || given.length > maxMemory) {
      const text = `"text" has to be a text of at most ${maxMemory} characters`;
      return { id, name, text, isError: true };
    }
    const text = options.withoutSecrets(given);
    await writeMemory(this.host, memory.context, text);
    yield { kind: "remembered", context: memory.context, text };
    return { id, name, text: "noted", isError: false };
  }
}

const rememberTool: ToolDeclaration = {
  name: "remember",
  description:
    "Replaces your notes about this context, which you get with later questions: lasting " +
    "facts such as names, structure and what the person prefers; no states that change, no secrets. " +
    "Give all of the notes, with the old ones that still hold.",
  inputSchema: {
    type: "object",
    additionalProperties: false,
    properties: { text: { type: "string", maxLength: maxMemory } },
    required: ["text"],
  },
};

function parsed(text: string): unknown {
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns the input of a call; its length if it is too long for the report. */
function reported(input: string): unknown {
  return input.length <= maxReportedInput ? parsed(input) : `${input.length} characters`;
}

/** Drops the oldest parts of a conversation that has become too long: what the model sent, and what it got. */
function shortened(messages: readonly ChatMessage[]): ChatMessage[] {
  let available = maxConversation;
  const fits = (text: string) => (available -= text.length) >= 0;
  return messages.toReversed().map((message): ChatMessage => {
    switch (message.role) {
      case "user":
        return message;
      case "assistant":
        return {
          ...message,
          text: fits(message.text) ? message.text : "",
          calls: message.calls.map((call) => fits(call.input) ? call : { ...call, input: "{}" }),
        };
      case "tool":
        return {
          ...message,
          results: message.results.map((result) =>
            fits(result.text)
              ? result
              : { ...result, text: "(this answer was dropped: too long ago)" }
          ),
        };
    }
  }).reverse();
}
