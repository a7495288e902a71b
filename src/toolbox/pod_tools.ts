/** Tools that read pods and run commands in them: `pods`, `exec`, `read_file`, `logs`. */
import { exec } from "../actions/exec/exec.ts";
import { compressNames, type FoldedGroup, type RunSummary } from "../actions/exec/events.ts";
import type { Confirm } from "../actions/confirm_change.ts";
import { logs } from "../actions/logs/logs.ts";
import { textOf } from "../actions/logs/events.ts";
import { listPods } from "../actions/pick/list_pods.ts";
import {
  durationOption,
  textOption,
  textsOption,
  toggleOption,
  wholeOption,
} from "../actions/option.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { plural } from "../base/plural.ts";
import { type ListedPod, statusTable } from "../present/pods_table.ts";
import { failedContextText, notRecordedText, skippedPodTexts } from "../present/run_notes.ts";
import { singleOutcomeText } from "../present/summary.ts";
import type { Section } from "./fit.ts";
import { isChosen, selectionOf, selectionOptions } from "./selection.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const narrow = "narrow with pods, match, selector, namespaces or sample";

/** `pods`. */
export const podsTool = defineTool({
  name: "pods",
  title: "List pods",
  description: "Lists the pods that a selection matches, as kubectl get pods does: those with " +
    "problems first, and a count of each status. Changes nothing.",
  options: { ...selectionOptions, allPhases: toggleOption("also pods that have ended") },
  async run({ allPhases = true, ...values }, { host, signal }) {
    const selected = selectionOf(values, { allPhases });
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
function compact(row: string): string {
  return row.replaceAll(/ {2,}/g, "  ");
}

function namespaceCounts(pods: readonly ListedPod[]): string[] {
  const names = pods.map(({ target }) => target.namespace);
  return new Set(names).size > 1 ? [`namespaces: ${countsOf(names)}`] : [];
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
  options: {
    ...selectionOptions,
    command: textsOption("the program and its arguments"),
    all: toggleOption("run in all pods of the namespaces, if nothing else chooses them"),
    timeoutMs: durationOption("time limit of the command in each pod (default 60000)"),
  },
  required: ["command"],
  mayChange: true,
  async run({ command = [], all = false, timeoutMs = 60_000, ...values }, context) {
    if (!isChosen(values) && !all) {
      throw new UsageError("no pods are chosen", { hint: 'name some, or set "all" to true' });
    }
    return await run({ command, values, timeoutMs }, context);
  },
});

/** Of a file, at most this is read. */
const maxFileBytes = 256 * 1024;

/** `read_file`. */
export const readFileTool = defineTool({
  name: "read_file",
  title: "Read a file in pods",
  description: "Reads the start of a text file in every matching pod; equal contents are folded " +
    "into groups. Changes nothing. Files with credentials are refused.",
  options: {
    ...selectionOptions,
    path: textOption("absolute path of the file"),
    bytes: wholeOption(`read at most this many bytes (default 20000, at most ${maxFileBytes})`, {
      least: 1,
    }),
  },
  required: ["path"],
  async run({ path = "", bytes = 20_000, ...values }, context) {
    if (!path.startsWith("/")) throw new UsageError('"path" has to be absolute');
    const command = ["head", "-c", String(Math.min(bytes, maxFileBytes)), path];
    return await run({ command, values, timeoutMs: 60_000 }, context);
  },
});

/** Where credentials are: mounted tokens and Secrets, environments of processes, keys of users. */
const credentials =
  /(?:^|[\s"'=:])\/*(?:[^\s"']*\/)?(?:run\/secrets\/|\.ssh\/|\.aws\/credentials|\.kube\/config|\.docker\/config\.json|\.netrc|shadow\b|proc\/[^/\s]+\/environ|id_(?:rsa|ed25519|ecdsa)\b|kubernetes\.io\/serviceaccount)/;

/**
 * Returns why a command is refused although it only reads: what it prints are credentials. A shell can hide a path from
 * this rule, but a shell always needs an approval, and `secrets.ts` removes tokens by their form.
 */
export function refusedCommand(command: readonly string[]): KodamaError | undefined {
  const line = ` ${command.join(" ")}`.replaceAll(/\/(?:\.?\/)+/g, "/");
  if (!credentials.test(line)) return undefined;
  return new KodamaError("forbidden", "this command would print credentials, which no model gets");
}

async function run(
  { command, values, timeoutMs }: {
    command: readonly string[];
    values: Parameters<typeof selectionOf>[0];
    timeoutMs: number;
  },
  { host, signal, confirm, progress }: ToolContext,
): Promise<readonly Section[]> {
  const refused = refusedCommand(command);
  if (refused !== undefined) throw refused;
  const notes: string[] = [];
  const stderr: string[] = [];
  let groups: readonly FoldedGroup[] = [];
  let summary: RunSummary | undefined;
  let names: readonly string[] = [];
  let ended = 0;
  const decoder = new TextDecoder();
  const events = exec(host, {
    ...selectionOf(values, { allPhases: false }),
    command,
    outputMode: "fold",
    foldStderr: true,
    timeoutMs,
    signal,
    confirm: askingModel(confirm),
    because: { kind: "model" },
  });
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
  // What failed matters most; then the outputs that most pods have, and the ones that few have.
  const sorted = groups.toSorted((a, b) =>
    Number(a.outcome.kind === "ok") - Number(b.outcome.kind === "ok") ||
    b.targets.length - a.targets.length
  );
  const distinct = groups.length > 1 ? `, ${groups.length} distinct outputs` : "";
  return [
    { lines: [`${plural(names.length, "pod")}: ${summary.text}${distinct}`], unit: "lines" },
    { lines: notes, unit: "notes" },
    ...sorted.map((group) => groupSection(group)),
    { lines: stderr, unit: "lines of standard error" },
  ];
}

function groupSection(
  { names, targets, outcome, stdout, stderr, omittedBytes }: FoldedGroup,
): Section {
  const decoder = new TextDecoder();
  const end = outcome.kind === "ok" ? "" : `: ${singleOutcomeText(outcome) ?? outcome.kind}`;
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

/** Every change of a model's is confirmed, whatever the settings allow a person; without `ask` none is made. */
export function askingModel(ask: ToolContext["confirm"]): Confirm {
  return { above: 0, ask: ask ?? (() => Promise.reject(changeRefused())) };
}

/** The error of a change where nothing may be changed. */
export function changeRefused(): KodamaError {
  return new KodamaError(
    "forbidden",
    "this may change something, and nothing may be changed here: only programs known to read only run",
  );
}

/** Of all logs together; more is counted and not read. */
const maxLogLines = 50_000;

/** `logs`. */
export const logsTool = defineTool({
  name: "logs",
  title: "Read logs of pods",
  description: "Reads the logs of every matching container and answers with a digest: how many " +
    "lines, the kinds of errors and warnings with their counts, and the last lines. Changes nothing.",
  options: {
    ...selectionOptions,
    tail: wholeOption("last lines of each container to read (default 500)", { least: 1 }),
    sinceMs: durationOption("only lines of the last N milliseconds"),
    previous: toggleOption("the logs of the instances before the current ones"),
    grep: textsOption("only lines that contain one of these texts"),
  },
  async run({ tail = 500, sinceMs, previous = false, grep = [], ...values }, { host, signal }) {
    const { contexts, selection } = selectionOf(values, { allPhases: true });
    const { container, ...rest } = selection;
    const stop = new AbortController();
    const events = logs(host, {
      contexts,
      selection: rest,
      containers: {
        names: container === undefined ? [] : [{ kind: "exact", name: container }],
        exclude: [],
        init: true,
        ephemeral: true,
        states: [],
      },
      follow: false,
      previous,
      start: {
        tailLines: tail,
        ...definedOnly({ sinceSeconds: sinceMs && Math.ceil(sinceMs / 1000) }),
      },
      filter: { include: grep.map((text) => new RegExp(escaped(text))), exclude: [] },
      limitBytes: 1024 * 1024,
      signal: AbortSignal.any([signal, stop.signal]),
    });
    const digest = new LogDigest();
    const notes: string[] = [];
    const names: string[] = [];
    for await (const event of events) {
      switch (event.kind) {
        case "sourcesAdded":
          names.push(...event.names);
          break;
        case "lines":
          for (const line of event.lines) digest.add(names[line.source] ?? "", textOf(line));
          if (digest.lines >= maxLogLines) stop.abort();
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

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
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

/** Counts lines by their kinds, with bounded memory. */
class LogDigest {
  lines = 0;
  readonly #kinds = new Map<
    string,
    { count: number; pods: Set<string>; last: string; rank: number }
  >();
  readonly #last: string[] = [];
  #otherKinds = 0;

  add(name: string, text: string): void {
    this.lines += 1;
    this.#last.push(`${name}: ${text}`);
    if (this.#last.length > 200) this.#last.shift();
    const rank = seriousPattern.test(text) ? 0 : warningPattern.test(text) ? 1 : 2;
    if (rank === 2) return;
    const kind = kindOf(text);
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.count += 1;
      known.last = text;
      if (known.pods.size < 50) known.pods.add(name);
    } else if (this.#kinds.size < 2000) {
      this.#kinds.set(kind, { count: 1, pods: new Set([name]), last: text, rank });
    } else this.#otherKinds += 1;
  }

  sections(sources: number, notes: readonly string[]): Section[] {
    const kinds = [...this.#kinds.values()].sort((a, b) => a.rank - b.rank || b.count - a.count);
    const capped = this.lines >= maxLogLines ? " (the limit: narrow the request)" : "";
    const unread = this.#otherKinds === 0 ? "" : `, ${this.#otherKinds} lines of further kinds`;
    const head = `${plural(this.lines, "line")} of ${plural(sources, "container")}${capped}`;
    const more = "narrow with pods, container, grep, sinceMs or tail";
    return [
      { lines: [head], unit: "lines" },
      { lines: notes, unit: "notes" },
      ...(kinds.length === 0 ? [] : [
        {
          lines: [
            `${plural(kinds.length, "kind")} of errors and warnings${unread}:`,
            ...kinds.map(({ count, pods, last }) =>
              `${count}× ${compressNames([...pods]).slice(0, 80)}: ${last}`
            ),
          ],
          unit: "kinds",
          more,
          fair: true,
        },
      ]),
      {
        // The newest first, as the last ones are cut.
        lines: ["last lines, the newest first:", ...this.#last.toReversed()],
        unit: "lines",
        more,
        fair: true,
      },
    ];
  }
}
