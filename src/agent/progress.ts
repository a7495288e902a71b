/** A task's progress, folded from its events: pure, and of bounded size. */
import type { AgentEvent, Progress, Tokens } from "./model.ts";

/** Progress, and the state to compare the next event with. */
export interface Folding extends Progress {
  /** The model's answer that was counted last: its parts arrive as separate events. */
  countedMessage?: string;
}

/** The progress of a task that hasn't started. */
export const noProgress: Folding = {
  turns: 0,
  tools: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  lastMessage: "",
};

/** One event more. */
export function foldEvent(before: Folding, event: AgentEvent): Folding {
  switch (event.kind) {
    case "began":
      return {
        ...before,
        ...(event.conversation === undefined ? {} : { conversation: event.conversation }),
        ...(event.model === undefined ? {} : { model: event.model }),
      };
    case "usage":
      return withoutNote(
        event.message === before.countedMessage ? before : {
          ...before,
          countedMessage: event.message,
          turns: before.turns + 1,
          tokens: added(before.tokens, event.tokens),
        },
      );
    case "text":
      return { ...before, lastMessage: event.text };
    case "output":
      return { ...before, lastMessage: event.text };
    case "toolStarted": {
      const { id, name, summary } = event;
      return { ...before, tools: before.tools + 1, tool: { id, name, summary } };
    }
    case "toolEnded":
      return before.tool?.id === event.id ? withoutTool(before) : before;
    case "refused":
      return before;
    case "retry":
      return { ...before, note: `the model wasn't reached (${event.reason}); it tries again` };
    case "result":
      return withResult(before, event);
    case "unknown":
      return before;
    default:
      return event satisfies never;
  }
}

/** The agent's own totals override the counts so far. */
function withResult(
  before: Folding,
  { ok, text, turns, tokens, costUsd, refused }: Extract<AgentEvent, { kind: "result" }>,
): Folding {
  return {
    ...withoutNote(withoutTool(before)),
    ...(turns === undefined ? {} : { turns }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(text === "" ? {} : { lastMessage: text }),
    result: { ok, text, refused },
  };
}

function withoutTool({ tool: _, ...rest }: Folding): Folding {
  return rest;
}

function withoutNote({ note: _, ...rest }: Folding): Folding {
  return rest;
}

function added(one: Tokens, other: Tokens): Tokens {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
  };
}
