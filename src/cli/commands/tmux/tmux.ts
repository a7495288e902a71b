import {
  checkedSessionName,
  layouts,
  type TmuxEvent,
  type TmuxOptions,
} from "../../../actions/tmux/events.ts";
import { plural } from "../../../base/plural.ts";
import { UsageError } from "../../../base/errors.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { messagePiece } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { chooseTargets, choosingOf } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { confirmOption } from "../exec/confirm.ts";
import { confirmViewOf } from "../exec/options.ts";
import { runningFlags } from "../exec/flags.ts";
import {
  allFlag,
  resolveSelection,
  selectionFlags,
  selectionOperands,
} from "../../parser/selection.ts";
import type { ShellOptions } from "../../../actions/shell/events.ts";
import { shellOptions } from "../../../actions/shell/options.ts";
import { givenValues } from "../../parser/option_flag.ts";
import { keepMsOf, shellFlags } from "../shell/flags.ts";
import { defaultedTexts, failedContextText, skippedPodTexts } from "../../../runs/notes.ts";

const group = "Panes";
const { env: _secretsMayBeInIt, ...paneShellFlags } = shellFlags;

/** `kodama tmux`. */
export const command = defineCommand({
  description:
    "Opens one tmux pane for each pod of a selection, with a shell, or with the command after --. " +
    "Inside tmux, the panes open in a new window of the current session; otherwise in a new session, " +
    "which is shown. Panes that don't fit into one window open in further windows.\n\n" +
    "The border of each pane shows its pod, and how it ended. The pane of a command stays open when " +
    "the command ends; the pane of a shell stays open if the shell failed. Input to shells goes to " +
    "every pane of the window.",
  operands: selectionOperands,
  trailing: "optional",
  flags: {
    ...selectionFlags,
    ...allFlag,
    "session": value("name of a new tmux session, also inside tmux", text, {
      placeholder: "NAME",
      group,
    }),
    "layout": valueOr("layout of the panes", choice(layouts), "tiled", { group }),
    "sync": toggle("send input to all panes of a window (default for shells)", { group }),
    "no-sync": toggle("send input to one pane only", { group }),
    "detach": toggle("create the panes in the background", { short: "d", group }),
    "remain-on-exit": toggle("keep panes open when their program has ended; =false closes them", {
      group,
    }),
    ...paneShellFlags,
    "yes": runningFlags.yes,
    "confirm-above": runningFlags["confirm-above"],
  },
  examples: {
    "Open a shell in every pod of a workload": "kodama tmux sts/db",
    "Run a program in each pod": "kodama tmux -n storage -m drive -- top",
    "Choose the pods, and record the terminals":
      "kodama tmux -A -P --session night --log transcripts",
    "Create the panes in the background": "kodama tmux deploy/web --detach",
  },
  exitCodes: [
    ["0", "the panes were created; each shows how its program ended"],
    ["1", "tmux is missing or failed, or kodama itself failed"],
    ["2", "the command line is wrong, or no pod matches"],
    ["4", "a cluster couldn't be reached"],
    ["130", "stopped by Ctrl-C or a signal; the panes were closed"],
  ],
  seeAlso: ["kodama shell --help explains what runs in a pane."],
  resolve(words) {
    const { flags, given, trailing } = words;
    const selected = resolveSelection(words);
    const { contexts, selection } = selected;
    const choosing = choosingOf(selected, { all: flags.all, mustChoose: true });
    if (flags.sync && flags["no-sync"]) {
      throw new UsageError("--sync and --no-sync can't be used together");
    }
    const remains = given.has("remain-on-exit");
    const options = {
      contexts,
      selection,
      command: trailing ?? [],
      layout: flags.layout,
      sync: flags.sync || (trailing === undefined && !flags["no-sync"]),
      detach: flags.detach,
      remain: remainOf(trailing, remains ? flags["remain-on-exit"] : undefined),
      ...(flags.session === undefined ? {} : { session: checkedSessionName(flags.session) }),
    } satisfies Partial<TmuxOptions>;
    const panes: PaneFlags = {
      keepMs: keepMsOf({ flags, given, trailing }),
      ...givenValues(shellOptions, words),
    };
    const confirm = confirmViewOf(flags);
    return { options, panes, kubeconfig: flags.kubeconfig, confirm, choosing };
  },
  run: async (
    { options: resolved, panes, kubeconfig, confirm, choosing },
    invocation,
  ) => {
    const chosen = await chooseTargets(choosing, resolved, { invocation, purpose: "tmux" });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const { rowsForPanes, tmux } = await import("../../../actions/tmux/tmux.ts");
    const multiplexer = await invocation.multiplexer();
    const { terminal, signals } = invocation;
    const size = terminal.size() ?? { columns: 200, rows: 50 };
    return await drive<TmuxEvent>(
      ({ signal }) =>
        eachFlushed(
          terminal,
          tmux({ host, multiplexer }, {
            ...resolved,
            ...narrowed,
            ...paneFlags(panes, { kubeconfig, workingDir: host.places.workingDir }),
            size: { columns: size.columns, rows: rowsForPanes(size.rows) },
            terminal: terminal.stdin.isTerminal && terminal.stdout.isTerminal,
            ...confirmOption(terminal, confirm, { stdin: false, listing: "`kodama pods`", signal }),
            signal,
          }),
        ),
      {
        terminal,
        signals,
        clock: host.clock,
        painter: { paint: (event) => linesOf(event).map(messagePiece) },
        milestone: () => undefined,
        // The panes that were made are removed before any message.
        cleansUp: true,
      },
    );
  },
});

