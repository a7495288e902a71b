/** What was asked for, as it lies beside a task in its pod: one line of JSON, which only kodama writes. */
import { jsonObject, numberOf, textOf } from "./json_fields.ts";
import { bounded, isConversation } from "./model.ts";

/** A task as it was asked for. */
export interface TaskRequest {
  adapter: string;
  /** Tells it from any other: by it a start is found whose answer was lost. */
  key: string;
  /** The beginning of the prompt. */
  prompt: string;
  workdir?: string;
  createdAt: Date;
  conversation?: string;
  continues?: number;
}

/** Of the prompt. */
const maxPrompt = 500;
const maxName = 4096;

/** The file `task`. */
export function requestLine(request: TaskRequest): string {
  const { prompt, createdAt, ...rest } = request;
  return JSON.stringify({
    version: 1,
    ...rest,
    createdAt: createdAt.toISOString(),
    prompt: bounded(prompt, maxPrompt),
  });
}

/** Reads it back; whatever is not as it should be gets a value that says nothing. */
export function readRequest(line: string): TaskRequest {
  const fields = jsonObject(line) ?? {};
  const text = (name: string) => bounded(textOf(fields, name) ?? "", maxName);
  const conversation = text("conversation");
  const continues = numberOf(fields, "continues");
  const workdir = text("workdir");
  const createdAt = new Date(text("createdAt"));
  return {
    adapter: text("adapter"),
    key: text("key"),
    prompt: bounded(text("prompt"), maxPrompt),
    createdAt: Number.isNaN(createdAt.getTime()) ? new Date(0) : createdAt,
    ...(workdir === "" ? {} : { workdir }),
    ...(isConversation(conversation) ? { conversation } : {}),
    ...(continues === undefined ? {} : { continues }),
  };
}
