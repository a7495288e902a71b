/** Messages of a script's process: untrusted text, checked against shapes and limits. */
import * as v from "valibot";
import { jsonNesting } from "../base/json_value.ts";

/**
 * Limits of messages: of a message of the script, in UTF-16 units and in levels of nesting; of all its outputs
 * together; of an answer to it; and of its pending calls.
 */
export const messageLimits = {
  length: 8 * 1024 * 1024,
  depth: 200,
  outputs: 64 * 1024 * 1024,
  answer: 32 * 1024 * 1024,
  calls: 64,
} as const;

const position = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

const args = v.pipe(v.array(v.pipe(v.string(), v.maxLength(128 * 1024))), v.maxLength(10_000));
const name = v.pipe(v.string(), v.nonEmpty("a name"), v.maxLength(1000));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const messageShape = v.variant("kind", [
  v.object({ kind: v.literal("ready") }),
  v.object({
    kind: v.literal("call"),
    id: v.number(),
    name: v.string(),
    request: v.unknown(),
  }),
  v.object({ kind: v.literal("log"), line: v.string() }),
  v.object({ kind: v.literal("output"), value: v.unknown() }),
  v.object({ kind: v.literal("ended") }),
  v.object({
    kind: v.literal("threw"),
    name: v.string(),
    message: v.string(),
    line: position,
    column: position,
  }),
]);

/** A message of the child. */
export type Message = v.InferOutput<typeof messageShape>;

/** The shapes of a script's requests. A message names the expected value, as a noun. */
export const requestShapes = {
  exec: v.strictObject({
    command: v.pipe(args, v.minLength(1, "a command with at least one argument")),
    targets: v.optional(v.pipe(v.array(name, "names of targets"), v.maxLength(100_000))),
    timeoutMs: v.optional(count),
  }),
  get: v.strictObject({
    resource: name,
    name: v.optional(name),
    namespace: v.optional(name),
    selector: v.optional(v.pipe(v.string(), v.maxLength(10_000))),
  }),
  logs: v.strictObject({
    target: name,
    tail: v.optional(v.pipe(count, v.maxValue(100_000)), 100),
  }),
} as const;

/** Parses the message of a line; returns undefined for messages that the child program never sends. */
export function parseMessage(line: string): Message | undefined {
  if (jsonNesting(line) > messageLimits.depth) return undefined;
  try {
    const result = v.safeParse(messageShape, JSON.parse(line));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