/** tmux takes the terminal after an event: messages come before. */
async function* eachFlushed(
  { stderr }: Terminal,
  events: AsyncIterable<TmuxEvent>,
): AsyncGenerator<TmuxEvent> {
  for await (const event of events) {
    yield event;
    await stderr.flush();
  }
}

/** A command's output is there to be read; a shell that ended normally has nothing more to show. */
function remainOf(
  command: readonly string[] | undefined,
  resolved: boolean | undefined,
): TmuxOptions["remain"] {
  if (resolved !== undefined) return resolved ? "on" : "off";
  return command === undefined ? "failed" : "on";
}

function linesOf(event: TmuxEvent): string[] {
  switch (event.kind) {
    case "contextFailed":
      return [failedContextText(event)];
    case "podsSkipped":
      return skippedPodTexts(event);
    case "containersDefaulted":
      return defaultedTexts(event);
    case "opened": {
      if (event.shown === "here") return [];
      const windows = event.windows === 1 ? "" : ` in ${plural(event.windows, "window")}`;
      const panes = `${plural(event.panes, "pane")}${windows}`;
      return [`${panes} in tmux session ${event.session}: tmux attach -t ${event.session}`];
    }
    case "leftBehind":
      return [`session ${event.session} is still running: tmux attach -t ${event.session}`];
  }
}

/* The flags of `kodama tmux` that are those of `kodama shell` in each pane, formatted as args. Pure. */

/** How the shells of panes are opened. */
type PaneFlags = Pick<ShellOptions, "keepMs" | "fresh" | "connectTimeoutMs" | "workdir" | "log">;

/**
 * Returns the args for every pane: paths are absolute, since a pane may start elsewhere. Variables are omitted, as
 * every user of this machine can read the args of a process.
 */
export function paneFlags(
  { keepMs, fresh, connectTimeoutMs, workdir, ...pane }: PaneFlags,
  { kubeconfig, workingDir }: { kubeconfig: string | undefined; workingDir: string },
): Pick<TmuxOptions, "shellFlags" | "writes"> {
  const log = pane.log === undefined ? undefined : absolute(pane.log, workingDir);
  const texts = {
    "kubeconfig": kubeconfig === undefined ? undefined : absolute(kubeconfig, workingDir),
    "keep-for": keepMs === 0 ? "0" : `${keepMs}ms`,
    "connect-timeout": connectTimeoutMs && `${connectTimeoutMs}ms`,
    "workdir": workdir,
    "log": log,
  };
  const given = Object.entries(texts).filter(([, text]) => text !== undefined);
  const shellFlags = given.map(([name, text]) => `--${name}=${text}`);
  return {
    shellFlags: fresh ? [...shellFlags, "--new"] : shellFlags,
    writes: log === undefined ? [] : [log],
  };
}

function absolute(path: string, workingDir: string): string {
  return path.startsWith("/") ? path : `${workingDir}/${path}`;
}
