/** The way to an answer of a language model, as text or data. The answer is on standard output. */
import type { AskCost, AskEvent } from "../actions/ask/ask.ts";
import { formatDuration } from "../base/duration.ts";
import { plainText } from "../base/plain_text.ts";

import { messagePiece, printable } from "../terminal/printable.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonDocument, jsonLine } from "./json.ts";
import { answerNote, usageText } from "./model_text.ts";

/** Display options. */
export interface AskPainterOptions {
  format: "text" | "json" | "jsonl";
  /** Neither the use of tools nor notes. */
  quiet: boolean;
  /** What the answer cost. */
  metrics: boolean;
}

/** A tool's input is shown up to this length. */
const maxInput = 160;

/** Formats the events of an answer. */
export class AskPainter implements Painter<AskEvent> {
  /** The last character of the answer's text so far. */
  #last = "\n";

  constructor(private readonly options: AskPainterOptions) {}

  paint(event: AskEvent): readonly Piece[] {
    const { format } = this.options;
    if (format === "jsonl") return [{ stream: "stdout", data: [jsonLine(askData(event))] }];
    if (format === "json") {
      return event.kind === "ended"
        ? [{ stream: "stdout", data: [jsonDocument(askData(event))] }]
        : [];
    }
    return this.#text(event);
  }

  #text(event: AskEvent): Piece[] {
    const { quiet, metrics } = this.options;
    switch (event.kind) {
      case "text": {
        const text = printable(event.text);
        this.#last = text.at(-1) ?? this.#last;
        return [{ stream: "stdout", data: [text] }];
      }
      case "toolStarted":
        return quiet ? [] : [...this.#lineEnd(), messagePiece(`→ ${useText(event)}`)];
      case "toolEnded":
        return event.isError && !quiet
          ? [messagePiece(`  ${plainText(event.text, maxInput)}`)]
          : [];
      case "toolProgress":
        return [];
      case "remembered":
        return quiet
          ? []
          : [messagePiece(`noted for context ${event.context}: kodama memory show`)];
      case "notRecorded":
        return quiet ? [] : [messagePiece(`the statistics are not stored: ${event.error.message}`)];
      case "ended":
        return [
          ...this.#lineEnd(),
          ...(event.incomplete === undefined
            ? []
            : [messagePiece(`the answer is incomplete: ${incompleteTexts[event.incomplete]}`)]),
          ...(event.passedOver.length > 0 && !quiet
            ? [messagePiece(`answered by ${event.model}`)]
            : []),
          ...(metrics ? [messagePiece(costText(event.model, event.cost))] : []),
        ];
      default: {
        const note = answerNote(event);
        return note === undefined ? [] : [...this.#lineEnd(), messagePiece(note)];
      }
    }
  }

  /** Ends the line of the answer, if one is open. */
  #lineEnd(): Piece[] {
    if (this.#last === "\n") return [];
    this.#last = "\n";
    return [{ stream: "stdout", data: ["\n"] }];
  }
}

const incompleteTexts = {
  length: "it reached its longest length",
  refused: "the provider withheld it",
  rounds: "the model used too many tools",
} as const;

function useText({ name, input }: { name: string; input: unknown }): string {
  return `${plainText(name, 60)} ${plainText(JSON.stringify(input), maxInput)}`;
}

function costText(model: string, { requests, totalMs, ...cost }: AskCost): string {
  const usage = usageText({ input: cost.inputTokens, output: cost.outputTokens, cost: cost.cost });
  return `${model}: ${requests} requests, ${usage}, ${formatDuration(Math.round(totalMs))}`;
}

/** Returns an event as data. */
function askData(event: AskEvent): Record<string, unknown> {
  switch (event.kind) {
    case "retrying":
    case "passedOver": {
      const { error, ...rest } = event;
      return { ...rest, failure: error.failure, message: error.message };
    }
    case "notRecorded":
      return { kind: event.kind, message: event.error.message };
    case "ended":
      return { ...event };
    default:
      return { ...event };
  }
}
