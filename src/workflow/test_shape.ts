/** Tests of workflows: the shape of a `*.test.yaml`, and whether a run matches it. Pure. */
import * as v from "valibot";
import type { JsonValue } from "../base/json_value.ts";
import { described, oneOrMore, text } from "./fields.ts";
import { type StepKey, stepOutcomes } from "./step_events.ts";

const outcome = v.picklist(stepOutcomes, `one of ${stepOutcomes.join(", ")}`);

const expectation = v.strictObject({
  outcome: v.optional(described(outcome, "Of the whole run; ok by default.")),
  exitCode: v.optional(described(v.number("a number"), "Of the run.")),
  reason: v.optional(described(text, "Text that the reason of the failure contains, or `/re/`.")),
  steps: v.optional(
    described(v.record(v.string(), outcome, "steps and their outcomes"), "By key."),
  ),
  outputs: v.optional(described(
    v.record(v.string(), v.unknown(), "outputs and their values"),
    "Of those that are named; a text may be `/re/`.",
  )),
  says: v.optional(described(
    oneOrMore(text, "a text or a list of texts"),
    "Texts that lines of the run contain.",
  )),
}, "a mapping of expectations");

/** The shape of a test file. */
export const testShape = v.strictObject({
  workflow: v.optional(
    described(text, "The workflow; by default, the one with the file's own name."),
  ),
  world: v.optional(described(
    text,
    "The manifests that the embedded cluster starts with, a world of `cluster up`; weka by default.",
  )),
  cases: described(
    v.pipe(
      v.array(
        v.strictObject({
          name: described(text, "What it shows."),
          params: v.optional(described(
            v.record(v.string(), v.unknown(), "parameters and their values"),
            "`{temp}` in a text is a folder that is deleted afterwards.",
          )),
          yes: v.optional(described(v.boolean("true or false"), "The answer to every question.")),
          expect: v.optional(described(expectation, "The expected result; ok by default.")),
        }, "a mapping of fields"),
        "a list of cases",
      ),
      v.nonEmpty("at least one case"),
    ),
    "Runs, one after the other, in one cluster.",
  ),
}, "a mapping of fields");

/** One case. */
export type TestCase = v.InferOutput<typeof testShape>["cases"][number];

/** The result of a run. */
export interface TestedRun {
  outcome: string;
  reason: string;
  exitCode: number;
  outputs: Readonly<Record<string, JsonValue>>;
  steps: ReadonlyMap<StepKey, string>;
  lines: readonly string[];
}

/** Returns every difference between the run and what was expected, a line each. */
export function differences(expect: TestCase["expect"], run: TestedRun): string[] {
  const { outcome: expectedOutcome = "ok", exitCode, reason, steps = {}, outputs = {}, says = [] } =
    expect ?? {};
  const actual = run.reason === "" ? run.outcome : `${run.outcome}: ${run.reason}`;
  return [
    ...(run.outcome === expectedOutcome
      ? []
      : [`the run: expected ${expectedOutcome}, was ${actual}`]),
    ...(exitCode === undefined || run.exitCode === exitCode
      ? []
      : [`exit code: expected ${exitCode}, was ${run.exitCode}`]),
    ...(reason === undefined || fitsText(reason, run.reason)
      ? []
      : [`reason: expected ${reason}, was ${run.reason}`]),
    ...Object.entries(steps).flatMap(([key, expected]) => {
      const was = run.steps.get(key);
      return was === expected
        ? []
        : [`step ${key}: expected ${expected}, was ${was ?? "not there"}`];
    }),
    ...Object.entries(outputs).flatMap(([name, expected]) => {
      const was = run.outputs[name];
      if (fits(expected, was)) return [];
      return [`output ${name}: expected ${JSON.stringify(expected)}, was ${JSON.stringify(was)}`];
    }),
    ...[says].flat().flatMap((expected) =>
      run.lines.some((line) => fitsText(expected, line)) ? [] : [`no line contains ${expected}`]
    ),
  ];
}

/** Returns whether they are equal; texts may be patterns, and a mapping may have further names. */
function fits(expected: unknown, was: unknown): boolean {
  if (typeof expected === "string" && typeof was === "string") {
    return expected === was || isPattern(expected) && fitsText(expected, was);
  }
  if (Array.isArray(expected)) {
    return Array.isArray(was) && was.length === expected.length &&
      expected.every((one, at) => fits(one, was[at]));
  }
  if (typeof expected !== "object" || expected === null) return expected === was;
  return typeof was === "object" && was !== null && !Array.isArray(was) &&
    Object.entries(expected).every(([name, one]) =>
      fits(one, (was as Record<string, unknown>)[name])
    );
}

function isPattern(text: string): boolean {
  return text.length > 2 && text.startsWith("/") && text.endsWith("/");
}

function fitsText(expected: string, was: string): boolean {
  return isPattern(expected)
    ? new RegExp(expected.slice(1, -1), "su").test(was)
    : was.includes(expected);
}
