/** From the words of a running command to what the action takes and how it is shown. */
import type { ExecOptions } from "../../actions/exec_events.ts";
import { UsageError } from "../../base/errors.ts";
import type { ColorChoice } from "../../term/style.ts";
import type { FlagValues } from "../flag.ts";
import { definedOnly } from "../selection.ts";
import type { runningFlags } from "./flags.ts";

/** How a run is shown on this terminal. */
export interface RunView {
  format: "text" | "json" | "jsonl";
  color: ColorChoice;
  quiet: boolean;
  /** One pod is meant: shown without a prefix, and its end in kubectl's words. */
  single: boolean;
  /** Bytes go out as they come, lines or not. */
  raw: boolean;
  /** Standard input goes to the commands. */
  stdin: boolean;
  tty: boolean;
  /** Ask when there are more pods than this; undefined: never. */
  confirmAbove: number | undefined;
}

/** What the flags alone say about a run. */
export interface Running {
  list: boolean;
  bounds: Pick<ExecOptions, "fanout" | "connectTimeoutMs" | "timeoutMs" | "outputMode">;
  options: Pick<ExecOptions, "foldStderr" | "maxExitCode" | "environment">;
  view: Omit<RunView, "single" | "tty">;
}

/** Throws `UsageError` for flags that contradict each other. */
export function resolveRunning(
  flags: FlagValues<typeof runningFlags>,
  given: ReadonlySet<string>,
): Running {
  const { output, stdin } = flags;
  const outputMode = output === undefined ? flags["output-mode"] : "report";
  if (output !== undefined && given.has("output-mode")) {
    throw new UsageError("--output and --output-mode contradict each other");
  }
  if (flags["fold-stderr"] && outputMode !== "fold") {
    throw new UsageError("--fold-stderr needs --output-mode fold");
  }
  return {
    list: flags.list,
    bounds: definedOnly({
      fanout: flags.fanout,
      connectTimeoutMs: flags["connect-timeout"],
      timeoutMs: flags.timeout,
      outputMode,
    }),
    options: definedOnly({
      foldStderr: flags["fold-stderr"] || undefined,
      maxExitCode: flags["max-rc"] || undefined,
      environment: flags.env.length === 0 ? undefined : Object.fromEntries(flags.env),
    }),
    view: {
      format: output ?? "text",
      color: flags.color,
      quiet: flags.quiet,
      raw: outputMode === "raw",
      stdin,
      confirmAbove: flags.yes ? undefined : flags["confirm-above"],
    },
  };
}
