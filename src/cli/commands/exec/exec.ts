import type { ExecOptions } from "../../../actions/exec/events.ts";
import { namesOnePod } from "../../../actions/exec/options.ts";
import { commandLine } from "../../../base/shell_quote.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import { exitCodeTable } from "../../exit_codes.ts";
import { execFlags, runningFlags } from "./flags.ts";
import { listFormat, resolveRunning } from "./options.ts";
import { showRun } from "./show_run.ts";
import { chooseTargets, choosingOf } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import {
  allFlag,
  resolveSelection,
  selectionFlags,
  selectionOperands,
} from "../../parser/selection.ts";
import { parsePodOperand } from "../../../base/workload_kinds.ts";
import type { Flags } from "../../parser/flag.ts";
import { flagAwaiting } from "../../parser/parse.ts";

const flagsOfExec = { ...selectionFlags, ...allFlag, ...execFlags, ...runningFlags };

/** `kodama exec`, and `kpod`. */
export const command = defineCommand({
  description:
    "Runs one command in every pod of a selection, many at the same time, and reports how each of " +
    "them ended. A pod is ok only if the server confirmed that the command exited with exit code 0.\n\n" +
    "Pods are named by operands (web-0, deploy/web) or chosen by flags; a pod must match all of them. " +
    "Without any, --all is required to use every pod. If a single pod is named, kodama behaves as " +
    "kubectl exec: the output is unchanged, and the exit code is the command's.",
  operands: selectionOperands,
  trailing: "required",
  flags: flagsOfExec,
  examples: {
    "Run a command in every pod of a deployment": "kodama exec deploy/web -- uptime",
    "Print equal outputs of many pods once": "kodama exec -n storage -m drive --fold -- uname -r",
    "One pod first, then 20% at a time; stop after more than two failures":
      "kodama exec sts/db --serial 1,20% --max-fail 2 -- /opt/restart.sh",
    "Show what differs, and where": "kodama exec -m web --diff -- cat /etc/app.conf",
    "Repeat a command every five seconds, and print what changes":
      "kodama exec -m drive --watch=5s -- weka version",
    "Open a shell in one pod": "kodama exec -it web-0 -- sh",
    "Use three pods at random, and print JSON":
      "kodama exec -l app=web --sample 3 -o jsonl -- cat /etc/hostname",
    "Use the pods that another command prints":
      "kubectl get pods -o name | kodama exec --from - -- uptime",
    "List the pods without running anything": "kodama exec -A -m web --list",
  },
  exitCodes: exitCodeTable,
  seeAlso: [
    "kodama pods --help shows what a selection matches.",
    "kodama runs --help shows past runs, and runs their failed pods again. Their output is stored for " +
    "30 days; kodama config set runs.outputs false turns that off.",
  ],
  resolve(words) {
    const { flags, given, trailing } = words;
    const running = resolveRunning(words);
    // The first operand that can't be a pod probably starts the command: the error shows where `--` belongs.
    if (trailing === undefined && !running.list) throw noCommand(flagsOfExec, words);
    const selected = resolveSelection(words);
    const { contexts, selection, pick } = selected;
    if ((flags.stdin || flags.tty) && flags.from?.tookStdin === true) {
      throw new UsageError("standard input can't name the pods and be passed to them", {
        hint: "--from FILE names them too",
      });
    }
    if (flags.tty && running.options.outputMode !== undefined) {
      throw new UsageError("the output of a terminal has no layout", {
        hint: "leave out --tty, or the output flags",
      });
    }
    const named = namesOnePod(selection, contexts) && !given.has("from") &&
      !given.has("from-run");
    const asRun = (tty: boolean, stdin: boolean) => {
      const single = tty || (named && running.options.outputMode === undefined);
      const options = {
        ...running.options,
        ...(single ? { outputMode: "raw" as const } : {}),
        ...(tty ? { oneTarget: true } : {}),
        contexts,
        selection,
        command: trailing ?? [],
      } satisfies Omit<ExecOptions, "signal">;
      const view = { ...running.view, single, tty, stdin };
      // A terminal is for one pod: if several match, the person chooses one.
      const choosing = pick
        ? { kind: tty ? "one" as const : "many" as const }
        : tty && !named
        ? { kind: "oneIfUnclear" as const }
        : choosingOf(selected, { all: flags.all, mustChoose: !running.list });
      return { options, view, choosing };
    };
    const { list, options: { outputMode }, view } = running;
    const [program = ""] = trailing ?? [];
    if (program.startsWith("-")) {
      throw new UsageError(`the command begins with ${program}`, {
        hint: "flags of kodama come before --, the program right after it",
      });
    }
    const opens = isInteractiveShell(trailing ?? []) && !view.stdin && !flags.tty && !list;
    if (opens && (outputMode !== undefined || view.watchMs !== undefined)) {
      throw shellWithoutInput(trailing ?? []);
    }
    return { ...asRun(flags.tty, view.stdin), shell: opens ? asRun(true, true) : undefined, list };
  },
  run: async ({ list, shell, ...run }, invocation) => {
    const { stdin, stdout } = invocation.terminal;
    if (shell !== undefined && !(stdin.isTerminal && stdout.isTerminal)) {
      throw shellWithoutInput(run.options.command);
    }
    const { options: resolved, view, choosing } = shell ?? run;
    const purpose = list ? "list" : commandLine(resolved.command);
    const chosen = await chooseTargets(choosing, resolved, { invocation, purpose });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const options = { ...resolved, ...narrowed };
    if (list) {
      const { showPods } = await import("../pods/table.ts");
      const format = listFormat(view.format);
      return await showPods({ ...options, pick: false }, {
        host,
        invocation,
        format,
        quiet: view.quiet,
      });
    }
    if (chosen.picked !== undefined && !view.quiet) {
      // The picker has cleared the screen, and a command without output wouldn't show where it ran.
      const { pickedText } = await import("../../../runs/notes.ts");
      await invocation.terminal.stderr.write(`${printable(pickedText(chosen.picked))}\n`);
    }
    if (invocation.terminal.stderr.isTerminal && !view.quiet && !view.tty) {
      const { noteRecording } = await import("../../../actions/exec/recording_note.ts");
      await noteRecording(host);
    }
    const { exec } = await import("../../../actions/exec/exec.ts");
    return await showRun((extras) => exec(host, { ...options, ...extras }), {
      invocation,
      clock: host.clock,
      view,
      command: options.command,
    });
  },
});

