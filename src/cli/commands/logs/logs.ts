import { resolveAgentLogs, runAgentLogs } from "../agent/agent_logs.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import { optionValues } from "../../parser/option_flag.ts";
import { logsFlags } from "./flags.ts";
import { endsOnTerminal, styleOf } from "../../output.ts";
import { resolveSelection, selectionOperands } from "../../parser/selection.ts";
import type { LogsOptions } from "../../../actions/logs/events.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { LogsPainterOptions } from "../../../present/logs_painter.ts";

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
  examples: [
    { title: "Follow all containers of a deployment", line: "kodama logs -f deploy/web" },
    {
      title: "Print the last ten lines of each drive",
      line: "kodama logs -n storage -m drive --tail 10",
    },
    {
      title: "Find errors of the last hour in all namespaces",
      line: "kodama logs -A -l app=web --since 1h --grep 'ERROR|panic'",
    },
    { title: "Print the log of a container that crashed", line: "kodama logs web-0 --previous" },
    {
      title: "Print fields of structured logs",
      line: "kodama logs -f deploy/api --json-fields level,msg,error",
    },
    { title: "Follow the agent of a session", line: "kodama logs --agent my-work -f" },
    {
      title: "Print lines by a template",
      line: "kodama logs -m web --template '{time} {pod} {json.level} {message}'",
    },
  ],
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
    const { options: requested, view, kubeconfig, pick } = resolved.containers;
    const { terminal, signals, environment } = invocation;
    const choosing = pick ? { kind: "many" } as const : undefined;
    const chosen = await chooseTargets(choosing, requested, {
      kubeconfig,
      invocation,
      purpose: "logs",
    });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const options = { ...requested, ...narrowed };
    const [{ logs }, { drive }, { LogsPainter }] = await Promise.all([
      import("../../../actions/logs/logs.ts"),
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
    return await drive(({ signal }) => logs(host, { ...options, signal }), {
      terminal,
      signals,
      clock: host.clock,
      painter,
      milestone: (event) => event.kind === "ended" ? event : undefined,
    });
  },
});

/* Resolves the args of `kodama logs` into the action's options and how the logs are shown. */

/** How logs are shown, according to the flags. */
interface LogsView extends Omit<LogsPainterOptions, "terminal" | "style" | "moreRequests"> {
  color: ColorChoice;
}

/** The resolved args. */
interface ResolvedLogs {
  options: Omit<LogsOptions, "signal">;
  view: LogsView;
  kubeconfig: string | undefined;
  /** A person chooses among the pods first. */
  pick: boolean;
}

/** Throws `UsageError` for flags that contradict each other. */
function resolveLogs(words: ParsedArgs<typeof logsFlags>): ResolvedLogs {
  const { flags, given } = words;
  refuseContradictions(flags, given);
  refuseNamedExclude(words);
  const { contexts, kubeconfig, selection, pick } = resolveSelection({
    ...words,
    flags: { ...flags, "container": undefined, "all-phases": true },
  });
  // Two operands may be a pod and its container, as in kubectl: the painter decides by the number of logs.
  const single = selection.operands.length > 0 && selection.operands.length <= 2 &&
    selection.operands.every(({ kind }) => kind === "pod") && contexts.length < 2 && !flags.prefix;
  const { tailLines, sinceMs, ...reading } = optionValues(logsFlags, flags);
  return {
    kubeconfig,
    pick,
    options: {
      contexts,
      selection,
      containers: {
        names: flags.container,
        exclude: flags["exclude-container"],
        init: flags["init-containers"],
        ephemeral: flags["ephemeral-containers"],
        states: flags["container-state"],
      },
      ...reading,
      start: definedOnly({
        tailLines,
        sinceSeconds: sinceMs === undefined ? undefined : Math.ceil(sinceMs / 1000),
        sinceTime: flags["since-time"],
      }),
      filter: { include: [...flags.grep, ...flags.include], exclude: flags["exclude-lines"] },
      ...definedOnly({
        condition: flags.condition,
      }),
    },
    view: {
      format: given.has("prefix") && !flags.prefix && flags.output === "default"
        ? "raw"
        : flags.output,
      single,
      quiet: flags.quiet,
      color: flags.color,
      template: flags.template,
      jsonFields: flags["json-fields"] ?? [],
      highlight: flags.highlight,
      timestamps: flags.timestamps,
    },
  };
}

function refuseContradictions(
  flags: ParsedArgs<typeof logsFlags>["flags"],
  given: ReadonlySet<string>,
): void {
  const pairs = [
    ["follow", "previous", flags.follow === true && flags.previous === true],
    ["follow", "limit-bytes", flags.follow === true && flags["limit-bytes"] !== undefined],
    ["since", "since-time", flags.since !== undefined && flags["since-time"] !== undefined],
    ["output", "template", given.has("output") && flags.template !== undefined],
  ] as const;
  for (const [one, other, both] of pairs) {
    if (both) throw new UsageError(`--${one} and --${other} can't be used together`);
  }
  if (given.has("all-containers") && !flags["all-containers"]) {
    throw new UsageError(
      "--all-containers=false is not supported: all containers are the default",
      {
        hint: "-c NAME chooses one",
      },
    );
  }
  if (flags.timestamps !== undefined && flags.template !== undefined) {
    throw new UsageError("--timestamps and --template can't be used together", {
      hint: "put {time} into the template",
    });
  }
  if (flags["json-fields"] === undefined || !flags.output.startsWith("json")) return;
  throw new UsageError("--json-fields and --output can't be used together", {
    hint: `with -o ${flags.output} the whole line is the message`,
  });
}

/** In stern, `--exclude` excludes lines. Here it excludes pods, which has no effect if all pods are named. */
function refuseNamedExclude({ flags, operands }: ParsedArgs<typeof logsFlags>): void {
  const [pattern] = flags.exclude;
  const named = operands.length > 0 && operands.every((one) => !one.includes("/"));
  // A text that can't be part of a pod's name excludes none.
  const excludesNone = pattern?.kind === "substring" && !/^[a-z0-9.-]+$/.test(pattern.text);
  if (pattern === undefined || !(named || excludesNone)) return;
  throw new UsageError("--exclude excludes pods by name, and would exclude none", {
    hint: "--exclude-lines RE excludes lines",
  });
}
