/** `exec`: what can be asked of a run of one command in many pods. If kubectl has the name, its meaning is the same. */
import { defaultSettings, settingVariables } from "../config/default_settings.ts";
import { allField, isChosen, selectionFields, selectionOf } from "../kube/select/fields.ts";
import { UsageError } from "../base/errors.ts";
import {
  choiceField,
  durationField,
  type Field,
  type Input,
  intervalField,
  named,
  or,
  textField,
  textsField,
  toggleField,
  variablesField,
  wholeField,
} from "../operation/field.ts";
import { operation, valuesOf } from "../operation/operation.ts";
import type { Selection } from "../kube/select/target.ts";
import { amountField, amountsField } from "./schedule.ts";

/** Returns a field that a setting of `exec` decides if it isn't given, with its default: `32, or $KODAMA_FANOUT`. */
export function ofSetting<T>(
  name: keyof typeof defaultSettings.exec,
  field: Field<T>,
): Field<T | undefined> {
  const variable = field.variable === undefined
    ? Object.entries(settingVariables).find(([, key]) => key === `exec.${name}`)?.[0]
    : undefined;
  const source = variable === undefined ? `exec.${name}` : `$${variable}`;
  return {
    ...field,
    default: undefined,
    defaultText: `${defaultSettings.exec[name]}, or ${source}`,
  };
}

const running = { group: "Running" };
const output = { group: "Output" };

/** A model's command is judged by its program and its arguments: see `toolbox/credential_commands.ts`. */
const unjudged = "a command of a model is judged by its program and its arguments alone";
const asData = "each pod's outcome and output are data there";
const interactive = "no standard input and no terminal are there";
const asked = "a person confirms each change there";

/** How many pods at a time, and when a run stops. */
export const fanOutFields = {
  fanout: ofSetting(
    "fanout",
    wholeField("pods at the same time; the others wait", {
      ...{ least: 1, presets: { workflows: 32 }, ...running },
    }),
  ),
  serial: amountsField(
    "run in batches of these sizes, the last one repeated: 1,5,20% is one pod, then five, then a fifth at a time",
    running,
  ),
  maxFail: amountField(
    "start no further batch or pod after more than this many, or this share, have failed",
    {
      ...{ presets: { workflows: 0 }, ...running },
    },
  ),
  failFast: toggleField("start no further pod after one has failed", {
    ...running,
    absentFrom: { workflows: "`serial` and `maxFail` end a step early" },
  }),
  requireAll: ofSetting(
    "requireAll",
    toggleField("try every pod that matches: one that isn't running is unreachable", {
      ...running,
      absentFrom: { workflows: "`allPhases` of `select` includes such pods" },
    }),
  ),
  /** Milliseconds. */
  connectTimeoutMs: named(
    { flag: "connect-timeout", entry: "connectTimeout" },
    ofSetting(
      "connectTimeout",
      durationField("time to wait for an unreachable server, and for a pod's stream to open", {
        ...{ presets: { workflows: "15s" }, ...running },
      }),
    ),
  ),
};

/** The time limit of what runs in each pod. */
export function timeLimit(about: string) {
  return named(
    { flag: "timeout", entry: "commandTimeout" },
    durationField(about, {
      ...{ variable: "KODAMA_TIMEOUT", defaultText: "none", presets: { tools: "1m" } },
      ...running,
    }),
  );
}

/** What each pod's command is given. */
export const commandFields = {
  /** Milliseconds, from the opening of the stream. */
  timeoutMs: timeLimit("time limit of the command in each pod"),
  environment: named(
    { flag: "env", entry: "env" },
    variablesField("environment variable of the command", {
      ...{ absentFrom: { tools: unjudged }, ...running },
    }),
  ),
  workdir: textField("directory to run the command in", {
    ...{ placeholder: "DIR", absentFrom: { tools: unjudged }, ...running },
  }),
  shell: toggleField("join the arguments to one command line for sh in the pod", {
    ...running,
    absentFrom: { tools: unjudged, workflows: "a command that is a text is such a line" },
  }),
  substitute: named(
    { flag: "subst" },
    toggleField("replace {pod}, {namespace}, {node}, {ip} and {index} in the arguments", {
      ...running,
      absentFrom: { tools: unjudged, workflows: "`foreach` over targets has their names" },
    }),
  ),
};

/** The layouts that a user can select by name. */
const outputModes = ["prefix", "group", "fold", "raw", "none"] as const;

/** The layout of the output; `report` is for programs, which choose it by the format. */
export const layoutFields = {
  outputMode: ofSetting(
    "outputMode",
    choiceField("output layout", outputModes, {
      ...{ absentFrom: { tools: asData, page: asData }, presets: { workflows: "prefix" } },
      ...{ excludes: { output: "" }, ...output },
    }),
  ),
};

