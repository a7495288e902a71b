/** Resolves the args of `kodama logs` into the action's options and how the logs are shown. */
import type { LogsOptions } from "../../../actions/logs/events.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { Words } from "../../parser/command.ts";
import { resolveSelection } from "../../parser/selection.ts";
import type { logsFlags } from "./flags.ts";
import type { LogsPainterOptions } from "./painter.ts";

/** The default number of logs read at the same time. */
const places = { whole: 50, following: 500 };

/** How logs are shown, as far as the flags determine it. */
export interface LogsView extends
  Pick<
    LogsPainterOptions,
    "format" | "single" | "quiet" | "template" | "jsonFields" | "highlight" | "timestamps"
  > {
  color: ColorChoice;
}

/** The resolved args. */
export interface ResolvedLogs {
  options: Omit<LogsOptions, "signal">;
  view: LogsView;
  kubeconfig: string | undefined;
  /** A person chooses among the pods first. */
  pick: boolean;
}

/** Throws `UsageError` for flags that contradict each other. */
export function resolveLogs(words: Words<typeof logsFlags>): ResolvedLogs {
  const { flags, given } = words;
  refuseContradictions(flags, given);
  refuseNamedExclude(words);
  const { contexts, kubeconfig, selection, pick } = resolveSelection({
    ...words,
    flags: { ...flags, "container": undefined, "all-phases": true },
  });
  // The second one may be the container of the first, as in kubectl: the painter counts the actual logs.
  const single = selection.operands.length > 0 && selection.operands.length <= 2 &&
    selection.operands.every(({ kind }) => kind === "pod") && contexts.length < 2 && !flags.prefix;
  const since = flags.since === undefined ? undefined : Math.ceil(flags.since / 1000);
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
      follow: flags.follow,
      previous: flags.previous,
      start: definedOnly({
        tailLines: flags.tail,
        sinceSeconds: since,
        sinceTime: flags["since-time"],
      }),
      filter: { include: [...flags.grep, ...flags.include], exclude: flags["exclude-lines"] },
      maxRequests: flags["max-log-requests"] ?? (flags.follow ? places.following : places.whole),
      ...definedOnly({ condition: flags.condition, limitBytes: flags["limit-bytes"] }),
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
  flags: Words<typeof logsFlags>["flags"],
  given: ReadonlySet<string>,
): void {
  const pairs = [
    ["follow", "previous", flags.follow && flags.previous],
    ["follow", "limit-bytes", flags.follow && flags["limit-bytes"] !== undefined],
    ["since", "since-time", flags.since !== undefined && flags["since-time"] !== undefined],
    ["output", "template", given.has("output") && flags.template !== undefined],
  ] as const;
  for (const [one, other, both] of pairs) {
    if (both) throw new UsageError(`--${one} and --${other} contradict each other`);
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
    throw new UsageError("--timestamps and --template contradict each other", {
      hint: "put {time} into the template",
    });
  }
  if (flags["json-fields"] === undefined || !flags.output.startsWith("json")) return;
  throw new UsageError("--json-fields and --output contradict each other", {
    hint: `with -o ${flags.output} the whole line is the message`,
  });
}

/** stern excludes lines with the flag that excludes pods here: beside a pod's own name it can't apply to pods. */
function refuseNamedExclude({ flags, operands }: Words<typeof logsFlags>): void {
  const [pattern] = flags.exclude;
  const named = operands.length > 0 && operands.every((one) => !one.includes("/"));
  // A text that can't be part of a pod's name excludes none.
  const excludesNone = pattern?.kind === "substring" && !/^[a-z0-9.-]+$/.test(pattern.text);
  if (pattern === undefined || !(named || excludesNone)) return;
  throw new UsageError("--exclude excludes pods by name, and would exclude none", {
    hint: "--exclude-lines RE excludes lines",
  });
}
