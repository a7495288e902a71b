/** The flags of all commands that run a command in pods: `exec` and `run` share them with the same meaning. */
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
} from "../../parser/flag.ts";
import { colorFlag } from "../../output.ts";
import type { Amount } from "../../../actions/exec/events.ts";

/* Numbers of targets on the command line: `5`, or `20%` of all of them. */

const hint = "as in 5, or 20%";

/** Parses an amount from 0. Throws {@link BadValue}. */
export function parseAmount(raw: string): Amount {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(raw);
  const number = Number(match?.[1]);
  if (match?.[2] === "%" && number <= 100) return { kind: "percent", percent: number };
  if (match?.[2] === "" && Number.isInteger(number)) return { kind: "count", count: number };
  throw new BadValue(raw, "must be a number of pods, or a percentage of them", { hint });
}

/** Parses the sizes of successive batches: `1,5,20%`. Throws {@link BadValue}. */
export function amounts(raw: string): readonly Amount[] {
  return raw.split(",").map((part) => {
    const size = parseAmount(part.trim());
    if (size.kind === "count" ? size.count >= 1 : size.percent > 0) return size;
    throw new BadValue(raw, "a batch has one pod at least", { hint: "as in 1,5,20%" });
  });
}

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
    "run in batches of this size: 1,5,20% is one pod, then five, then a fifth at a time",
    amounts,
    {
      placeholder: "N|P%,...",
      ...running,
    },
  ),
  "max-fail": value(
    "start no further batch or pod after more than this many have failed",
    parseAmount,
    {
      placeholder: "N|P%",
      ...running,
    },
  ),
  "fail-fast": toggle("start no further pod after one has failed", running),
  "connect-timeout": value(
    "time to wait for an unreachable server, and for a pod's stream to open (default 15s, or $KODAMA_CONNECT_TIMEOUT)",
    durationMs,
    {
      placeholder: "DURATION",
      ...running,
    },
  ),
  "timeout": value("time limit of the command in each pod (default none)", durationMs, {
    placeholder: "DURATION",
    variable: "KODAMA_TIMEOUT",
    ...running,
  }),
  "env": values("environment variable of the command", environmentPair, {
    placeholder: "NAME=VALUE",
    ...running,
  }),
  "workdir": value("directory to run the command in", text, { placeholder: "DIR", ...running }),
  "shell": toggle("join the arguments to one command line for sh in the pod", running),
  "subst": toggle("replace {pod}, {namespace}, {node}, {ip} and {index} in the arguments", running),
  "yes": toggle("run without asking, however many pods there are", { short: "y", ...running }),
  "confirm-above": value(
    "ask before a command that may change more than N pods (default 10, or exec.confirmAbove)",
    confirmLimit,
    {
      placeholder: "N",
      variable: "KODAMA_CONFIRM_ABOVE",
      ...running,
    },
  ),
  "list": toggle("print the pods that would be used, and run nothing", running),
  "output-mode": value(
    "output layout (default prefix, or $KODAMA_OUTPUT_MODE)",
    modes.parse,
    {
      ...modes,
      ...output,
    },
  ),
  "fold": toggle(
    "print equal outputs once, under the names of their pods (--output-mode fold)",
    output,
  ),
  "group": toggle("print each pod's output in one piece (--output-mode group)", output),
  "fold-stderr": toggle("with --fold: standard error must be the same too", output),
  "diff": toggle("show the majority output, and diffs for others", output),
  "outdir": value("also write each pod's output to DIR/POD.stdout and DIR/POD.stderr", text, {
    placeholder: "DIR",
    completion: { kind: "files" },
    ...output,
  }),
  "force": toggle("with --outdir: replace the files of an earlier run", output),
  "output": value("print one JSON object per pod", formats.parse, {
    short: "o",
    ...formats,
    ...output,
  }),
  "events": toggle("with -o jsonl: one object per event instead of per pod", output),
  "progress": valueOr(
    "progress: a line on a terminal, or events on stderr",
    progresses.parse,
    "auto",
    {
      ...progresses,
      ...output,
    },
  ),
  "color": colorFlag,
  "quiet": toggle("don't print a summary, or pods that aren't ready", { short: "q", ...output }),
  "max-rc": toggle("exit with the largest exit code of a pod", output),
};

/** Of `exec` alone. */
export const execFlags = {
  "tty": toggle("give the command a terminal; one pod only", { short: "t", ...running }),
};

/** A whole number from 0: at 0 every change is confirmed. */
function confirmLimit(raw: string): number {
  if (!/^\d{1,9}$/.test(raw)) throw new BadValue(raw, "must be a whole number, 0 or more");
  return Number(raw);
}

/** `NAME=VALUE`, with a name valid in a shell. The value may be empty, and may contain `=`. */
export function environmentPair(raw: string): readonly [name: string, value: string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(raw);
  if (match === null) throw new BadValue(raw, "must be NAME=VALUE");
  return [match[1] ?? "", match[2] ?? ""];
}
