/**
 * A common interface for the language models of all providers: a conversation in, an answer as a stream of parts out.
 * The rest of kodama, and a test's stand-in, need no more than this file.
 */

/** A tool that the model may request, with the JSON Schema of its input. */
export interface ToolDeclaration {
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
}

/** The model's request to use a tool. */
export interface ToolCall {
  id: string;
  name: string;
  /** As the model wrote it: JSON, usually, and possibly anything. */
  input: string;
  /** Data of the provider that has to be returned with the conversation, such as a signature. */
  opaque?: Readonly<Record<string, unknown>>;
}

/** The answer of a tool. */
export interface ToolResult {
  id: string;
  name: string;
  text: string;
  isError: boolean;
}

/** A turn of a conversation. */
export type ChatMessage =
  | { role: "user"; text: string }
  | { role: "assistant"; text: string; calls: readonly ToolCall[] }
  | { role: "tool"; results: readonly ToolResult[] };

/** A request to a model. */
export interface ModelRequest {
  /** The instructions, above the conversation. */
  system: string;
  messages: readonly ChatMessage[];
  tools: readonly ToolDeclaration[];
  /** The longest answer, in tokens. */
  maxOutputTokens: number;
}

/** Tokens of a request, as the provider counts them; undefined if it doesn't report them. */
export interface TokenUsage {
  input: number | undefined;
  output: number | undefined;
}

/** A part of an answer, in order. `finished` is the last part. */
export type ModelPart =
  | { kind: "text"; text: string }
  | { kind: "toolCall"; call: ToolCall }
  | {
    kind: "finished";
    /** `length`: the answer reached its longest length; `refused`: the provider withheld it. */
    reason: "stop" | "toolCalls" | "length" | "refused" | "other";
    usage: TokenUsage;
  };

/** A model that can be asked. */
export interface Model {
  /** The full name: `ollama/llama3.2`. */
  readonly name: string;
  /** Streams the answer. @throws ModelError if there is none. */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelPart>;
}
