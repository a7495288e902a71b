import { shellLineCommand } from "../../../actions/session/events.ts";
import type { ShellOptions } from "../../../actions/shell/events.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { placeOf, scopeFlags, sessionOperand } from "./flags.ts";
import { printable } from "../../../terminal/printable.ts";
import { keepMsOf, shellFlags } from "../shell/flags.ts";

const { workdir: _workdir, ...attachFlags } = shellFlags;

/** `kodama attach`. */
export const command = defineCommand({
  description:
    "Opens a shell in a session, in /workspace; or runs a line of shell there, with --command. Nothing but " +
    "the kubeconfig is needed, so that a teammate can attach too.\n\n" +
    "Where the session's image has tmux, a broken link ends nothing: the shell waits, and is found again.",
  operands: [sessionOperand],
  trailing: "optional",
  flags: {
    ...scopeFlags,
    command: value("line of shell to run in place of an interactive one", text, {
      placeholder: "LINE",
    }),
    "shared": toggle("one shell for all who attach so, by the pod's tmux; Ctrl-b d leaves it"),
    "read-only": toggle("watch the shared shell, read-only"),
    ...attachFlags,
  },
  examples: [
    { title: "A shell", line: "kodama attach my-work" },
    { title: "One command", line: 'kodama attach my-work --command "ls -la /workspace"' },
    { title: "One shell for two people", line: "kodama attach my-work --shared" },
    { title: "Look on at it", line: "kodama attach my-work --read-only" },
    { title: "Words as they are", line: "kodama attach my-work -- git log --oneline" },
  ],
  exitCodes: [
    ["1", "there is no such session, or it doesn't run"],
    ["2", "the command line is wrong"],
    ["4", "the pod couldn't be reached, or the link broke and the shell was not found again"],
    ["other", "the exit code of the shell"],
  ],
  seeAlso: ["kodama shell --help says more of shells whose link breaks."],
  resolve(words) {
    const { flags, given, trailing, operands: [name] } = words;
    if (flags.command !== undefined && trailing !== undefined) {
      throw new UsageError("--command and words after -- contradict each other");
    }
    const line = flags.command;
    const shared = flags.shared || flags["read-only"];
    if (shared && (line !== undefined || trailing !== undefined)) {
      throw new UsageError("a shared shell is a shell, and no command");
    }
    const command = trailing ?? (line === undefined ? [] : shellLineCommand(line));
    const options = {
      command,
      keepMs: command.length === 0
        ? flags["keep-for"]
        : keepMsOf({ flags, given, trailing: command }),
      fresh: flags.new,
      workdir: "/workspace",
      ...definedOnly({
        connectTimeoutMs: flags["connect-timeout"],
        log: flags.log,
        environment: flags.env.length === 0 ? undefined : Object.fromEntries(flags.env),
      }),
    } satisfies Partial<ShellOptions>;
    return {
      place: placeOf(flags, name),
      options: shared ? { ...options, keepMs: 0 } : options,
      joins: shared ? { readOnly: flags["read-only"] } : undefined,
      kubeconfig: flags.kubeconfig,
    };
  },
  async run({ place, options, joins, kubeconfig }, invocation) {
    if (joins !== undefined && !invocation.terminal.stdin.isTerminal) {
      throw new UsageError("a shared shell needs a terminal");
    }
    const host = await invocation.host({ kubeconfig });
    const [{ findSession }, { postpone }, { killedSync }, { shell }, { showShell }] = await Promise
      .all([
        import("../../../actions/find_session.ts"),
        import("../../../actions/session/time_limits.ts"),
        import("../../../actions/session/sync_here.ts"),
        import("../../../actions/shell/shell.ts"),
        import("../shell/show_shell.ts"),
      ]);
    const { target, words, folder } = await interruptible(invocation.signals, async (signal) => {
      const found = await findSession(host, place, signal);
      const wordsOf = async () => {
        if (joins === undefined) return options.command;
        const { sharedShell } = await import("../../../actions/session/shared_shell.ts");
        return await sharedShell(host, found, { ...joins, signal });
      };
      // Attaching shortly before the end is in time, for a short command too.
      const [words, folder] = await Promise.all([
        wordsOf(),
        killedSync(host, found),
        postpone(host, found, signal),
      ]);
      return { target: found.target, words, folder };
    });
    if (folder !== undefined) {
      await invocation.terminal.stderr.write(
        `warning: ${printable(folder)} isn't synced: the process of the sync was killed; ` +
          `kodama start ${place.name} starts it again\n`,
      );
    }
    const { wholeSelection } = await import("../../../actions/exec/events.ts");
    const selection = {
      ...wholeSelection,
      namespaces: { kind: "named" as const, names: [target.namespace] },
      operands: [{ kind: "pod" as const, name: target.pod }],
      container: target.container,
    };
    const contexts = [target.context];
    return await showShell(
      (extras) => shell(host, { ...options, command: words, contexts, selection, ...extras }),
      { invocation, clock: host.clock, isCommand: options.command.length > 0 },
    );
  },
});
