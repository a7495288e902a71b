/** The flags of all commands that run a command in pods: `exec` and `run` share them with the same meaning. */
import { confirmOptions, execOptions, watchOptions } from "../../../actions/exec/options.ts";
import { colorFlag } from "../../output.ts";
import { choice, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { optionFlag } from "../../parser/option_flag.ts";

const running = { group: "Running" };
const output = { group: "Output" };

/** The flags of `exec` and `run`. */
export const runningFlags = {
  "stdin": toggle("pass standard input to every pod's command", { short: "i", ...running }),
  "fanout": optionFlag(execOptions, "fanout", running),
  "serial": optionFlag(execOptions, "serial", running),
  "max-fail": optionFlag(execOptions, "maxFail", running),
  "fail-fast": optionFlag(execOptions, "failFast", running),
  "require-all": optionFlag(execOptions, "requireAll", running),
  "connect-timeout": optionFlag(execOptions, "connectTimeoutMs", running),
  "timeout": optionFlag(execOptions, "timeoutMs", running),
  "env": optionFlag(execOptions, "environment", running),
  "workdir": optionFlag(execOptions, "workdir", { placeholder: "DIR", ...running }),
  "shell": optionFlag(execOptions, "shell", running),
  "subst": optionFlag(execOptions, "substitute", running),
  "watch": optionFlag(watchOptions, "watchMs", running),
  "yes": toggle("run without asking, however many pods there are", { short: "y", ...running }),
  "confirm-above": optionFlag(confirmOptions, "above", running),
  "list": toggle("print the pods that would be used, and run nothing", running),
  "output-mode": optionFlag(execOptions, "outputMode", output),
  "fold": toggle(
    "print equal outputs once, under the names of their pods (--output-mode fold)",
    output,
  ),
  "group": toggle("print each pod's output in one piece (--output-mode group)", output),
  "fold-stderr": optionFlag(execOptions, "foldStderr", output),
  "diff": optionFlag(execOptions, "diff", output),
  "outdir": value("also write each pod's output to DIR/POD.stdout and DIR/POD.stderr", text, {
    placeholder: "DIR",
    completion: { kind: "files" },
    ...output,
  }),
  "force": toggle("with --outdir: replace the files of an earlier run", output),
  "output": value("print one JSON object per pod", choice(["json", "jsonl"]), {
    short: "o",
    ...output,
  }),
  "events": toggle("with -o jsonl: one object per event instead of per pod", output),
  "progress": valueOr(
    "progress: a line on a terminal, or events on stderr",
    choice(["auto", "json", "none"]),
    "auto",
    { ...output },
  ),
  "color": colorFlag,
  "quiet": toggle("don't print a summary, or pods that aren't ready", { short: "q", ...output }),
  "max-rc": optionFlag(execOptions, "maxExitCode", output),
};

/** The flags of `exec` alone. */
export const execFlags = {
  "tty": toggle("give the command a terminal; one pod only", { short: "t", ...running }),
};
