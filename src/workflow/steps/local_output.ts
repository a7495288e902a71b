/** The output of a local program in expressions, and how its end becomes the step's. */
import { parseQuantity } from "../../base/quantity.ts";
import { anyType, booleanType, numberType, textType, type Type } from "../../expression/type.ts";
import { cutReason } from "../engine/cut_values.ts";
import type { Stage } from "../engine/step_context.ts";
import { failed, ok, type StepEnd } from "../step_kind.ts";

/** Fields of `shell` and `kubectl`. */
export const localOutput: Readonly<Record<string, Type>> = {
  stdout: textType,
  stderr: textType,
  exitCode: numberType,
  truncated: booleanType,
};

/** How much of a stream of a local program or of a response is stored, unless the step sets it. */
const keptBytes = 2 ** 20;

/** Returns `maxOutput` in bytes. */
export function limitOf(maxOutput: string | undefined): number {
  return maxOutput === undefined ? keptBytes : Math.floor(parseQuantity(maxOutput) ?? keptBytes);
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
  stage: Stage,
  words: readonly string[],
  { env = {}, maxOutput }: {
    env?: Readonly<Record<string, string | number | boolean>> | undefined;
    maxOutput?: string | undefined;
  },
): Promise<StepEnd> {
  const maxOutputBytes = limitOf(maxOutput);
  const { exitCode, stdout, stderr, truncated } = await stage.world.local.run(words, {
    environment: Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, String(value)]),
    ),
    folder: stage.workflow.path.slice(0, stage.workflow.path.lastIndexOf("/")) || "/",
    signal: stage.signal,
    maxOutputBytes,
    told: (stream, line) => stage.line(line, stream),
  });
  // As a shell's `$(…)`: the last line break isn't part of the value.
  const output = {
    stdout: stdout.replace(/\n+$/, ""),
    stderr,
    exitCode,
    truncated: truncated.length > 0,
  };
  const cut = truncated.map((stream) => ({
    path: [stream],
    reason: cutReason(`the output of ${words[0]}`, maxOutputBytes),
  }));
  const end = exitCode === 0
    ? ok(output)
    : failed(`${words[0]} ended with exit code ${exitCode}`, output);
  return { ...end, cut };
}