/* A shell as the whole command. Without input it ends at once, and would be ok; at a terminal it is opened instead. */

const shells = ["bash", "zsh", "fish", "ash", "dash", "ksh", "sh"];
/** Flags with which a shell still reads its commands from its input. */
const interactiveFlags = ["-i", "-l", "-il", "-li", "--login", "--norc", "--noprofile"];

function isInteractiveShell([program = "", ...args]: readonly string[]): boolean {
  return shells.includes(program.slice(program.lastIndexOf("/") + 1)) &&
    args.every((arg) => interactiveFlags.includes(arg));
}

function shellWithoutInput(command: readonly string[]): UsageError {
  const line = commandLine(command);
  return new UsageError(`${line} has no input here, and would end at once`, {
    hint:
      `-i passes standard input to it, ${line} -c 'LINE' runs a line, and at a terminal it is opened in one pod`,
  });
}

/* The usage error for a command line without `--`: it shows where `--` belongs in the args as typed. */

/** Flags that choose pods: an operand after one of them is likely to be the command. */
const choosing: readonly string[] = [
  ...["-m", "--match", "-l", "--selector", "--field-selector", "-A", "--all-namespaces"],
  ...["--node", "--from", "--from-run", "--all", "-P", "--pick"],
];

/**
 * Returns the usage error for args without a command. Older kubectl allowed omitting the dashes (`exec web-0 ls -la`):
 * the command starts at the first operand that can't be a pod, and all further args belong to it.
 */
export function noCommand(
  flags: Flags,
  { line, spoken }: Pick<ParsedArgs<Flags>, "line" | "spoken">,
): UsageError {
  const start = commandStart(flags, line);
  const ours = line.slice(0, start);
  const command = start < line.length ? line.slice(start) : ["uname", "-a"];
  const pods = ours.length === 0 ? ["web-0"] : ours;
  return new UsageError("no command to run", {
    hint: `put the command after --: ${spoken} ${commandLine(pods)} -- ${commandLine(command)}`,
  });
}

/** Returns the index of the command's first argument; the number of args if all of them choose pods. */
function commandStart(flags: Flags, line: readonly string[]): number {
  let isChosen = false;
  for (let at = 0; at < line.length; at++) {
    const arg = line[at] ?? "";
    if (arg.length > 1 && arg.startsWith("-")) {
      isChosen ||= choosing.some((flag) => arg === flag || arg.startsWith(`${flag}=`));
      if (flagAwaiting(flags, arg) !== undefined) at++;
      continue;
    }
    if (isChosen && !isWorkload(arg)) return at;
    isChosen = true;
  }
  return line.length;
}

function isWorkload(arg: string): boolean {
  return parsePodOperand(arg).kind === "workload";
}
