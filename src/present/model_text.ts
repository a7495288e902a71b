/** Language models as text and data: lists, keys, measurements, and what happens on the way to an answer. */
import { plural } from "../base/plural.ts";
import type { KeyState, ListedModel } from "../actions/model/setup.ts";
import type { ModelAnswerEvent } from "../actions/model/options.ts";
import type { ModelStats } from "../actions/model/call_log.ts";
import type { TestedModel } from "../actions/model/test_models.ts";
import { tableLines } from "../terminal/table.ts";
import { printable } from "../terminal/printable.ts";
import { formatDuration } from "../base/duration.ts";

/** Returns the table of models. */
export function modelsTable(models: readonly ListedModel[]): string[] {
  const rows = models.map(({ model, aliases, position, key }) => [
    position === undefined ? "-" : String(position),
    nameOf(model),
    aliases.length === 0 ? "-" : aliases.join(","),
    keyText(key),
  ]);
  return tableLines(["ORDER", "MODEL", "ALIASES", "KEY"], rows);
}

/** Returns the lines about one model. */
export function modelLines({ model, aliases, position, key, url }: ListedModel): string[] {
  const warnings = key.kind === "found" ? key.warnings : [];
  return [
    printable(nameOf(model)),
    `  order    ${position === undefined ? "not asked" : position}`,
    ...(aliases.length === 0 ? [] : [`  aliases  ${aliases.join(", ")}`]),
    `  url      ${printable(url ?? "not set")}`,
    `  key      ${printable(keyText(key))}`,
    ...warnings.map((warning) => `  warning  ${printable(keyWarningText(warning))}`),
  ];
}

/** Returns a model as data. The key itself isn't part of it. */
export function modelData({ model, aliases, position, key, url }: ListedModel) {
  return {
    model: nameOf(model),
    provider: model.provider,
    name: model.name,
    aliases,
    ...(position === undefined ? {} : { order: position }),
    ...(url === undefined ? {} : { url }),
    key: key.kind === "found"
      ? { state: "found", from: keyText(key), warnings: key.warnings.map(keyWarningText) }
      : { state: key.kind, ...(key.kind === "unusable" ? { reason: key.reason } : {}) },
  };
}

function nameOf({ provider, name }: ListedModel["model"]): string {
  return `${provider}/${name}`;
}

/** Says where a key is, never the key. */
function keyText(key: KeyState): string {
  switch (key.kind) {
    case "missing":
      return "missing";
    case "notNeeded":
      return "not needed";
    case "unusable":
      return key.reason;
    case "found": {
      const { source } = key;
      switch (source.kind) {
        case "variable":
          return `$${source.name}`;
        case "variableFile":
          return `$${source.name}: ${source.path}`;
        case "setting":
          return "model_keys";
        case "settingFile":
          return `model_key_files: ${source.path}`;
      }
    }
  }
}

type KeyWarning = Extract<KeyState, { kind: "found" }>["warnings"][number];

/** Returns a warning about a key. */
function keyWarningText(warning: KeyWarning): string {
  return warning.kind === "form"
    ? `the key hasn't the usual form (${warning.expected})`
    : `other users may read ${warning.path}: chmod 600 makes it private`;
}

/** Returns what a person reads on the way to an answer; undefined for events that aren't noteworthy. */
export function answerNote(event: ModelAnswerEvent): string | undefined {
  switch (event.kind) {
    case "retrying": {
      const { error, delayMs, discarded } = event;
      const void_ = discarded ? "; the text above is not part of the answer" : "";
      return `${error.message}; trying again in ${formatDuration(Math.round(delayMs))}${void_}`;
    }
    case "renamed":
      return `trying ${event.to}: there is no ${event.from}`;
    case "passedOver":
      return `${event.model} didn't answer: ${event.error.message}${
        event.discarded ? "; the text above is not part of the answer" : ""
      }`;
    default:
      return undefined;
  }
}

/** Returns the table of a test. */
export function testedTable(results: readonly TestedModel[]): string[] {
  const rows = results.map((one) => [
    one.model,
    one.outcome,
    `${one.answered}/${one.rounds}`,
    milliseconds(one.firstPartMs),
    milliseconds(one.totalMs),
    number(one.inputTokens),
    number(one.outputTokens),
    number(one.tokensPerSecond),
    dollars(one.cost),
  ]);
  return tableLines("MODEL OUTCOME ANSWERS FIRST TOTAL IN OUT TOKENS/S COST".split(" "), rows);
}

/** Returns the result of a test as data. */
export function testedData({ error, ...result }: TestedModel): Record<string, unknown> {
  return { ...result, ...(error === undefined ? {} : { error: error.message }) };
}

/** Returns the table of the statistics. */
export function statsTable(stats: readonly ModelStats[]): string[] {
  const rows = stats.map((one) => [
    one.model,
    number(one.calls),
    number(one.failed),
    number(one.retries),
    number(one.inputTokens),
    number(one.outputTokens),
    milliseconds(one.firstPartMs),
    milliseconds(one.totalMs),
    dollars(one.cost),
  ]);
  return tableLines("MODEL CALLS FAILED RETRIES IN OUT FIRST TOTAL COST".split(" "), rows);
}

/** Returns tokens and cost in one line: `1,200 tokens in, 300 out, $0.0081`. */
export function usageText(
  { input, output, cost }: { input: number; output: number; cost: number | undefined },
): string {
  const price = cost === undefined ? "" : `, ${dollars(cost)}`;
  return `${plural(input, "token")} in, ${output} out${price}`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "-" : formatDuration(Math.round(value));
}

function number(value: number | undefined): string {
  return value === undefined ? "-" : String(Math.round(value));
}

function dollars(value: number | undefined): string {
  return value === undefined ? "-" : `$${value.toFixed(4)}`;
}
