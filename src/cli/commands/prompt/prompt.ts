/** Tasks of a session's agent: given, and interrupted. */
import { definedOnly } from "../../../base/json_value.ts";
import type { Clock } from "../../../base/clock.ts";
import { UsageError } from "../../../base/errors.ts";
import { plural } from "../../../base/plural.ts";
import { printable } from "../../../terminal/printable.ts";
import type { OutputStream } from "../../../terminal/terminal.ts";
import {
  adapterFlag,
  agentLimitFlags,
  agentOperand,
  agentRef,
  agentScopeFlags,
} from "../agent/flags.ts";
import { askConsent, theirsFlag } from "../session/theirs.ts";
import { promptSource, readPrompt } from "./prompt_text.ts";
import { followExitCodes, showFollow } from "../agent/show_follow.ts";
import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, count, text, toggle, value, valueOr, values } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { jsonDocument } from "../../../present/json.ts";
import { environmentPair } from "../../../operation/field.ts";

/** `kodama prompt`. */
const prompt = defineCommand({
  description:
    "Gives a task to the coding agent of a session. The agent works in the pod, independently of this " +
    "machine and its connection. If the agent is working already, the task is queued, and runs only if " +
    "the tasks before it succeed, unless --anyway is given. A prompt " +
    "continues the last conversation unless --new is given.\n\n" +
    "The agent is Claude Code, which must be installed in the pod's image. It may do " +
    "everything that the pod allows, unless --permissions ask is given. Arguments after -- are passed " +
    "to its command line. With --adapter command, they are your own command, which reads the prompt " +
    "from standard input.",
  operands: [agentOperand, { name: "PROMPT", arity: "optional" }],
  trailing: "optional",
  flags: {
    ...agentScopeFlags,
    ...theirsFlag,
    "file": value("read the prompt from FILE, or - for stdin", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    "follow": toggle("follow what the agent does, until the task has ended", { short: "f" }),
    "anyway": toggle("run the task even if a task that it is queued behind fails"),
    "new": toggle("start a new conversation"),
    "continue": value("continue the conversation of task N", count),
    "adapter": adapterFlag,
    ...agentLimitFlags,
    "env": values("environment variable for this task", environmentPair, {
      placeholder: "NAME=VALUE",
    }),
    "workdir": value("working directory (default /workspace, or the home folder)", text, {
      placeholder: "DIR",
    }),
    "output": valueOr("output format", choice(["text", "json"]), "text", { short: "o" }),
  },
  examples: {
    "Give the agent a task": 'kodama prompt my-work "Add tests for the login"',
    "Follow what it does": 'kodama prompt my-work -f "Now run them"',
    "Read the prompt from a file": "kodama prompt my-work --file tasks/refactor.md",
    "Use another model": 'kodama prompt my-work "Review it" -- --model opus',
    "Plan without changing anything":
      'kodama prompt my-work --new "What is slow here?" -- --permission-mode plan',
    "Approve its tools, from any machine, by kodama agent approve":
      'kodama prompt my-work --permissions ask "Clean up the branches"',
    "Spend no more than this": 'kodama prompt my-work --budget 2.50 "Fix the build"',
    "Run a command instead of Claude Code, in any pod":
      'kodama prompt pod/web-0 --adapter command "check the data" -- ./agent.sh',
  },
  exitCodes: followExitCodes,
  seeAlso: [
    "kodama logs --agent NAME shows what the agent did.",
    "kodama agent list NAME shows its tasks.",
    "kodama agent approve NAME lets it use a tool.",
    "kodama interrupt NAME stops it.",
  ],
  resolve({ flags, operands: [name = "", prompt], trailing }) {
    const missing = 'give it as in: kodama prompt NAME "Add tests", or with --file FILE';
    if (flags.follow && flags.output === "json") {
      throw new UsageError("--follow and --output json can't be used together", {
        hint: "`kodama agent logs NAME -f -o jsonl` gives events as data",
      });
    }
    if (flags.new && flags.continue !== undefined) {
      throw new UsageError("--new and --continue can't be used together");
    }
    const options = {
      adapter: flags.adapter,
      args: trailing ?? [],
      environment: Object.fromEntries(flags.env),
      conversation: flags.new ? "new" as const : flags.continue ?? "latest" as const,
      permissions: flags.permissions,
      anyway: flags.anyway,
      ...definedOnly({ workdir: flags.workdir, budgetUsd: flags.budget }),
    };
    return {
      name,
      ref: agentRef(flags, name),
      theirs: flags.theirs,
      source: promptSource(prompt, flags.file, missing),
      options,
      follow: flags.follow,
      json: flags.output === "json",
    };
  },
  async run({ name, ref, theirs, source, options, follow, json }, invocation) {
    const { terminal, signals } = invocation;
    const host = await invocation.host();
    const [{ agentTargetFor }, { folderInPod }, { startTask }] = await Promise.all([
      import("../../../actions/session/agent_pod.ts"),
      import("../../../actions/session/folder_in_pod.ts"),
      import("../../../actions/agent/tasks.ts"),
    ]);
    const { target, started } = await interruptible(signals, async (signal) => {
      const prompt = await readPrompt(source, { host, terminal, signal });
      using _notice = noticeAfter(terminal.stderr, host.clock, `giving the task to ${name}`);
      const consent = askConsent({ theirs, terminal, signal });
      const found = await agentTargetFor(host, ref, { verb: "prompt", consent, signal });
      const { target, session } = found;
      const folder = session && await folderInPod(host, session, signal);
      return {
        target,
        started: await startTask(host, target, { ...options, prompt, folder, signal }),
      };
    });
    const { number, behind, continues } = started;
    if (json) {
      const data = { task: number, pod: target.pod, continues: continues ?? null, behind };
      await terminal.stdout.write(jsonDocument(data));
      return success;
    }
    if (!follow) {
      const does = behind.length > 0 ? `waits for task ${behind.join(", ")}` : "began";
      const continuation = continues === undefined ? "" : `, continues task ${continues}`;
      const shown = behind.length > 0
        ? `kodama agent logs ${name} --task ${number} -f`
        : `kodama logs --agent ${name} -f`;
      await terminal.stdout.write(
        `task ${number} ${does}${continuation}\n${shown}   # shows it\n`,
      );
      return success;
    }
    const { followTask } = await import("../../../actions/agent/follow.ts");
    return await showFollow(
      (signal) => followTask(host, target, { number, signal }),
      { invocation, format: "text", name },
    );
  },
});

/** `kodama interrupt`. */
const interrupt = defineCommand({
  description:
    "Interrupts the agent of a session: its current task ends as interrupted, with all processes it " +
    "started in the pod. The conversation is stored, and the next prompt continues it. Of the tasks that " +
    "were queued behind it only those with --anyway run. --task takes a task from the queue.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    ...theirsFlag,
    task: value("interrupt task N (default the current task)", count),
  },
  examples: {
    "Interrupt the current task": "kodama interrupt my-work",
    "Remove a task from the queue": "kodama interrupt my-work --task 4",
  },
  exitCodes: [
    ["0", "the task has ended"],
    ["1", "no agent is working, or some of its processes couldn't be ended"],
    ["2", "the command line is wrong"],
    ["4", "the pod couldn't be reached"],
  ],
  seeAlso: ["kodama agent list NAME shows the tasks of a session."],
  resolve: ({ flags, operands: [name = ""] }) => ({
    ref: agentRef(flags, name),
    theirs: flags.theirs,
    task: flags.task,
  }),
  async run({ ref, theirs, task }, { host: openHost, terminal, signals }) {
    const host = await openHost();
    const [{ agentTargetFor }, { interruptTask }] = await Promise.all([
      import("../../../actions/session/agent_pod.ts"),
      import("../../../actions/agent/tasks.ts"),
    ]);
    const words = "waiting for the agent to end its turn; it is killed where it doesn't";
    using _reported = noticeAfter(terminal.stderr, host.clock, words);
    const { number, late, remaining, next, dropped } = await interruptible(
      signals,
      async (signal) => {
        const consent = askConsent({ theirs, terminal, signal });
        const { target } = await agentTargetFor(host, ref, { verb: "interrupt", consent, signal });
        const which = task === undefined ? {} : { number: task };
        return await interruptTask(host, target, { ...which, signal });
      },
    );
    const line = late ? `task ${number} had ended` : `task ${number} interrupted`;
    await terminal.stdout.write(`${line}\n`);
    if (dropped.length > 0) {
      const tasks = dropped.length === 1 ? "task" : "tasks";
      await terminal.stderr.write(`${tasks} ${dropped.join(", ")} queued behind it: not run\n`);
    }
    if (next !== undefined) {
      const prompt = printable(next.prompt.split("\n")[0]?.slice(0, 100) ?? "");
      await terminal.stderr.write(`task ${next.number} starts now: ${prompt}\n`);
    }
    if (remaining === 0) return success;
    const processes = plural(remaining, "process", "processes");
    await terminal.stderr.write(`${processes} of it did not end on KILL\n`);
    return failure;
  },
});

/** A shorter wait gets no message. */
const silentMs = 1000;

/** Prints a message on a terminal if a wait takes longer than a second; dispose of it when the wait is over. */
function noticeAfter(stream: OutputStream, clock: Clock, text: string): Disposable {
  return clock.timer(silentMs, () => {
    if (!stream.isTerminal) return;
    // Informational: nothing depends on anyone reading it.
    stream.write(`${printable(text)}\n`).catch(() => {});
  });
}

/** The commands of this file, by name. */
export const commands = { prompt, interrupt };
