/**
 * The flags and operands of `kodama forward`. If kubectl port-forward has the flag, its name and meaning are the same.
 */
import type { ForwardGroup, ForwardOptions } from "../../../actions/forward/forward.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { looksLikePorts, parsePorts, type PortMapping } from "../../../actions/forward/ports.ts";
import { type Faults, parseFaults } from "../../../actions/forward/traffic.ts";
import { absolutePath } from "../../../base/absolute_path.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { version } from "../../version.ts";
import type { ParsedArgs } from "../../parser/command.ts";
import { BadValue, choice, durationMs, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { resolveSelection, selectionFlags } from "../../parser/selection.ts";

/** Parses faults. Throws {@link BadValue}. */
function faults(raw: string): Faults {
  try {
    return parseFaults(raw);
  } catch (error) {
    throw error instanceof KodamaError ? new BadValue(raw, error.message) : error;
  }
}

/** Parses `9090`, `0.0.0.0:9090`, `[::1]:9090`. Throws {@link BadValue}. */
function metricsAddress(raw: string): { hostname: string; port: number } {
  const [, hostname = "127.0.0.1", port = ""] = /^(?:\[?([^\[\]]+?)\]?:)?(\d{1,5})$/.exec(raw) ??
    [];
  if (port === "" || Number(port) > 65_535) {
    throw new BadValue(raw, "it is not a port or an address with one", { hint: "as in 9090" });
  }
  return { hostname, port: Number(port) };
}

const ports = { group: "Ports" };
const {
  "all-phases": _phases,
  container: _container,
  sample: _sample,
  sort: _sort,
  shuffle: _shuffle,
  ...podFlags
} = selectionFlags;

/** The flags of `kodama forward`. */
export const forwardFlags = {
  ...podFlags,
  "balance": toggle("use one local port for all pods, instead of one for each", ports),
  "free": toggle("if a local port is taken, use the next free one", ports),
  "address": valueOr(
    "address to listen on; localhost is both loopback addresses",
    text,
    "localhost",
    { placeholder: "ADDRESS", ...ports },
  ),
  "grace": valueOr(
    "how long connections wait for the cluster, or for another pod",
    durationMs,
    "30s",
    { ...ports },
  ),
  "inspect": toggle("print requests and protocols of the connections, without bodies or secrets", {
    group: "Traffic",
  }),
  "record": value(
    "record requests in FILE: a HAR if it ends in .har, else a JSON line for each event",
    text,
    { placeholder: "FILE", group: "Traffic", completion: { kind: "files" } },
  ),
  "fault": value(
    "disturb the connections: latency=200ms,bandwidth=1Mi,drop=1%",
    faults,
    { placeholder: "NAME=VALUE", group: "Traffic" },
  ),
  "detach": toggle("run in the background, and return when the ports are open", {
    short: "d",
    group: "Background",
  }),
  "name": value("name in the background (default the target's)", text, {
    placeholder: "NAME",
    group: "Background",
  }),
  "served": value("the name of this process in the background", text, { hidden: true }),
  "output": value("print data", choice(["json", "jsonl"]), { short: "o", group: "Output" }),
  "metrics": value(
    "serve counters for Prometheus at [ADDRESS:]PORT (default address the loopback)",
    metricsAddress,
    { placeholder: "[ADDRESS:]PORT", group: "Output" },
  ),
  "no-live": toggle("don't show the live rows on a terminal", { group: "Output" }),
  "quiet": toggle("print only addresses, failures and errors", { short: "q", group: "Output" }),
};

/** Flags that choose pods: without any, the first operand is a pod. */
const choosers = "match exclude selector field-selector node from from-run pick".split(" ");

/** The resolved args. */
export interface ForwardArgs {
  options: Omit<ForwardOptions, "signal">;
  /** No args: a terminal offers the sets of the settings, and those that ran before. */
  isEmpty: boolean;
  pick: boolean;
  format: "text" | "json" | "jsonl";
  live: boolean;
  quiet: boolean;
  /** The path of a record, as given. */
  record: string | undefined;
  /** The args as typed, and a name for them, to start the same forward again. */
  typed: { name: string; line: readonly string[] };
  /** The args can be repeated later, without a person or standard input. */
  isRepeatable: boolean;
  /** Run in the background. */
  detach: boolean;
  /** The name of the set, if this process serves it in the background. */
  served: string | undefined;
}

/** Throws `UsageError` for ports and targets that contradict each other. */
export function resolveForward(words: ParsedArgs<typeof forwardFlags>): ForwardArgs {
  const { flags, given, operands } = words;
  const isChosen = choosers.some((flag) => given.has(flag)) || flags["all-namespaces"];
  const sorted = sortOperands(operands, isChosen);
  const targets = sorted.flatMap(({ targets }) => targets);
  const isEmpty = operands.length === 0 && given.size === 0;
  if (targets.length === 0 && !isChosen && !isEmpty) {
    throw new UsageError(
      operands.length === 0 ? "nothing to forward to" : "the ports are given, and no pod",
      { hint: "as in: kodama forward svc/web 8080:80" },
    );
  }
  const { selection: { operands: parsed, ...selection }, contexts, pick } = resolveSelection({
    ...words,
    operands: targets,
    flags: {
      ...flags,
      "container": undefined,
      "all-phases": true,
      "sample": undefined,
      "sort": "name",
      "shuffle": false,
    },
  });
  let at = 0;
  const groups = sorted.map(({ targets, ports }): ForwardGroup => {
    const first = at;
    at += targets.length;
    return { targets: parsed.slice(first, at), ports };
  });
  // Ports of --from come behind the operands.
  const named = parsed.slice(at);
  const [first = { targets: [], ports: [] }, ...others] = groups;
  return {
    options: {
      contexts,
      selection: { ...selection, operands: [] },
      groups: [{ ...first, targets: [...first.targets, ...named] }, ...others],
      balance: flags.balance,
      free: flags.free,
      address: flags.address,
      graceMs: flags.grace,
      traffic: { inspect: flags.inspect, version, ...definedOnly({ faults: flags.fault }) },
      ...definedOnly({ metrics: flags.metrics }),
    },
    isEmpty,
    pick,
    format: flags.output ?? "text",
    live: !flags["no-live"],
    quiet: flags.quiet,
    record: flags.record,
    typed: { name: nameOf(words, targets), line: words.line },
    isRepeatable: !onlyHere.some((flag) => given.has(flag)),
    detach: flags.detach,
    served: flags.served,
  };
}

/** @throws UsageError for flags that make no sense in the background, or only there. */
function nameOf(
  { flags, given }: ParsedArgs<typeof forwardFlags>,
  targets: readonly string[],
): string {
  if (!flags.detach && given.has("name")) throw new UsageError("--name is for --detach");
  for (const flag of flags.detach ? onlyHere : []) {
    if (given.has(flag)) throw new UsageError(`--${flag} and --detach can't be used together`);
  }
  const [target] = targets;
  return flags.name ??
    (target ?? flags.selector ?? "forward").replaceAll(/[^A-Za-z0-9._-]+/g, "-");
}

/** Flags that a process in the background can't use: they need a person, standard input or standard output. */
const onlyHere: readonly string[] = ["pick", "from", "from-run", "inspect"];

/** Flags of the command itself, which a process in the background doesn't get. */
const ownFlags = /^(?:-d|-q|-o.*|--(?:detach|quiet|no-live|name|output)(?:=.*)?)$/;

/** Returns the args for a process in the background, which runs in another folder. */
export function backgroundArgs(
  line: readonly string[],
  { context, workingDir }: { context: string; workingDir: string },
): string[] {
  const args: string[] = [];
  let isValue = false;
  for (const [index, arg] of line.entries()) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (ownFlags.test(arg)) {
      isValue = ["-o", "--name", "--output"].includes(arg);
      continue;
    }
    const [, flag = "", path = arg] = /^(--(?:kubeconfig|record)=)(.*)$/s.exec(arg) ?? [];
    const isPath = flag !== "" || ["--kubeconfig", "--record"].includes(line[index - 1] ?? "");
    const [, socket, port = ""] = /^unix:(.+):([^:]+)$/s.exec(arg) ?? [];
    args.push(
      isPath
        ? `${flag}${absolutePath(path, workingDir)}`
        : socket === undefined
        ? arg
        : `unix:${absolutePath(socket, workingDir)}:${port}`,
    );
  }
  const isContextGiven = line.some((arg) => /^--context(?:=|$)/.test(arg));
  return isContextGiven ? args : [...args, `--context=${context}`];
}

