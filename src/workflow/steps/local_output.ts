/** The output of a local program in expressions, and how its end becomes the step's. */
import { withoutTrailing } from "../../base/plain_text.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { anyType, booleanType, numberType, textType, type Type } from "../../expression/type.ts";
import { tooLargeReason } from "../engine/cut_values.ts";
import type { StepContext } from "../engine/step_context.ts";
import { failed, ok, type StepEnd } from "../step_kind.ts";

/** Fields of `shell` and `kubectl`. */
export const localOutput: Readonly<Record<string, Type>> = {
  stdout: textType,
  stderr: textType,
  exitCode: numberType,
  truncated: booleanType,
};

/** How much of a stream of a local program or of a response is stored, unless the step sets it. */
const defaultLimitBytes = 2 ** 20;

/** Returns `maxOutput` in bytes. */
export function limitOf(maxOutput: string | undefined): number {
  return maxOutput === undefined
    ? defaultLimitBytes
    : Math.floor(parseQuantity(maxOutput) ?? defaultLimitBytes);
}

/** As `localOutput`, with a text that may be JSON. */
export const answerOutput: Readonly<Record<string, Type>> = {
  status: numberType,
  body: textType,
  headers: { kind: "record", fields: {}, rest: textType },
  json: anyType,
  truncated: booleanType,
};

/** Runs a local program; its lines are the step's. */
export async function runHere(
  step: StepContext,
  argv: readonly string[],
  { env = {}, maxOutput, folder, expect = 0 }: {
    env?: Readonly<Record<string, string | number | boolean>> | undefined;
    maxOutput?: string | undefined;
    /** The working directory; the workflow's folder by default. */
    folder?: string | undefined;
    /** Exit codes of a success. */
    expect?: number | readonly number[] | undefined;
  },
): Promise<StepEnd> {
  const maxOutputBytes = limitOf(maxOutput);
  const { exitCode, stdout, stderr, truncated } = await step.environment.local.run(argv, {
    environment: Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, String(value)]),
    ),
    folder: folder ?? (step.workflow.path.slice(0, step.workflow.path.lastIndexOf("/")) || "/"),
    signal: step.signal,
    maxOutputBytes,
    onLine: (stream, line) => step.line(line, stream),
  });
  // As a shell's `$(…)`: the last line break isn't part of the value.
  const output = {
    stdout: withoutTrailing("\n", stdout),
    stderr,
    exitCode,
    truncated: truncated.length > 0,
  };
  const cut = truncated.map((stream) => ({
    path: [stream],
    reason: tooLargeReason(`the output of ${argv[0]}`, maxOutputBytes),
  }));
  const expected = [expect].flat();
  const suffix = exitCode === 0 ? `, expected ${expected.join(", ")}` : "";
  const end = expected.includes(exitCode)
    ? ok(output)
    : failed(`${argv[0]} ended with exit code ${exitCode}${suffix}`, output);
  return { ...end, cut };
}
