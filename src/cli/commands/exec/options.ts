/** Resolves the args of a running command into the action's options and how the run is shown. */
import type { ExecOptions } from "../../../actions/exec/events.ts";
import { runFields } from "../../../actions/exec/options.ts";
import type { Given } from "../../../operation/field.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { FlagValues } from "../../parser/flag.ts";
import { givenValues, refuseContradictoryFlags } from "../../parser/option_flag.ts";
import { runningFields, type runningFlags } from "./flags.ts";

/** Display options of a run on this terminal. */
export interface RunView {
  format: "text" | "json" | "jsonl" | "events";
  /** Progress of the run: a line on a terminal, events on standard error, or nothing. */
  progress: "auto" | "json" | "none";
  color: ColorChoice;
  quiet: boolean;
  /** A single pod is named: shown without a prefix, and its end in kubectl's wording. */
  single: boolean;
  /** Bytes are written as they arrive, without line buffering. */
  raw: boolean;
  /** Standard input goes to the commands. */
  stdin: boolean;
  tty: boolean;
  /** Repeated, and only changes are shown: the time between two rounds. */
  watchMs?: number;
  confirm: ConfirmView;
}

/** When a change is confirmed: `yes` for never; `above` is undefined if the settings decide. */
export interface ConfirmView {
  yes: boolean;
  above: number | undefined;
}

/** The options of a run that follow from the flags alone. */
export interface Running {
  list: boolean;
  /** Those that were given. */
  options:
    & Omit<Given<typeof runFields>, "outputMode">
    & Pick<ExecOptions, "outputMode" | "outputFolder">;
  view: Omit<RunView, "single" | "tty">;
}

/** Throws `UsageError` for flags that contradict each other. */
export function resolveRunning(
  words: { flags: RunningFlags; given: ReadonlySet<string> },
): Running {
  const { flags, given } = words;
  const { outdir, stdin } = flags;
  refuseContradictoryFlags(runningFields, words);
  checkOutput(flags, given);
  if (flags.watch !== undefined) checkWatch(flags);
  const outputMode = outputModeOf(flags);
  return {
    list: flags.list,
    options: {
      ...givenValues(runFields, words),
      ...definedOnly({ outputMode }),
      ...(outdir === undefined ? {} : { outputFolder: { path: outdir, replace: flags.force } }),
    },
    view: {
      format: flags.events ? "events" : flags.output ?? "text",
      progress: flags.progress,
      color: flags.color,
      quiet: flags.quiet,
      raw: outputMode === "raw",
      stdin,
      ...definedOnly({ watchMs: flags.watch }),
      confirm: confirmViewOf(flags),
    },
  };
}

/** Returns the confirmation options from the flags of a command that changes pods. */
export function confirmViewOf(
  flags: { yes: boolean; "confirm-above": number | undefined },
): ConfirmView {
  return { yes: flags.yes, above: flags["confirm-above"] };
}

/** Returns the format of a list of pods that the flags of a run request. */
export function listFormat(format: RunView["format"]): "table" | "json" | "jsonl" {
  return format === "text" ? "table" : format === "events" ? "jsonl" : format;
}

function checkWatch(flags: RunningFlags): void {
  if (flags.progress === "json") {
    throw new UsageError("--watch and --progress json can't be used together");
  }
  if (flags.output === "json") {
    throw new UsageError("--watch has no end, and -o json needs one", {
      hint: "-o jsonl prints an object for each round that changed something",
    });
  }
}

type RunningFlags = FlagValues<typeof runningFlags>;

/** Undefined if no flag sets or implies it. */
function outputModeOf(flags: RunningFlags): ExecOptions["outputMode"] {
  if (flags.watch !== undefined && flags.output !== undefined) return "none";
  // The lines of the commands are events.
  if (flags.events) return "prefix";
  if (flags.output !== undefined) return "report";
  if (flags.diff || flags.fold) return "fold";
  if (flags.group) return "group";
  return flags["output-mode"] ?? (flags.watch === undefined ? undefined : "fold");
}

function checkOutput(flags: RunningFlags, given: ReadonlySet<string>): void {
  const mode = outputModeOf(flags);
  const layout = flags["output-mode"];
  if (flags.diff && given.has("output-mode") && layout !== "fold") {
    throw new UsageError("--diff needs --output-mode fold");
  }
  if (flags["fold-stderr"] && mode !== "fold") throw new UsageError("--fold-stderr needs --fold");
  if (flags.events && flags.output !== "jsonl") throw new UsageError("--events needs -o jsonl");
  if (flags.progress === "json" && flags.output === undefined && mode !== "none") {
    throw new UsageError("--progress json needs -o json, -o jsonl or --output-mode none", {
      hint: "standard error holds nothing but events then",
    });
  }
}