/**
 * Targets, and the ports behind them: a target after ports starts the next group. A bare name is a pod if it comes
 * first, and else a port's.
 */
function sortOperands(
  operands: readonly string[],
  isChosen: boolean,
): { targets: string[]; ports: PortMapping[] }[] {
  const groups: { targets: string[]; ports: PortMapping[] }[] = [];
  for (const [index, operand] of operands.entries()) {
    const isBare = !looksLikePorts(operand) && !operand.includes("/");
    const isPort = looksLikePorts(operand) || (isBare && (index > 0 || isChosen));
    let group = groups.at(-1);
    if (group === undefined || (!isPort && group.ports.length > 0)) {
      group = { targets: [], ports: [] };
      groups.push(group);
    }
    if (isPort) group.ports.push(...portsOf(operand));
    else group.targets.push(operand);
  }
  return groups;
}

function portsOf(operand: string): PortMapping[] {
  const parsed = parsePorts(operand);
  if (Array.isArray(parsed)) return parsed;
  const isName = !looksLikePorts(operand);
  const [, pod, ports] = /^([^:]*[a-z][^:]*):([^:]+)$/i.exec(operand) ?? [];
  throw new BadValue(operand, parsed.invalid, {
    hint: isName
      ? `another pod is written pod/${operand}`
      : pod !== undefined
      ? `the ports come behind the pod: ${pod} ${ports}`
      : "ports look like 8080:80, :80, 80, https, 8443:https or 8000-8010:8000-8010",
  }, "PORT");
}

/** Returns the options with the absolute path of the record. */
export function withRecord(
  options: ForwardArgs["options"],
  record: string | undefined,
  { workingDir }: { workingDir: string },
): ForwardArgs["options"] {
  if (record === undefined) return options;
  const recordPath = absolutePath(record, workingDir);
  return { ...options, traffic: { ...options.traffic, recordPath } };
}
