/** Tools that read pods and run commands in them: `pods`, `top`, `exec`, `read_file`, `logs`. */
import { exec as runCommand } from "../actions/exec/exec.ts";
import {
  compressNames,
  type ExecEvent,
  type ExecOptions,
  type FoldedGroup,
  outcomeText,
  type RunSummary,
} from "../actions/exec/events.ts";
import { exec, runOf } from "../actions/exec/options.ts";
import { confirmForModel } from "../actions/confirm_change.ts";
import { readLogs } from "../actions/logs/read_logs.ts";
import { logs, textOf, withSelection } from "../actions/logs/events.ts";
import { type ScopedSelection, selectionFields, selectionOf } from "../actions/selection.ts";
import { listPods } from "../actions/pick/list_pods.ts";
import type { Selection } from "../actions/pick/pods.ts";
import { type NodeSelection, readUsage } from "../actions/top/top.ts";
import { sortedUsage, type UsageRow } from "../actions/top/usage.ts";
import {
  choiceField,
  offered,
  or,
  textField,
  toggleField,
  wholeField,
} from "../operation/field.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { plural } from "../base/plural.ts";
import { type ListedPod, statusTable } from "../present/pods_table.ts";
import {
  defaultedTexts,
  failedContextText,
  notRecordedText,
  skippedPodTexts,
} from "../runs/notes.ts";
import { singleOutcomeText } from "../present/summary.ts";
import { usageTable } from "../present/usage_table.ts";
import type { Section } from "./fit.ts";
import { credentialsRefused, type PodAnswer, refuseCredentials } from "./credential_commands.ts";
import { beginsWithToken } from "./secrets.ts";
import { secretSources } from "../actions/exec/secret_sources.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const podFields = offered(selectionFields, "tools");

const narrow = "narrow with pods, match, selector, namespaces or sample";

/** `pods`. */
export const podsTool = defineTool({
  name: "pods",
  title: "List pods",
  description: "Lists the pods that a selection matches, as kubectl get pods does: those with " +
    "problems first, and a count of each status. Changes nothing.",
  options: {
    ...podFields,
    allPhases: { ...toggleField("also pods that have ended"), default: true },
  },
  async run({ allPhases, ...values }, { host, signal }) {
    const selected = selectionOf({ ...values, allPhases });
    const pods: ListedPod[] = [];
    const notes: string[] = [];
    for await (const event of listPods(host, { ...selected, signal })) {
      if (event.kind === "contextFailed") notes.push(failedContextText(event));
      else {
        pods.push(
          ...event.targets.map((target, index) => ({ target, state: event.states[index] })),
        );
        notes.push(...skippedPodTexts(event));
      }
    }
    const hasProblem = ({ state }: ListedPod) =>
      state !== undefined && state.status !== "Completed" &&
      (state.status !== "Running" || state.readyContainers < state.totalContainers);
    const restarts = ({ state }: ListedPod) => state?.restarts ?? 0;
    pods.sort((a, b) => Number(hasProblem(b)) - Number(hasProblem(a)) || restarts(b) - restarts(a));
    const [header = "", ...rows] = statusTable(pods, {
      context: selected.contexts.length > 1,
      namespace: new Set(pods.map(({ target }) => target.namespace)).size > 1,
      wide: false,
      nowMs: host.clock.now().getTime(),
    });
    const summary = [
      `${plural(pods.length, "pod")}: ${
        countsOf(pods.map(({ state }) => state?.status ?? "unknown"))
      }`,
      ...namespaceCounts(pods),
      ...problemNodes(pods.filter(hasProblem)),
    ];
    return [
      { lines: summary, unit: "lines" },
      { lines: notes, unit: "notes" },
      { lines: [header], unit: "lines" },
      { lines: rows.map(compact), unit: "pods", more: narrow },
    ];
  },
});

