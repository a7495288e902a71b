/** Resolves the args of a running command into the action's options and how the run is shown. */
import type { ExecOptions } from "../../../actions/exec/events.ts";
import type { ExecOptionValues } from "../../../actions/exec/options.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { FlagValues } from "../../parser/flag.ts";
import { optionValues } from "../../parser/option_flag.ts";
import { runningFlags } from "./flags.ts";

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
  /** The limits and the layout, which a workflow has too. */
  bounds: Pick<ExecOptions, "fanout" | "connectTimeoutMs" | "timeoutMs" | "outputMode">;
  options: Omit<ExecOptionValues, keyof Running["bounds"]> & Pick<ExecOptions, "outputFolder">;
  view: Omit<RunView, "single" | "tty">;
}

/** Throws `UsageError` for flags that contradict each other. */
export function resolveRunning(
  flags: FlagValues<typeof runningFlags>,
  given: ReadonlySet<string>,
): Running {
  const { outdir, stdin } = flags;
  checkOutput(flags, given);
  if (flags.watch !== undefined) checkWatch(flags, given);
  const outputMode = outputModeOf(flags);
  const {
    above: _above,
    outputMode: _mode,
    fanout,
    connectTimeoutMs,
    timeoutMs,
    watchMs,
    ...options
  } = optionValues(runningFlags, flags);
  return {
    list: flags.list,
    bounds: definedOnly({ fanout, connectTimeoutMs, timeoutMs, outputMode }),
    options: {
      ...options,
      ...(outdir === undefined ? {} : { outputFolder: { path: outdir, replace: flags.force } }),
    },
    view: {
      format: flags.events ? "events" : flags.output ?? "text",
      progress: flags.progress,
      color: flags.color,
      quiet: flags.quiet,
      raw: outputMode === "raw",
      stdin,
      ...definedOnly({ watchMs }),
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

/** Flags that can't be combined with `--watch`, because they are for a single round. */
const onlyOnce = ["stdin", "tty", "list", "outdir", "events", "sample", "shuffle"];

function checkWatch(flags: RunningFlags, given: ReadonlySet<string>): void {
  const other = flags.progress === "json"
    ? "progress json"
    : onlyOnce.find((flag) => given.has(flag));
  if (other !== undefined) throw new UsageError(`--watch and --${other} can't be used together`);
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

/** The flags that set the layout of output; at most one layout may be requested. */
function layouts(flags: RunningFlags, given: ReadonlySet<string>) {
  return [
    ...(given.has("output-mode")
      ? [{ flag: "--output-mode", layout: flags["output-mode"] ?? "prefix" }]
      : []),
    ...(flags.fold ? [{ flag: "--fold", layout: "fold" }] : []),
    ...(flags.group ? [{ flag: "--group", layout: "group" }] : []),
    ...(flags.diff ? [{ flag: "--diff", layout: "fold" }] : []),
  ];
}

function checkOutput(flags: RunningFlags, given: ReadonlySet<string>): void {
  const requested = layouts(flags, given);
  const [first] = requested;
  if (flags.output !== undefined && first !== undefined) {
    const flag = requested.at(-1)?.flag ?? first.flag;
    throw new UsageError(`--output and ${flag} can't be used together`);
  }
  const other = requested.find(({ layout }) => layout !== first?.layout);
  if (first !== undefined && other !== undefined) {
    if (other.flag === "--diff" && first.flag === "--output-mode") {
      throw new UsageError("--diff needs --output-mode fold");
    }
    throw new UsageError(`${first.flag} and ${other.flag} can't be used together`);
  }
  const mode = outputModeOf(flags);
  if (flags["fold-stderr"] && mode !== "fold") throw new UsageError("--fold-stderr needs --fold");
  if (flags.events && flags.output !== "jsonl") throw new UsageError("--events needs -o jsonl");
  if (flags.force && flags.outdir === undefined) throw new UsageError("--force needs --outdir");
  if (flags.progress === "json" && flags.output === undefined && mode !== "none") {
    throw new UsageError("--progress json needs -o json, -o jsonl or --output-mode none", {
      hint: "standard error holds nothing but events then",
    });
  }
}
