/** The request, as stored beside a task in its pod: a line of JSON, which only kodama writes. */
import { definedOnly } from "../base/json_value.ts";
import { jsonObject, numberOf, textField } from "./json_fields.ts";
import { type AgentManifest, readManifest } from "./manifest.ts";
import { bounded, isConversation } from "./model.ts";

/** A task as it was requested. */
export interface TaskRequest {
  adapter: string;
  /** The description of the agent, if the user wrote a description. */
  manifest?: AgentManifest;
  /** Distinguishes it from any other: finds a start whose answer was lost. */
  key: string;
  /** The start of the prompt. */
  prompt: string;
  workdir?: string;
  createdAt: Date;
  conversation?: string;
  continues?: number;
  /** The task has its turn also if a task that it waits for fails. */
  anyway?: true;
}

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

/** Parses it; invalid fields get empty values. */
export function readRequest(line: string): TaskRequest {
  const fields = jsonObject(line) ?? {};
  const text = (name: string) => bounded(textField(fields, name) ?? "", maxName);
  const conversation = text("conversation");
  const continues = numberOf(fields, "continues");
  const workdir = text("workdir");
  const createdAt = new Date(text("createdAt"));
  const manifest = readManifest(fields);
  return {
    adapter: text("adapter"),
    key: text("key"),
    prompt: bounded(text("prompt"), maxPrompt),
    createdAt: Number.isNaN(createdAt.getTime()) ? new Date(0) : createdAt,
    ...(workdir === "" ? {} : { workdir }),
    ...definedOnly({ manifest }),
    ...(isConversation(conversation) ? { conversation } : {}),
    ...definedOnly({ continues }),
    ...(fields["anyway"] === true ? { anyway: true as const } : {}),
  };
}