/** Columns apart by two blanks cost fewer tokens than aligned ones. */
/** `top`. */
export const topTool = defineTool({
  name: "top",
  title: "Usage of CPU and memory",
  description:
    "CPU and memory that pods, containers or nodes use, beside their requests and limits, " +
    "the largest first. The server needs the metrics API. Changes nothing.",
  options: {
    of: or(choiceField("rows of the answer", ["pods", "containers", "nodes"]), "pods"),
    sortBy: or(choiceField("order of the rows", ["cpu", "memory", "name"]), "cpu"),
    ...podFields,
  },
  async run({ of: subject, sortBy: sort, ...values }, { host, signal }) {
    const { contexts, selection } = selectionOf(values);
    const rows: UsageRow[] = [];
    const notes: string[] = [];
    const usage = readUsage(host, {
      contexts,
      subject: subject === "nodes"
        ? { kind: "nodes", selection: nodesOf(selection) }
        : { kind: "pods", selection, byContainer: subject === "containers" },
      sort,
      signal,
    });
    for await (const part of usage) {
      rows.push(...part.rows);
      notes.push(
        ...part.failed.map(failedContextText),
        ...skippedPodTexts({ context: contexts[0] ?? "", ...part }),
      );
    }
    const columns = {
      subject,
      context: contexts.length > 1,
      namespace: new Set(rows.map(({ namespace }) => namespace)).size > 1,
    };
    const [header = "", ...lines] = usageTable(sortedUsage(rows, sort), columns);
    return [
      { lines: notes, unit: "notes" },
      { lines: [compact(header)], unit: "lines" },
      { lines: lines.map(compact), unit: subject, more: narrow },
    ];
  },
});

/** Nodes are selected by names, labels and patterns. */
function nodesOf({ operands, labelSelector, match, exclude }: Selection): NodeSelection {
  const names = operands.map((one) => {
    if (one.kind === "pod") return one.name;
    throw new UsageError("nodes are named, not workloads");
  });
  return { names, match, exclude, ...definedOnly({ labelSelector }) };
}

function compact(row: string): string {
  return row.replaceAll(/ {2,}/g, "  ");
}

function namespaceCounts(pods: readonly ListedPod[]): string[] {
  const names = pods.map(({ target }) => target.namespace);
  return new Set(names).size > 1 ? [`namespaces: ${countsOf(names)}`] : [];
}

/** Where the problems are: one node explains many of them. */
function problemNodes(pods: readonly ListedPod[]): string[] {
  const nodes = pods.map(({ target }) => target.node === "" ? "without a node" : target.node);
  return pods.length > 1 ? [`pods with problems by node: ${countsOf(nodes)}`] : [];
}

/** `4,960 Running, 40 Pending`: the most frequent first. */
function countsOf(values: readonly string[]): string {
  const counts = [...Map.groupBy(values, (value) => value)]
    .map(([value, group]) => ({ value, count: group.length }))
    .sort((a, b) => b.count - a.count);
  const shown = counts.slice(0, 12).map(({ value, count }) => `${count} ${value}`);
  const others = counts.length - shown.length;
  return [...shown, ...(others > 0 ? [`${others} other values`] : [])].join(", ");
}

/** `exec`. */
export const execTool = defineTool({
  name: "exec",
  title: "Run a command in pods",
  description: "Runs one command in every matching pod at once and answers with the outcome of " +
    "each, equal outputs folded into groups. Programs known to read only run at once; any other " +
    "command may change something and needs a person's approval. The command is a program and " +
    'its arguments, not a line of shell: ["sh", "-c", "…"] is one if you need it.',
  options: offered(exec.input, "tools"),
  check: exec.check,
  required: ["command"],
  mayChange: true,
  editable: { option: "command" },
  run: async (input, context) => await run(runOf(input), context),
});

/** The most bytes that are read of a file. */
const maxFileBytes = 256 * 1024;

/** `read_file`. */
export const readFileTool = defineTool({
  name: "read_file",
  title: "Read a file in pods",
  description: "Reads the start of a text file in every matching pod; equal contents are folded " +
    "into groups. Changes nothing. Files with credentials are refused.",
  options: {
    ...podFields,
    path: textField("absolute path of the file"),
    bytes: wholeField(`read at most this many bytes (default 20000, at most ${maxFileBytes})`, {
      least: 1,
    }),
  },
  required: ["path"],
  async run({ path = "", bytes = 20_000, ...values }, context) {
    if (!path.startsWith("/")) throw new UsageError('"path" has to be absolute');
    const command = ["head", "-c", String(Math.min(bytes, maxFileBytes)), path];
    return await run({ command, ...selectionOf(values), timeoutMs: 60_000 }, context, true);
  },
});

