import type { ShellOptions } from "../../../actions/shell/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";
import { shellOptions } from "../../../actions/shell/options.ts";
import { givenValues } from "../../parser/option_flag.ts";
import { keepMsOf, shellFlags } from "./flags.ts";

/** `kodama shell`. */
export const command = defineCommand({
  description:
    "Opens a shell in one pod: the first of bash, zsh, ash, dash, ksh and sh that its image has. With " +
    "a command after --, runs that on a terminal instead. If several pods match, the picker asks " +
    "which one.\n\n" +
    "If the pod has tmux or dtach, the shell runs inside it, and survives a broken connection: it " +
    "stays in the pod for the time of --keep-for, and the same command reconnects to it. Otherwise " +
    "the shell ends with its connection. A command ends with its connection unless --keep-for is " +
    "given.",
  operands: selectionOperands,
  trailing: "optional",
  flags: { ...selectionFlags, ...shellFlags },
  examples: {
    "Open a shell in a pod": "kodama shell web-0",
    "Choose one of a deployment's pods": "kodama shell deploy/web",
    "In another container and directory": "kodama shell web-0 -c sidecar --workdir /var/log",
    "Run a program on a terminal": "kodama shell web-0 -- top",
    "Run a command that survives a broken connection":
      "kodama shell web-0 --keep-for 2h -- ./migrate.sh",
    "Open a shell that ends with its connection": "kodama shell web-0 --keep-for 0",
    "Record the session, for asciinema play": "kodama shell web-0 --log transcripts",
  },
  exitCodes: [
    ["1", "kodama itself failed, or the image has no shell"],
    [
      "2",
      "the command line is wrong, no pod matches, or several do and there is no terminal to ask on",
    ],
    ["3", "the stream did not open in time"],
    ["4", "the pod couldn't be reached, or the connection broke and the shell has ended"],
    ["130", "stopped by a signal, or the picker was closed without a choice"],
    ["other", "the exit code of the shell"],
  ],
  seeAlso: [
    "kodama exec --help runs a command in many pods.",
    "kodama tmux --help opens a shell in each pod of a selection.",
  ],
  resolve(words) {
    const { flags, given, trailing } = words;
    const { contexts, selection, pick } = resolveSelection(words);
    const [operand, ...others] = selection.operands;
    const named = operand?.kind === "pod" && others.length === 0 && contexts.length < 2;
    if (flags.from?.tookStdin === true) {
      throw new UsageError("standard input can't name the pod and be the shell's", {
        hint: "--from FILE names it too",
      });
    }
    if (flags.new && flags["keep-for"] === 0) {
      throw new UsageError("--new and --keep-for 0 can't be used together", {
        hint: "a shell that doesn't outlive its connection is always a new one",
      });
    }
    const options = {
      contexts,
      selection,
      command: trailing ?? [],
      keepMs: keepMsOf({ flags, given, trailing }),
      ...givenValues(shellOptions, words),
    } satisfies Omit<ShellOptions, "signal" | "stdin" | "terminal">;
    const choosing = pick
      ? { kind: "one" as const }
      : named
      ? undefined
      : { kind: "oneIfUnclear" as const };
    return { options, choosing };
  },
  run: async ({ options: resolved, choosing }, invocation) => {
    const chosen = await chooseTargets(choosing, resolved, { invocation, purpose: "a shell" });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const [{ shell }, { showShell }] = await Promise.all([
      import("../../../actions/shell/shell.ts"),
      import("./show_shell.ts"),
    ]);
    return await showShell(
      (extras) => shell(host, { ...resolved, ...narrowed, ...extras }),
      { invocation, clock: host.clock, isCommand: resolved.command.length > 0 },
    );
  },
});
