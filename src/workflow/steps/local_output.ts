/** What expressions see of a program of this machine, and how its end is a step's. */
import { anyType, numberType, textType, type Type } from "../../expression/type.ts";
import type { Stage } from "../engine/stage.ts";
import { failed, ok, type StepEnd } from "./kind.ts";

/** Fields of `shell` and `kubectl`. */
export const localOutput: Readonly<Record<string, Type>> = {
  stdout: textType,
  stderr: textType,
  exitCode: numberType,
};

/** As `localOutput`, with a text that may be JSON. */
export const answerOutput: Readonly<Record<string, Type>> = {
  status: numberType,
  body: textType,
  headers: { kind: "record", fields: {}, rest: textType },
  json: anyType,
};

/** Runs a program of this machine; its lines are the step's. */
export async function runHere(
  stage: Stage,
  words: readonly string[],
  environment: Readonly<Record<string, string | number | boolean>> = {},
): Promise<StepEnd> {
  const { exitCode, stdout, stderr } = await stage.world.local.run(words, {
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, String(value)]),
    ),
    folder: stage.workflow.path.slice(0, stage.workflow.path.lastIndexOf("/")) || "/",
    signal: stage.signal,
    told: (stream, line) => stage.line(line, stream),
  });
  // As a shell's `$(…)`: the last line's end is no part of the value.
  const output = { stdout: stdout.replace(/\n+$/, ""), stderr, exitCode };
  return exitCode === 0
    ? ok(output)
    : failed(`${words[0]} ended with exit code ${exitCode}`, output);
}
