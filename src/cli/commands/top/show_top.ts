/** Usage as a table, as data, and live. */
import { readUsage, type TopOptions, type Usage, watchUsage } from "../../../actions/top/top.ts";
import { sortedUsage, type UsageSort } from "../../../actions/top/usage.ts";
import type { Host } from "../../../actions/host.ts";
import { exitCodeOfKind, type KodamaError } from "../../../base/errors.ts";
import { scopeColumns } from "../../../present/pods_table.ts";
import { failedContextText, skippedPodText } from "../../../runs/notes.ts";
import {
  type UsageColumns,
  usageData,
  usageGroup,
  usageRows,
  usageSummary,
  usageTable,
} from "../../../present/usage_table.ts";
import { type LiveTable, liveTable, type TableSort } from "../../../table/live_table.ts";
import { interruptedExitCode, interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { span } from "../../../terminal/grid.ts";
import { printable } from "../../../terminal/printable.ts";
import type { InputStream } from "../../../terminal/terminal.ts";
import { chooseTargets } from "../../choose_targets.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { type DataFormat, renderData, styleOf } from "../../output.ts";
import { showAwaited } from "../../show_progress.ts";
import { TableScreen } from "../../table_screen.ts";

/** The options of the command line. */
interface ShowTopOptions {
  contexts: readonly string[];
  pick: boolean;
  subject: TopOptions["subject"];
  sort: UsageSort;
  watch: boolean;
  format: DataFormat | undefined;
}

/** Prints usage once, or until a person or a signal ends it; returns the exit code. */
export async function showTop(options: ShowTopOptions, invocation: Invocation): Promise<number> {
  const chosen = await picked(options, invocation);
  if (chosen === undefined) return interruptedExitCode;
  const host = await invocation.host();
  const top = { ...chosen, sort: options.sort };
  const columns = columnsOf(top);
  if (options.watch) return await watchTop(top, { host, invocation, columns, ...options });
  return await interruptible(invocation.signals, async (signal) => {
    const { terminal } = invocation;
    const isWhole = options.format === "json" || options.format === "yaml";
    const printed = { invocation, columns, format: options.format };
    let whole: Usage = { rows: [], skipped: [], failed: [] };
    for await (
      const usage of readUsage(host, {
        ...top,
        signal,
        onWait: (wait) => void showAwaited(terminal, wait),
      })
    ) {
      // Contexts that have answered aren't held up by others: later contexts have tables of their own.
      if (!isWhole) await printUsage(usage, printed);
      whole = {
        rows: sortedUsage([...whole.rows, ...usage.rows], top.sort),
        skipped: [...whole.skipped, ...usage.skipped],
        failed: [...whole.failed, ...usage.failed],
      };
    }
    if (isWhole) await printUsage(whole, printed);
    return whole.failed.length > 0 ? exitCodeOfKind("unreachable") : success;
  });
}

type Chosen = Omit<TopOptions, "signal">;

/** Returns the options after a person's choice; undefined if there was none. */
async function picked(
  { contexts, pick, subject }: ShowTopOptions,
  invocation: Invocation,
): Promise<Omit<Chosen, "sort"> | undefined> {
  if (!pick || subject.kind === "nodes") return { contexts, subject };
  const { selection } = subject;
  const chosen = await chooseTargets({ kind: "many" }, { contexts, selection }, {
    invocation,
    purpose: "top",
  });
  if (chosen === undefined) return undefined;
  if (chosen.picked === undefined) return { contexts: chosen.contexts, subject };
  const operands = chosen.picked.map(({ pod, ...scope }) => ({
    kind: "pod" as const,
    name: pod,
    ...scope,
  }));
  const narrowed = { ...chosen.selection, namespaces: { kind: "all" as const }, operands };
  return { contexts: chosen.contexts, subject: { ...subject, selection: narrowed } };
}

function columnsOf({ contexts, subject }: Chosen): UsageColumns {
  if (subject.kind === "nodes") {
    return { subject: "nodes", context: contexts.length > 1, namespace: false };
  }
  const { context, namespace } = scopeColumns({ contexts, selection: subject.selection });
  return { subject: subject.byContainer ? "containers" : "pods", context, namespace };
}

async function printUsage(
  usage: Usage,
  { invocation: { terminal: { stdout, stderr } }, columns, format, isQuiet = false }: {
    invocation: Invocation;
    columns: UsageColumns;
    format: DataFormat | undefined;
    /** Pods that are skipped were reported before. */
    isQuiet?: boolean;
  },
): Promise<void> {
  await stdout.write(
    format === undefined
      ? usageTable(usage.rows, columns).slice(usage.rows.length === 0 ? 1 : 0)
        .map((line) => `${line}\n`).join("")
      : await renderData(usage.rows.map(usageData), format),
  );
  await stdout.flush();
  const notes = [
    ...usage.failed.map((one) => failedContextText(one)),
    ...(isQuiet ? [] : usage.skipped.map((one) => skippedPodText(one))),
    ...(stdout.isTerminal && format === undefined ? [usageSummary(usage, columns)] : []),
  ];
  for (const note of notes) await stderr.write(`${printable(note)}\n`);
}

async function watchTop(
  top: Chosen,
  { host, invocation, columns, format }: {
    host: Host;
    invocation: Invocation;
    columns: UsageColumns;
    format: DataFormat | undefined;
  },
): Promise<number> {
  const { terminal } = invocation;
  const keyboard = format === undefined && terminal.stdout.isTerminal && terminal.stderr.isTerminal
    ? terminal.keyboard()
    : undefined;
  const work = async (signal: AbortSignal) => {
    if (keyboard !== undefined) {
      return await live(top, { host, invocation, columns, keyboard, signal });
    }
    let isFirst = true;
    for await (const event of watchUsage(host, { ...top, signal })) {
      if (event.kind === "failed") {
        await terminal.stderr.write(`${printable(event.error.message)}\n`);
        continue;
      }
      if (!isFirst && format === undefined) await terminal.stdout.write("\n");
      await printUsage(event.usage, { invocation, columns, format, isQuiet: !isFirst });
      isFirst = false;
    }
    return success;
  };
  return await stoppable(invocation.signals, work);
}

async function live(
  top: Chosen,
  { host, invocation, columns, keyboard, signal }: {
    host: Host;
    invocation: Invocation;
    columns: UsageColumns;
    keyboard: InputStream;
    signal: AbortSignal;
  },
): Promise<number> {
  const { terminal } = invocation;
  const quit = new AbortController();
  const source = watchUsage(host, { ...top, signal: AbortSignal.any([signal, quit.signal]) });
  // The first answer comes before the screen: an error is printed as any other.
  const first = await source.next();
  const screen = new TableScreen({
    terminal,
    clock: host.clock,
    color: styleOf(terminal.stderr, host.env).bold("") !== "",
    table: startTable(top, columns, {
      size: terminal.size() ?? { columns: 80, rows: 24 },
      nowMs: host.clock.now().getTime(),
    }),
  });
  const known = new Set<string>();
  const show = (
    event: { kind: "usage"; usage: Usage } | { kind: "failed"; error: KodamaError },
  ) => {
    if (event.kind === "failed") {
      const text = `${event.error.message}; the values are older`;
      return screen.update({ kind: "status", line: [span(printable(text), "bad")] });
    }
    const upserts = usageRows(event.usage.rows, columns);
    const now = new Set(upserts.map(({ id }) => id));
    const removed = [...known].filter((id) => !now.has(id));
    const isInitial = known.size === 0;
    known.clear();
    for (const id of now) known.add(id);
    screen.update({ kind: "changed", upserts, removed, changes: upserts.length, isInitial });
    screen.update({ kind: "status", line: [span(usageSummary(event.usage, columns), "dim")] });
  };
  if (first.done !== true) show(first.value);
  const reading = (async () => {
    for await (const event of source) show(event);
  })();
  try {
    await Promise.race([
      screen.run(keyboard, signal),
      reading.then(() => new Promise<never>(() => {})),
    ]);
  } finally {
    quit.abort();
    await reading.catch(() => {});
  }
  return success;
}

/** Returns the table before its first rows. */
export function startTable(
  { sort, subject }: Pick<Chosen, "sort" | "subject">,
  columns: UsageColumns,
  { size, nowMs }: Pick<LiveTable, "size" | "nowMs">,
): LiveTable {
  const sorted: TableSort | undefined = sort === "name"
    ? undefined
    : { title: sort === "cpu" ? "CPU" : "MEMORY", descending: true };
  const what = subject.kind === "nodes" ? "nodes" : columns.subject;
  return liveTable({
    size,
    nowMs,
    caption: [span(`CPU and memory of ${what}`)],
    groups: [usageGroup(columns)],
    sort: sorted,
  });
}
