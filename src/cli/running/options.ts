/** From the words of a running command to what the action takes and how it is shown. */
import type { ExecOptions, OutputMode } from "../../actions/exec_events.ts";
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
  /** Standard input goes to the commands. */
  stdin: boolean;
  tty: boolean;
  /** Ask when there are more pods than this; undefined: never. */
  confirmAbove: number | undefined;
}

/** What the flags alone say about a run. */
export interface Running {
  list: boolean;
  options: Partial<Omit<ExecOptions, "signal" | "selection" | "contexts" | "command">>;
  view: Omit<RunView, "single">;
}

/** Throws `UsageError` for flags that contradict each other. */
export function resolveRunning(
  flags: FlagValues<typeof runningFlags>,
  given: ReadonlySet<string>,
): Running {
  const { output, tty, stdin } = flags;
  const mode = modeOf(flags);
  if (output !== undefined && given.has("output-mode")) {
    throw new UsageError("--output and --output-mode contradict each other");
  }
  if (flags["fold-stderr"] && mode !== "fold") {
    throw new UsageError("--fold-stderr needs --output-mode fold");
  }
  if (tty && (output !== undefined || (given.has("output-mode") && mode !== "raw"))) {
    throw new UsageError("a terminal's output can't be put together", {
      hint: "leave out --tty, or the output flags",
    });
  }
  return {
    list: flags.list,
    options: definedOnly({
      fanout: flags.fanout,
      connectTimeoutMs: flags["connect-timeout"],
      timeoutMs: flags.timeout,
      outputMode: mode,
      foldStderr: flags["fold-stderr"] || undefined,
      maxExitCode: flags["max-rc"] || undefined,
      environment: flags.env.length === 0 ? undefined : Object.fromEntries(flags.env),
      workdir: flags.workdir,
      shell: flags.shell || undefined,
      substitute: flags.subst || undefined,
    }),
    view: {
      format: output ?? "text",
      color: flags.color,
      quiet: flags.quiet,
      stdin,
      tty,
      confirmAbove: flags.yes ? undefined : flags["confirm-above"],
    },
  };
}

function modeOf(flags: FlagValues<typeof runningFlags>): OutputMode | undefined {
  if (flags.output !== undefined) return "report";
  return flags.tty ? "raw" : flags["output-mode"];
}