/** @param fromStart it prints a file from its start, where a token is recognised. */
async function run(
  request: Omit<ExecOptions, "signal">,
  { host, signal, confirm, progress }: ToolContext,
  fromStart = false,
): Promise<readonly Section[]> {
  const { command, contexts, selection } = request;
  await refuseCredentials(command, {
    sources: await secretSources(host, { contexts, selection, signal }),
    ask: (before) => askPods(before, { contexts, selection, host, signal }),
  }, { fromStart });
  const events = runCommand(host, {
    ...request,
    outputMode: "fold",
    foldStderr: true,
    signal,
    confirm,
  });
  const isWhole = fromStart || command[0] === "cat";
  return await commandAnswer(events, { isWhole, progress });
}

/** Returns the answer of a run whose output is folded. `isWhole`: it prints a file from its start. */
export async function commandAnswer(
  events: AsyncIterable<ExecEvent>,
  { isWhole = false, progress }: {
    isWhole?: boolean;
    progress?: ToolContext["progress"] | undefined;
  } = {},
): Promise<readonly Section[]> {
  const notes: string[] = [];
  const stderr: string[] = [];
  let groups: readonly FoldedGroup[] = [];
  let summary: RunSummary | undefined;
  let names: readonly string[] = [];
  let ended = 0;
  const decoder = new TextDecoder();
  for await (const event of events) {
    switch (event.kind) {
      case "runStarted":
        names = event.names;
        break;
      case "targetsAdded":
        names = [...names, ...event.names];
        break;
      case "targetEnded":
        progress?.(`${++ended} of ${names.length} pods`);
        break;
      case "contextFailed":
        notes.push(failedContextText(event));
        break;
      case "podsSkipped":
        notes.push(...skippedPodTexts(event));
        break;
      case "containersDefaulted":
        notes.push(...defaultedTexts(event));
        break;
      case "notRecorded":
        notes.push(notRecordedText(event));
        break;
      case "line":
        if (stderr.length < 200) {
          stderr.push(`${names[event.target] ?? ""}: ${decoder.decode(event.bytes)}`);
        }
        break;
      case "folded":
        groups = event.groups;
        break;
      case "runEnded":
        summary = event.summary;
    }
  }
  if (summary === undefined) {
    throw new KodamaError("declined", "the person said no: nothing was run");
  }
  if (isWhole && groups.some(({ stdout }) => beginsWithToken(decoder.decode(stdout)))) {
    throw credentialsRefused();
  }
  // What failed matters most; then the outputs that most pods have, and the ones that few have.
  const sorted = groups.toSorted((a, b) =>
    Number(a.outcome.kind === "ok") - Number(b.outcome.kind === "ok") ||
    b.targets.length - a.targets.length
  );
  const distinct = groups.length > 1 ? `, ${groups.length} distinct outputs` : "";
  return [
    { lines: [`${plural(names.length, "pod")}: ${summary.text}${distinct}`], unit: "lines" },
    { lines: notes, unit: "notes" },
    { lines: differingLines(sorted), unit: "lines" },
    ...sorted.map((group) => groupSection(group)),
    { lines: stderr, unit: "lines of standard error" },
  ];
}

/** A file that can't be read within this time, such as a pipe, doesn't hold up the command. */
const searchTimeoutMs = 10_000;

/** Runs a command of kodama's own before that of the model, in the same pods. */
async function* askPods(
  command: readonly string[],
  { host, ...scope }: Pick<ToolContext, "host" | "signal"> & ScopedSelection,
): AsyncGenerator<PodAnswer, void> {
  const events = runCommand(host, {
    ...scope,
    command,
    outputMode: "fold",
    timeoutMs: searchTimeoutMs,
    unrecorded: true,
    confirm: confirmForModel(undefined),
  });
  const decoder = new TextDecoder();
  for await (const event of events) {
    if (event.kind !== "folded") continue;
    for (const { outcome, stdout } of event.groups) {
      const exitCode = outcome.kind === "ok"
        ? 0
        : outcome.kind === "failed"
        ? outcome.exitCode
        : outcome.kind === "timeout"
        ? "timeout"
        : undefined;
      yield { output: decoder.decode(stdout), exitCode };
    }
  }
}

/** With more groups the last ones may be omitted: what is rare in them is said before. */
const manyGroups = 20;

/** A line with more values than this is different in most pods, such as a time. */
const maxValues = 8;

/**
 * Returns the lines that are equal in all outputs but for their numbers, and have few values: of each value, how many
 * pods have it. So one pod of an old version is seen although its output is one of a hundred.
 */
