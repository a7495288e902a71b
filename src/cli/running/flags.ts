/** The flags of everything that runs a command in pods: `exec` and `run` share them, meaning for meaning. */
import {
  BadValue,
  choice,
  count,
  durationMs,
  text,
  toggle,
  value,
  valueOr,
  values,
} from "../flag.ts";
import { colorFlag } from "../output.ts";
import { amount, amounts } from "./amounts.ts";

const modes = choice(["prefix", "group", "fold", "raw", "none"]);
const formats = choice(["json", "jsonl"]);
const progresses = choice(["auto", "json", "none"]);
const running = { group: "Running" };
const output = { group: "Output" };

/** Of `exec` and `run`, by their long names. */
export const runningFlags = {
  "stdin": toggle("pass standard input to every pod's command", { short: "i", ...running }),
  "fanout": value("pods at the same time; the others wait (default 32, or $KODAMA_FANOUT)", count, {
    placeholder: "N",
    ...running,
  }),
  "serial": value(
    "run in batches of so many pods: 1,5,20% is one, then five, then fifths",
    amounts,
    {
      placeholder: "N|P%,...",
      ...running,
    },
  ),
  "max-fail": value("begin no further batch, or pod, once more than these have failed", amount, {
    placeholder: "N|P%",
    ...running,
  }),
  "fail-fast": toggle("begin no further pod once one has failed", running),
  "connect-timeout": value(
    "longest wait for a server that is down, and for a pod's stream to open (default 15s, or $KODAMA_CONNECT_TIMEOUT)",
    durationMs,
    {
      placeholder: "DURATION",
      ...running,
    },
  ),
  "timeout": value("longest time a command may take (default none)", durationMs, {
    placeholder: "DURATION",
    variable: "KODAMA_TIMEOUT",
    ...running,
  }),
  "env": values("variable of the command's environment", environmentPair, {
    placeholder: "NAME=VALUE",
    ...running,
  }),
  "workdir": value("directory to run the command in", text, { placeholder: "DIR", ...running }),
  "shell": toggle("the words are one line for sh in the pod", running),
  "subst": toggle("replace {pod}, {namespace}, {node}, {ip} and {index} in the words", running),
  "yes": toggle("don't ask, however many pods there are", { short: "y", ...running }),
  "confirm-above": valueOr(
    "ask when more pods than this are to run what may change them",
    count,
    "10",
    {
      placeholder: "N",
      variable: "KODAMA_CONFIRM_ABOVE",
      ...running,
    },
  ),
  "list": toggle("print the pods that would be used, and run nothing", running),
  "output-mode": value(
    "how output is put together (default prefix, or $KODAMA_OUTPUT_MODE)",
    modes.parse,
    {
      ...modes,
      ...output,
    },
  ),
  "fold-stderr": toggle("with --output-mode fold: standard error must be the same too", output),
  "diff": toggle("the answer of most pods, and where the others differ from it", output),
  "outdir": value("keep each pod's output in DIR/POD.stdout and DIR/POD.stderr too", text, {
    placeholder: "DIR",
    completion: { kind: "files" },
    ...output,
  }),
  "force": toggle("with --outdir: replace the files of an earlier run", output),
  "output": value("one JSON object for each pod instead", formats.parse, {
    short: "o",
    ...formats,
    ...output,
  }),
  "events": toggle("with -o jsonl: one object for each event, in place of each pod", output),
  "progress": valueOr(
    "how far it is: a line on a terminal, or events on stderr",
    progresses.parse,
    "auto",
    {
      ...progresses,
      ...output,
    },
  ),
  "color": colorFlag,
  "quiet": toggle("no summary, and no word of skipped pods", { short: "q", ...output }),
  "max-rc": toggle("exit with the largest exit code of a pod", output),
};

/** Of `exec` alone. */
export const execFlags = {
  "tty": toggle("give the command a terminal; one pod only", { short: "t", ...running }),
};

/** `NAME=VALUE`, with a name that a shell takes. The value may be empty, and may hold `=`. */
export function environmentPair(raw: string): readonly [name: string, value: string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(raw);
  if (match === null) throw new BadValue(raw, "must be NAME=VALUE");
  return [match[1] ?? "", match[2] ?? ""];
}
