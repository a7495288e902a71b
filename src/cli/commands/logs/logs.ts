import { resolveAgentLogs, runAgentLogs } from "../agent/agent_logs.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import {
  fieldValues,
  flagOf,
  flagsOf,
  refuseContradictoryFlags,
  spellFlag,
} from "../../parser/option_flag.ts";
import { colorFlag, endsOnTerminal, styleOf } from "../../output.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";
import { logFields, logs, logViewFields } from "../../../actions/logs/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { toggle } from "../../parser/flag.ts";

const { "all-phases": _phases, container: _container, ...podFlags } = selectionFlags;

/** The flags of `kodama logs`; hidden ones are other tools' names of what is there, or the default. */
export const logsFlags = {
  ...podFlags,
  "agent": toggle("show what the coding agent of a session did, instead of its container's log", {
    group: "Reading",
  }),
  ...flagsOf(logFields),
  "include": flagOf(logFields.grep, { hidden: true }),
  ...flagsOf(logViewFields),
  "color": colorFlag,
  "all-containers": toggle("kubectl's flag for what is the default", { hidden: true }),
  "ignore-errors": toggle("kubectl's flag for what is the default", { hidden: true }),
  "prefix": toggle("kubectl's flag: a name in front of each line, of a single container too", {
    hidden: true,
  }),
};

/** `kodama logs`. */
export const command = defineCommand({
  description:
    "Prints the logs of every container of the selected pods, merged by the servers' timestamps. With " +
    "-f it follows them: pods that start later are included, restarted containers are read on, and " +
    "broken connections are reopened without losing or repeating a line.\n\n" +
    "Pods are named by operands (web-0, deploy/web) or chosen by flags, in any phase. If a single " +
    "container of a single named pod has a log, it is printed as by kubectl logs.\n\n" +
    "With --agent, the operand is a session, and the output is what its coding agent did for its " +
    "newest task.",
  operands: selectionOperands,
  flags: logsFlags,
  examples: {
    "Follow all containers of a deployment": "kodama logs -f deploy/web",
    "Print the last ten lines of each drive": "kodama logs -n storage -m drive --tail 10",
    "Find errors of the last hour in all namespaces":
      "kodama logs -A -l app=web --since 1h --grep 'ERROR|panic'",
    "Print the log of a container that crashed": "kodama logs web-0 --previous",
    "Print fields of structured logs": "kodama logs -f deploy/api --json-fields level,msg,error",
    "Follow the agent of a session": "kodama logs --agent my-work -f",
    "Print lines by a template":
      "kodama logs -m web --template '{time} {pod} {json.level} {message}'",
  },
  exitCodes: [
    ["0", "every log was read to its end"],
    ["1", "a server refused a log, or kodama itself failed"],
    ["2", "the command line is wrong, or no container has a log"],
    ["4", "a cluster or a log couldn't be reached"],
    ["130", "stopped by Ctrl-C or a signal; what came before it was shown"],
  ],
  seeAlso: ["kodama pods --help shows what a selection matches."],
  resolve: (words) =>
    words.flags.agent
      ? { kind: "agent" as const, agent: resolveAgentLogs(words) }
      : { kind: "containers" as const, containers: resolveLogs(words) },
  run: async (resolved, invocation) => {
    if (resolved.kind === "agent") return await runAgentLogs(resolved.agent, invocation);
    const { options: requested, view, pick } = resolved.containers;
    const { terminal, signals, environment } = invocation;
    const choosing = pick ? { kind: "many" } as const : undefined;
    const chosen = await chooseTargets(choosing, requested, { invocation, purpose: "logs" });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const options = { ...requested, ...narrowed };
    const [{ readLogs }, { drive }, { LogsPainter }] = await Promise.all([
      import("../../../actions/logs/read_logs.ts"),
      import("../../../terminal/driver/drive.ts"),
      import("../../../present/logs_painter.ts"),
    ]);
    const { color, ...shown } = view;
    const painter = new LogsPainter({
      ...shown,
      moreRequests: "--max-log-requests",
      terminal: endsOnTerminal(terminal.stdout, color),
      style: styleOf(terminal.stdout, environment, color),
    });
    return await drive(({ signal }) => readLogs(host, { ...options, signal }), {
      terminal,
      signals,
      clock: host.clock,
      painter,
      milestone: (event) => event.kind === "ended" ? event : undefined,
    });
  },
});

/** Throws `UsageError` for flags that contradict each other. */
function resolveLogs(words: ParsedArgs<typeof logsFlags>) {
  const { flags, given } = words;
  const { selection, contexts, pick } = resolveSelection({
    ...words,
    flags: { ...flags, "container": undefined, "all-phases": true },
  });
  const fields = { ...logFields, ...logViewFields };
  refuseContradictoryFlags(fields, words);
  const { color, prefix } = flags;
  const reading = fieldValues(logFields, flags);
  const { output: format, ...view } = fieldValues(logViewFields, flags);
  const { operands, operands: { length } } = selection;
  logs.check?.({ ...fieldValues(logs.input, flags), pods: [operands] }, spellFlag(logs.input));
  if (given.has("all-containers") && !flags["all-containers"]) {
    throw new UsageError(
      "--all-containers=false is not supported: all containers are the default",
      { hint: "-c NAME chooses one" },
    );
  }
  if (view.jsonFields !== undefined && format.startsWith("json")) {
    throw new UsageError("--json-fields and --output can't be used together", {
      hint: `with -o ${format} the whole line is the message`,
    });
  }
  // Two operands may be a pod and its container, as in kubectl: the painter decides by the number of logs.
  const single = length > 0 && length <= 2 && contexts.length < 2 && !prefix &&
    operands.every(({ kind }) => kind === "pod");
  return {
    pick,
    options: {
      ...reading,
      ...{ contexts, selection },
      grep: [...reading.grep, ...flags.include],
    },
    view: {
      ...{ ...view, single, color },
      format: given.has("prefix") && !prefix && format === "default" ? "raw" as const : format,
      jsonFields: view.jsonFields ?? [],
    },
  };
}