function differingLines(groups: readonly FoldedGroup[]): string[] {
  if (groups.length <= manyGroups) return [];
  const decoder = new TextDecoder();
  const kinds = new Map<string, Map<string, FoldedGroup[]>>();
  for (const group of groups) {
    const lines = new Set(decoder.decode(group.stdout).split("\n").slice(0, 200));
    for (const line of lines) {
      if (line.trim() === "") continue;
      const kind = kindOf(line);
      const values = kinds.get(kind) ?? new Map<string, FoldedGroup[]>();
      if (kinds.size < 1000) kinds.set(kind, values);
      const having = values.get(line);
      if (having !== undefined) having.push(group);
      else if (values.size <= maxValues) values.set(line, [group]);
    }
  }
  const few = [...kinds.values()].filter(({ size }) => size > 1 && size <= maxValues);
  if (few.length === 0) return [];
  const countOf = (having: readonly FoldedGroup[]) =>
    having.reduce((sum, { targets }) => sum + targets.length, 0);
  return [
    "lines with few values, and the pods that have each:",
    ...few.slice(0, 10).map((values) =>
      [...values].sort(([, a], [, b]) => countOf(b) - countOf(a)).map(([line, having]) => {
        const only = having.length === 1 && countOf(having) < 10 ? `: ${having[0]?.names}` : "";
        return `${line.trim().slice(0, 80)} (${countOf(having)}${only})`;
      }).join(", ")
    ),
  ];
}

function groupSection(
  { names, targets, outcome, stdout, stderr, omittedBytes }: FoldedGroup,
): Section {
  const decoder = new TextDecoder();
  const end = outcome.kind === "ok"
    ? ""
    : `: ${singleOutcomeText(outcome) ?? outcomeText(outcome)}`;
  const shown = names.length > 120 ? `${names.slice(0, 120)}…` : names;
  const body = [stdout, stderr].flatMap((bytes) =>
    decoder.decode(bytes).replace(/\n$/, "").split("\n").filter((line) => line !== "")
  );
  const omitted = omittedBytes === 0 ? [] : [`(${omittedBytes} bytes are not read)`];
  return {
    lines: [`--- ${shown} (${targets.length})${end}`, ...body, ...omitted],
    unit: "lines",
    more: narrow,
    fair: true,
  };
}

/** The most lines that are read of all logs together: 100 MB or more, in a few seconds. */
const maxLogLines = 1_200_000;

/** The fewest lines that are read of each log, however many logs there are. */
const leastTail = 500;

/** `logs`. */
export const logsTool = defineTool({
  name: "logs",
  title: "Read logs of pods",
  description: "Reads the logs of every matching container and answers with a digest: how many " +
    "lines, the kinds of errors and warnings with their counts, and the last lines. Without tail, " +
    `${maxLogLines} lines of all containers together, at least ${leastTail} of each. Changes nothing.`,
  options: offered(logs.input, "tools"),
  check: logs.check,
  async run(input, { host, signal, progress }) {
    const request = withSelection(input);
    const { contexts, selection } = request;
    const stop = new AbortController();
    const events = readLogs(host, {
      ...request,
      follow: false,
      tail: input.tail ?? Math.max(
        leastTail,
        Math.floor(maxLogLines / await countContainers(host, { contexts, selection, signal })),
      ),
      signal: AbortSignal.any([signal, stop.signal]),
    });
    const digest = new LogDigest();
    const notes: string[] = [];
    const names: string[] = [];
    let reported = 0;
    for await (const event of events) {
      switch (event.kind) {
        case "sourcesAdded":
          names.push(...event.names);
          break;
        case "lines":
          for (const line of event.lines) {
            digest.add(names[line.source] ?? "", textOf(line), line.seconds);
          }
          if (Math.floor(digest.lines / 100_000) > reported) {
            reported = Math.floor(digest.lines / 100_000);
            progress?.(`${digest.lines} lines are read`);
          }
          if (digest.lines > 2 * maxLogLines) stop.abort();
          break;
        case "contextFailed":
          notes.push(failedContextText(event));
          break;
        case "podsSkipped":
          notes.push(...skippedPodTexts(event));
          break;
        case "failed":
          notes.push(`${names[event.source] ?? ""}: ${event.error.message}`);
      }
    }
    signal.throwIfAborted();
    return digest.sections(names.length, notes);
  },
});

