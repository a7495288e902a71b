import type { ShellOptions } from "../../../actions/shell/events.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { UsageError } from "../../../base/errors.ts";
import { chosenBy, leftWithoutChoice } from "../../choose_targets.ts";
import { defineCommand } from "../../parser/command.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";
import { keepMsOf, shellFlags } from "./flags.ts";

/** `kodama shell`. */
export const command = defineCommand({
  description:
    "Opens a shell in one pod: the first of bash, zsh, ash, dash, ksh and sh that its image has; or runs " +
    "the words behind -- on a terminal there. Where several pods match, the picker asks which.\n\n" +
    "Where the pod has tmux or dtach, the shell runs below it, unseen, and a broken link ends nothing: " +
    "the shell waits in the pod for a while (--keep-for) and is found again, by this kodama or by the " +
    "next one with the same words. Elsewhere a shell ends with its link, and so does a command, unless " +
    "--keep-for is given.",
  operands: selectionOperands,
  trailing: "optional",
  flags: { ...selectionFlags, ...shellFlags },
  examples: [
    { title: "A shell in a pod", line: "kodama shell web-0" },
    {
      title: "In one of a deployment's pods, which the picker asks for",
      line: "kodama shell deploy/web",
    },
    {
      title: "In another container, in a folder of it",
      line: "kodama shell web-0 -c sidecar --workdir /var/log",
    },
    { title: "A program on a terminal", line: "kodama shell web-0 -- top" },
    {
      title: "One that goes on while the link is broken",
      line: "kodama shell web-0 --keep-for 2h -- ./migrate.sh",
    },
    { title: "Nothing that outlives the link", line: "kodama shell web-0 --keep-for 0" },
    {
      title: "With a transcript, for asciinema play",
      line: "kodama shell web-0 --log transcripts",
    },
  ],
  exitCodes: [
    ["1", "kodama itself failed, or the image has no shell"],
    ["2", "the command line is wrong, no pod matches, or several do and nobody can be asked"],
    ["3", "the stream was not open in time"],
    ["4", "the pod couldn't be reached, or the link broke and the shell was not found again"],
    ["130", "stopped by a signal, or left the picker without a choice"],
    ["other", "the exit code of the shell"],
  ],
  seeAlso: [
    "kodama exec --help runs a command in many pods.",
    "kodama tmux --help opens a shell in each pod of a selection.",
  ],
  resolve(words) {
    const { flags, given, trailing } = words;
    const { contexts, kubeconfig, selection, pick } = resolveSelection(words);
    const [operand, ...others] = selection.operands;
    const named = operand?.kind === "pod" && others.length === 0 && contexts.length < 2;
    if (flags.from?.tookStdin === true) {
      throw new UsageError("standard input can't name the pod and be the shell's", {
        hint: "--from FILE names it too",
      });
    }
    if (flags.new && flags["keep-for"] === 0) {
      throw new UsageError("--new and --keep-for 0 contradict each other", {
        hint: "a shell that isn't kept is always a new one",
      });
    }
    const options = {
      contexts,
      selection,
      command: trailing ?? [],
      keepMs: keepMsOf({ flags, given, trailing }),
      fresh: flags.new,
      ...definedOnly({
        connectTimeoutMs: flags["connect-timeout"],
        workdir: flags.workdir,
        log: flags.log,
        environment: flags.env.length === 0 ? undefined : Object.fromEntries(flags.env),
      }),
    } satisfies Omit<ShellOptions, "signal" | "stdin" | "terminal">;
    const choosing = pick
      ? { kind: "one" as const }
      : named
      ? undefined
      : { kind: "oneIfUnclear" as const };
    return { options, kubeconfig, choosing };
  },
  run: async ({ options: asked, kubeconfig, choosing }, invocation) => {
    const chosen = await chosenBy(choosing, asked, { kubeconfig, invocation, purpose: "a shell" });
    if (chosen === undefined) return leftWithoutChoice;
    const { host, ...narrowed } = chosen;
    const [{ shell }, { showShell }] = await Promise.all([
      import("../../../actions/shell/shell.ts"),
      import("./show_shell.ts"),
    ]);
    return await showShell(
      (extras) => shell(host, { ...asked, ...narrowed, ...extras }),
      { invocation, clock: host.clock, isCommand: asked.command.length > 0 },
    );
  },
});