/** The options of a run that its record can repeat, and how its output is joined. */
export const runFields = {
  ...fanOutFields,
  ...commandFields,
  ...layoutFields,
  foldStderr: toggleField("with fold: standard error must be the same too", {
    ...{ absentFrom: { tools: asData, page: asData, workflows: asData }, ...output },
  }),
  diff: toggleField("show the majority output, and diffs for others", {
    ...{ absentFrom: { tools: asData, page: asData, workflows: asData }, ...output },
    excludes: { output: "", group: "" },
  }),
  maxExitCode: named(
    { flag: "max-rc" },
    toggleField("exit with the largest exit code of a pod", {
      ...{ absentFrom: { tools: asData, page: asData, workflows: asData }, ...output },
    }),
  ),
};

const onLine = {
  tools: asked,
  page: asked,
  workflows: "a run of a workflow is confirmed as a whole",
};

/** When a change of pods is confirmed. */
export const confirmFields = {
  yes: toggleField("run without asking, however many pods there are", {
    ...{ short: "y", absentFrom: onLine, ...running },
  }),
  confirmAbove: ofSetting(
    "confirmAbove",
    wholeField("ask before a command that may change more than N pods", {
      ...{ least: 0, variable: "KODAMA_CONFIRM_ABOVE", absentFrom: onLine, ...running },
    }),
  ),
};

const unattended = { tools: interactive, page: interactive, workflows: interactive };
const listed = {
  tools: "`pods` lists them",
  page: "the view of pods lists them",
  workflows: "the plan lists them",
};
const saved = { tools: asData, page: asData, workflows: "it is `save`" };

/** What only a command line gives a run: its terminal, its folder, its rounds. */
export const lineFields = {
  stdin: toggleField("pass standard input to every pod's command", {
    ...{ short: "i", absentFrom: unattended, ...running },
  }),
  watchMs: named(
    { flag: "watch" },
    intervalField(
      "repeat the command, 10s after each round or as given, and print what has changed",
      10_000,
      {
        ...running,
        excludes: { stdin: "", tty: "", list: "", outdir: "", events: "", sample: "", shuffle: "" },
        absentFrom: {
          tools: "an answer has an end",
          page: "a run of the page can be repeated by its button",
          workflows: "a workflow is repeated as a whole",
        },
      },
    ),
  ),
  list: toggleField("print the pods that would be used, and run nothing", {
    ...{ absentFrom: listed, ...running },
  }),
  outdir: textField("also write each pod's output to DIR/POD.stdout and DIR/POD.stderr", {
    ...{ placeholder: "DIR", lookup: "files", absentFrom: saved, ...output },
  }),
  force: toggleField("replace the files of an earlier run in the output folder", {
    ...{ needs: ["outdir"], absentFrom: saved, ...output },
  }),
};

/** How a terminal shows a run. */
export const execViewFields = {
  fold: toggleField(
    "print equal outputs once, under the names of their pods: the layout fold",
    { excludes: { output: "", outputMode: "" }, ...output },
  ),
  group: toggleField("print each pod's output in one piece: the layout group", {
    ...{ excludes: { output: "", outputMode: "", fold: "" }, ...output },
  }),
  output: choiceField("print one JSON object per pod", ["json", "jsonl"], {
    ...{ short: "o", ...output },
  }),
  events: toggleField("with -o jsonl: one object per event instead of per pod", output),
  progress: or(
    choiceField("progress: a line on a terminal, or events on stderr", ["auto", "json", "none"], {
      ...output,
    }),
    "auto",
  ),
  quiet: toggleField("don't print a summary, or pods that aren't ready", {
    ...{ short: "q", ...output },
  }),
};

/** One terminal, for one pod. */
export const ttyField = toggleField("give the command a terminal; one pod only", {
  ...{ short: "t", absentFrom: unattended, ...running },
});

/** One command in all selected pods. */
export const exec = operation({
  name: "exec",
  about: "runs one command in every selected pod at once, and reports how each of them ended",
  effect: "changes",
  operands: ["pods", "command"],
  input: {
    command: named({ entry: "exec" }, textsField("the program and its arguments")),
    ...selectionFields,
    all: allField,
    ...runFields,
    ...confirmFields,
    ...lineFields,
    tty: ttyField,
  },
  view: execViewFields,
  check({ all, command, ...input }) {
    if (command.length === 0) throw new UsageError("you must specify at least one command");
    if (all || isChosen(selectionOf(input).selection)) return;
    throw new UsageError("no pods are chosen", { hint: 'name some, or set "all" to true' });
  },
});

/** What each pod's command is given. */
export type CommandOptions = Partial<Input<typeof commandFields>>;

/** Returns the run that an input asks for. */
export function runOf(input: Input<typeof exec.input>) {
  return { command: input.command, ...selectionOf(input), ...valuesOf(runFields, input) };
}

/** Returns whether a selection names one pod: its output is passed on as it is, as by `kubectl exec`. */
export function namesOnePod(
  { operands }: Pick<Selection, "operands">,
  contexts: readonly string[],
): boolean {
  const [operand, ...others] = operands;
  return operand?.kind === "pod" && others.length === 0 && contexts.length < 2;
}