/** Returns how many containers are read, as far as their number decides how much of each. */
async function countContainers(
  host: ToolContext["host"],
  options: Parameters<typeof listPods>[1],
): Promise<number> {
  let count = 0;
  for await (const event of listPods(host, options)) {
    if (event.kind !== "pods") continue;
    for (const state of event.states) count += Math.max(1, state?.totalContainers ?? 1);
  }
  return Math.max(1, count);
}

const seriousPattern =
  /\b(?:error|err|fatal|panic|exception|fail(?:ed|ure)?|critical|crash\w*|oom\w*|killed|denied|refused|timed? ?out|traceback)\b|\b[EF]\d{4} /i;
const warningPattern = /\bwarn(?:ing)?\b|\bW\d{4} /i;

/** Lines that differ only in numbers, ids and times are one kind. */
function kindOf(line: string): string {
  return line.slice(0, 300)
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?/g, "TIME")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{20,}\b/gi, "ID")
    .replaceAll(/\b0x[0-9a-f]+\b|\b[0-9a-f]{12,}\b/gi, "HEX")
    .replaceAll(/\d+/g, "N");
}

/** The number of newest lines that an answer shows unchanged. */
const lastLines = 200;

/** When something began and ended, by the servers' clocks. */
function timesText(from: number, to: number): string {
  if (!(from > 0)) return "";
  const [first, last] = [from, to].map((seconds) =>
    new Date(seconds * 1000).toISOString().slice(0, 19)
  );
  return first === last ? ` at ${first}Z` : ` from ${first}Z to ${last}Z`;
}

/** Counts lines by their kinds, with bounded memory. */
class LogDigest {
  lines = 0;
  readonly #kinds = new Map<
    string,
    { count: number; pods: Set<string>; last: string; rank: number; from: number; to: number }
  >();
  /** Times of the first and the last line. */
  #from = NaN;
  #to = NaN;
  readonly #last: string[] = [];
  #otherKinds = 0;

  /** @param seconds time of the line; 0 if the server sent none. */
  add(name: string, text: string, seconds: number): void {
    this.lines += 1;
    if (this.lines === 1) this.#from = seconds;
    this.#to = seconds;
    // A ring: moving its lines for each of a million would cost more than reading them.
    this.#last[this.lines % lastLines] = `${name}: ${text}`;
    const rank = seriousPattern.test(text) ? 0 : warningPattern.test(text) ? 1 : 2;
    if (rank === 2) return;
    const kind = kindOf(text);
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.count += 1;
      known.last = text;
      known.to = seconds;
      if (known.pods.size < 50) known.pods.add(name);
    } else if (this.#kinds.size < 2000) {
      const times = { from: seconds, to: seconds };
      this.#kinds.set(kind, { count: 1, pods: new Set([name]), last: text, rank, ...times });
    } else this.#otherKinds += 1;
  }

  sections(sources: number, notes: readonly string[]): Section[] {
    const kinds = [...this.#kinds.values()].sort((a, b) => a.rank - b.rank || b.count - a.count);
    const capped = this.lines > 2 * maxLogLines
      ? " (more isn't read, and the newest lines are missing: narrow the request)"
      : "";
    const times = timesText(this.#from, this.#to);
    const unread = this.#otherKinds === 0 ? "" : `, ${this.#otherKinds} lines of further kinds`;
    const head = `${plural(this.lines, "line")} of ${
      plural(sources, "container")
    }${times}${capped}`;
    const newest = Array.from(
      { length: Math.min(this.lines, lastLines) },
      (_, back) => this.#last[(this.lines - back) % lastLines] ?? "",
    );
    const more = "narrow with pods, container, grep, since or tail";
    return [
      { lines: [head], unit: "lines" },
      { lines: notes, unit: "notes" },
      ...(kinds.length === 0 ? [] : [
        {
          lines: [
            `${plural(kinds.length, "kind")} of errors and warnings${unread}:`,
            ...kinds.map(({ count, pods, last, from, to }) =>
              `${count}× ${compressNames([...pods]).slice(0, 80)}${timesText(from, to)}: ${last}`
            ),
          ],
          unit: "kinds",
          more,
          fair: true,
        },
      ]),
      {
        // The newest first, as the last ones are cut.
        lines: ["last lines, the newest first:", ...newest],
        unit: "lines",
        more,
        fair: true,
      },
    ];
  }
}
