/** The options of `exec`: what a front end offers of a run besides its command and its pods. */
import type { Selection } from "../../kube/select/target.ts";
import { defaultSettings, settingVariables } from "../../config/default_settings.ts";
import { amountField, amountsField } from "../../exec/schedule.ts";
import type { OutputMode } from "../../exec/run_options.ts";
import {
  choiceField,
  durationField,
  type Field,
  type Given,
  intervalField,
  textField,
  toggleField,
  variablesField,
  wholeField,
} from "../../operation/field.ts";

/** Returns a field with the default of a setting of `exec`, and names what overrides it: `32, or $KODAMA_FANOUT`. */
export function ofSetting<T>(name: keyof typeof defaultSettings.exec, field: Field<T>): Field<T> {
  const variable = field.variable === undefined
    ? Object.entries(settingVariables).find(([, key]) => key === `exec.${name}`)?.[0]
    : undefined;
  const source = variable === undefined ? `exec.${name}` : `$${variable}`;
  return { ...field, defaultText: `${defaultSettings.exec[name]}, or ${source}` };
}

/** The layouts of output; `report` is for programs, which choose it by the format. */
const outputModes = ["prefix", "group", "fold", "raw", "none"] as const satisfies OutputMode[];

/** How many pods at a time, and when a run stops. */
export const fanOutOptions = {
  fanout: ofSetting("fanout", wholeField("pods at the same time; the others wait", { least: 1 })),
  serial: amountsField(
    "run in batches of this size: 1,5,20% is one pod, then five, then a fifth at a time",
  ),
  maxFail: amountField("start no further batch or pod after more than this many have failed"),
  failFast: toggleField("start no further pod after one has failed"),
  requireAll: ofSetting(
    "requireAll",
    toggleField("try every pod that matches: one that isn't running is unreachable"),
  ),
  connectTimeoutMs: ofSetting(
    "connectTimeout",
    durationField("time to wait for an unreachable server, and for a pod's stream to open"),
  ),
  timeoutMs: durationField("time limit of the command in each pod (default none)", {
    variable: "KODAMA_TIMEOUT",
  }),
};

/** The options of every command in pods. */
export const execOptions = {
  ...fanOutOptions,
  environment: variablesField("environment variable of the command"),
  workdir: textField("directory to run the command in"),
  shell: toggleField("join the arguments to one command line for sh in the pod"),
  substitute: toggleField("replace {pod}, {namespace}, {node}, {ip} and {index} in the arguments"),
  outputMode: ofSetting("outputMode", choiceField("output layout", outputModes)),
  foldStderr: toggleField("with fold: standard error must be the same too"),
  diff: toggleField("show the majority output, and diffs for others"),
  maxExitCode: toggleField("exit with the largest exit code of a pod"),
};

/** How a run is repeated. */
export const watchOptions = {
  watchMs: intervalField(
    "repeat the command, 10s after each round or as given, and print what has changed",
    10_000,
  ),
};

/** When a change of pods is confirmed. */
export const confirmOptions = {
  above: ofSetting(
    "confirmAbove",
    wholeField("ask before a command that may change more than N pods", {
      least: 0,
      variable: "KODAMA_CONFIRM_ABOVE",
    }),
  ),
};

/** Their values; `report` too, which no person chooses. */
export interface ExecOptionValues extends Omit<Given<typeof execOptions>, "outputMode"> {
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
