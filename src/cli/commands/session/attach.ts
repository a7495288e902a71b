import { shellLineCommand } from "../../../actions/session/events.ts";
import type { ShellOptions } from "../../../actions/shell/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import { printable } from "../../../terminal/printable.ts";
import { forwardFlag, forwardPorts } from "./forward_ports.ts";
import { shellOptions } from "../../../actions/shell/options.ts";
import { givenValues } from "../../parser/option_flag.ts";
import { keepMsOf, shellFlags } from "../shell/flags.ts";

const { workdir: _workdir, ...attachFlags } = shellFlags;

/** `kodama attach`. */
export const command = defineCommand({
  description:
    "Opens a shell in a session, in /workspace; with --command, runs a shell command line instead. It " +
    "only needs a kubeconfig, so teammates can attach too.\n\n" +
    "If the session's image has tmux, a broken connection doesn't end the shell: it keeps running, " +
    "and kodama reconnects to it.",
  operands: [sessionOperand],
  trailing: "optional",
  flags: {
    ...scopeFlags,
    command: value("shell command line to run instead of an interactive shell", text, {
      placeholder: "LINE",
    }),
    "shared": toggle("join the session's shared shell (needs tmux in the pod); Ctrl-b d leaves it"),
    "forward": forwardFlag,
    "read-only": toggle("watch the shared shell without typing in it"),
    ...attachFlags,
  },
  examples: {
    "Open a shell": "kodama attach my-work",
    "Run one command": 'kodama attach my-work --command "ls -la /workspace"',
    "Share one shell with a teammate": "kodama attach my-work --shared",
    "Watch the shared shell": "kodama attach my-work --read-only",
    "With port 3000 of the session as 8080": "kodama attach my-work --forward 8080:3000",
    "Run a command with arguments": "kodama attach my-work -- git log --oneline",
  },
  exitCodes: [
    ["1", "there is no such session, or it is not running"],
    ["2", "the command line is wrong"],
    ["4", "the pod couldn't be reached, or the connection broke and the shell has ended"],
    ["other", "the exit code of the shell"],
  ],
  seeAlso: ["kodama shell --help explains how shells survive a broken connection."],
  resolve(args) {
    const { flags, given, trailing, operands: [name] } = args;
    if (flags.command !== undefined && trailing !== undefined) {
      throw new UsageError("--command and arguments after -- can't be combined");
    }
    const line = flags.command;
    const shared = flags.shared || flags["read-only"];
    if (shared && (line !== undefined || trailing !== undefined)) {
      throw new UsageError(
        "--shared and --read-only open a shell, and can't be combined with a command",
      );
    }
    const command = trailing ?? (line === undefined ? [] : shellLineCommand(line));
    const options = {
      command,
      keepMs: command.length === 0
        ? flags["keep-for"]
        : keepMsOf({ flags, given, trailing: command }),
      ...givenValues(shellOptions, args),
    } satisfies Partial<ShellOptions>;
    return {
      ref: sessionRef(flags, name),
      options: shared ? { ...options, keepMs: 0 } : options,
      ...(shared ? { shared: { readOnly: flags["read-only"] } } : {}),
      kubeconfig: flags.kubeconfig,
      ports: flags.forward,
    };
  },
  async run({ ref, options, shared, kubeconfig, ports }, invocation) {
    if (shared !== undefined && !invocation.terminal.stdin.isTerminal) {
      throw new UsageError("a shared shell needs a terminal");
    }
    const host = await invocation.host();
    const [{ attach }, { shell }, { showShell }] = await Promise.all([
      import("../../../actions/session/attach.ts"),
      import("../../../actions/shell/shell.ts"),
      import("../shell/show_shell.ts"),
    ]);
    const attached = await interruptible(
      invocation.signals,
      (signal) =>
        attach(host, ref, {
          command: options.command,
          ...(shared === undefined ? {} : { shared }),
          signal,
        }),
    );
    const { session, uid, target, unsynced } = attached;
    if (unsynced !== undefined) {
      await invocation.terminal.stderr.write(
        `warning: ${printable(unsynced)} isn't synced: the process of the sync was killed; ` +
          `kodama start ${ref.name} starts it again\n`,
      );
    }
    await forwardPorts(host, { session, uid, pod: target, ports, kubeconfig }, invocation);
    return await showShell(
      (extras) => shell(host, { ...options, ...attached.shell, ...extras }),
      { invocation, clock: host.clock, isCommand: options.command.length > 0 },
    );
  },
});
