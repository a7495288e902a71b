/** The options of `exec`: what a front end offers of a run besides its command and its pods. */
import type { Selection } from "../../kube/select/target.ts";
import type { OutputMode } from "../../exec/run_options.ts";
import {
  amountOption,
  amountsOption,
  choiceOption,
  durationOption,
  intervalOption,
  ofSetting,
  type OptionValues,
  textOption,
  toggleOption,
  variablesOption,
  wholeOption,
} from "../option.ts";

/** The layouts of output; `report` is for programs, which choose it by the format. */
const outputModes = ["prefix", "group", "fold", "raw", "none"] as const satisfies OutputMode[];

/** How many pods at a time, and when a run stops. */
export const fanOutOptions = {
  fanout: ofSetting(
    "fanout",
    wholeOption("pods at the same time; the others wait", { least: 1 }),
  ),
  serial: amountsOption(
    "run in batches of this size: 1,5,20% is one pod, then five, then a fifth at a time",
  ),
  maxFail: amountOption("start no further batch or pod after more than this many have failed"),
  failFast: toggleOption("start no further pod after one has failed"),
  connectTimeoutMs: ofSetting(
    "connectTimeout",
    durationOption("time to wait for an unreachable server, and for a pod's stream to open"),
  ),
  timeoutMs: durationOption("time limit of the command in each pod (default none)", {
    variable: "KODAMA_TIMEOUT",
  }),
};

/** The options of every command in pods. */
export const execOptions = {
  ...fanOutOptions,
  environment: variablesOption("environment variable of the command"),
  workdir: textOption("directory to run the command in"),
  shell: toggleOption("join the arguments to one command line for sh in the pod"),
  substitute: toggleOption(
    "replace {pod}, {namespace}, {node}, {ip} and {index} in the arguments",
  ),
  outputMode: ofSetting("outputMode", choiceOption("output layout", outputModes)),
  foldStderr: toggleOption("with fold: standard error must be the same too"),
  diff: toggleOption("show the majority output, and diffs for others"),
  maxExitCode: toggleOption("exit with the largest exit code of a pod"),
};

/** How a run is repeated. */
export const watchOptions = {
  watchMs: intervalOption(
    "repeat the command, 10s after each round or as given, and print what has changed",
    10_000,
  ),
};

/** When a change of pods is confirmed. */
export const confirmOptions = {
  above: ofSetting(
    "confirmAbove",
    wholeOption("ask before a command that may change more than N pods", {
      least: 0,
      variable: "KODAMA_CONFIRM_ABOVE",
    }),
  ),
};

/** Their values; `report` too, which no person chooses. */
export interface ExecOptionValues extends Omit<OptionValues<typeof execOptions>, "outputMode"> {
  outputMode?: OutputMode;
}

/** Returns whether a selection names one pod: its output is passed on as it is, as by `kubectl exec`. */
export function namesOnePod(
  { operands }: Pick<Selection, "operands">,
  contexts: readonly string[],
): boolean {
  const [operand, ...others] = operands;
  return operand?.kind === "pod" && others.length === 0 && contexts.length < 2;
}
