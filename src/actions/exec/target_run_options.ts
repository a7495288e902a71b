/** The options of the fan-out, from the front end's options and the settings. */
import { definedOnly } from "../../base/defined_only.ts";
import type { RunOptions } from "../../exec/run_options.ts";
import type { RunInput } from "../../exec/stdin_spool.ts";
import type { ExecOptions } from "./events.ts";
import type { ExecSettings } from "./settings.ts";

/** Time to end by itself, between TERM and KILL. */
const defaultGraceMs = 2000;

/** The parts that only the run itself has. */
export type RunParts =
  & Pick<RunOptions, "open" | "clock" | "later" | "placeOf">
  & { input: RunInput | undefined };

/** Returns the options of the fan-out. */
export function targetRunOptions(
  options: ExecOptions,
  { fanout, connectTimeoutMs }: ExecSettings,
  { input, ...parts }: RunParts,
): RunOptions {
  const { terminal, environment, workdir, timeoutMs, shell, substitute } = options;
  const { serial, maxFail, failFast } = options;
  return {
    ...parts,
    signal: options.signal,
    fanout,
    connectTimeoutMs,
    graceMs: options.graceMs ?? defaultGraceMs,
    nonce: crypto.randomUUID(),
    ...definedOnly({ timeoutMs, serial, maxFail, failFast }),
    ...definedOnly({ terminal, environment, workdir, shell, substitute }),
    ...(input && { input: () => input.open() }),
  };
}
