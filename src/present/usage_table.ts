/** CPU and memory of pods, containers and nodes: as a table, as rows of a live table, and as data. */
import type { Usage } from "../actions/top/top.ts";
import type { ResourceUse, UsageRow } from "../actions/top/usage.ts";
import { plural } from "../base/plural.ts";
import type { Tone } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import type { TableGroup, TableRow } from "../table/live_table.ts";

/** What the rows are, and which scopes they name. */
export interface UsageColumns {
  subject: "pods" | "containers" | "nodes";
  context: boolean;
  namespace: boolean;
}

/** The shares of a limit above which usage is marked: memory above the limit ends a container, CPU is throttled. */
const warnShare = 0.8;
const badShare = 0.95;

interface Cell {
  text: string;
  sortBy?: number;
  tone?: Tone;
}

/** Returns the header and the rows. */
export function usageTable(rows: readonly UsageRow[], columns: UsageColumns): string[] {
  return tableLines(
    titles(columns).map(({ title }) => title),
    rows.map((row) => cells(row, columns).map(({ text }) => text)),
  );
}

/** Returns the columns of a live table. */
export function usageGroup(columns: UsageColumns): TableGroup {
  return { id: "usage", columns: titles(columns) };
}

/** Returns the rows of a live table. */
export function usageRows(rows: readonly UsageRow[], columns: UsageColumns): TableRow[] {
  return rows.map((row) => {
    const { context, namespace, name, container = "" } = row;
    const id = [context, namespace, name, container].join("\0");
    return {
      id,
      group: "usage",
      order: id,
      cells: cells(row, columns).map((cell) => ({
        kind: "text",
        ...cell,
        text: printable(cell.text),
      })),
    };
  });
}

/** Returns a row as data: cores and bytes; null if it isn't known or not set. */
export function usageData(row: UsageRow): Record<string, unknown> {
  const { cpu, memory, measuredAt, ...names } = row;
  const numbers = ({ used, requested, limit }: ResourceUse) => ({
    used: used ?? null,
    requested: requested ?? null,
    limit: limit ?? null,
  });
  return {
    ...names,
    measuredAt: measuredAt ?? null,
    cpuCores: numbers(cpu),
    memoryBytes: numbers(memory),
  };
}

/** Returns the sum of the rows; what wasn't measured yet is counted too. */
export function usageSummary({ rows }: Usage, { subject }: UsageColumns): string {
  const sum = (resource: "cpu" | "memory") =>
    rows.reduce((total, row) => total + (row[resource].used ?? 0), 0);
  const count = plural(rows.length, subject.slice(0, -1));
  const missing = rows.filter(({ measuredAt }) => measuredAt === undefined).length;
  const unmeasured = missing === 0 ? "" : `, ${missing} not measured yet`;
  return `${count}: ${cores(sum("cpu"))} CPU, ${bytes(sum("memory"))} memory${unmeasured}`;
}

function titles({ subject, context, namespace }: UsageColumns) {
  const most = subject === "nodes" ? "ALLOC" : "LIM";
  return [
    ...context ? [{ title: "CONTEXT", importance: 1 }] : [],
    ...namespace ? [{ title: "NAMESPACE", importance: 2 }] : [],
    { title: subject === "nodes" ? "NODE" : "POD", isName: true, importance: 9 },
    ...subject === "containers" ? [{ title: "CONTAINER", importance: 8 }] : [],
    { title: "CPU", align: "right" as const, importance: 7 },
    { title: "CPU/REQ", align: "right" as const, importance: 3 },
    { title: `CPU/${most}`, align: "right" as const, importance: 4 },
    { title: "MEMORY", align: "right" as const, importance: 6 },
    { title: "MEM/REQ", align: "right" as const, importance: 3 },
    { title: `MEM/${most}`, align: "right" as const, importance: 5 },
  ];
}

function cells(row: UsageRow, { subject, context, namespace }: UsageColumns): Cell[] {
  return [
    ...context ? [{ text: row.context }] : [],
    ...namespace ? [{ text: row.namespace }] : [],
    { text: row.name },
    ...subject === "containers" ? [{ text: row.container ?? "" }] : [],
    ...resourceCells(row.cpu, { used: cores, whole: wholeCores }),
    ...resourceCells(row.memory, { used: bytes, whole: wholeBytes }),
  ];
}

function resourceCells(
  { used, requested, limit }: ResourceUse,
  text: { used(value: number): string; whole(value: number): string },
): Cell[] {
  return [
    used === undefined ? { text: "-", sortBy: -1 } : { text: text.used(used), sortBy: used },
    shareCell(used, requested, text.whole),
    { ...shareCell(used, limit, text.whole), ...toneOf(used, limit) },
  ];
}

/** `12% of 500m`; only the amount if the usage isn't known. */
function shareCell(
  used: number | undefined,
  whole: number | undefined,
  text: (value: number) => string,
): Cell {
  if (whole === undefined || whole === 0) return { text: "-", sortBy: -1 };
  if (used === undefined) return { text: `of ${text(whole)}`, sortBy: -1 };
  return { text: `${Math.round(used / whole * 100)}% of ${text(whole)}`, sortBy: used / whole };
}

function toneOf(used: number | undefined, limit: number | undefined): { tone?: Tone } {
  if (used === undefined || limit === undefined || limit === 0) return {};
  const share = used / limit;
  return share >= badShare ? { tone: "bad" } : share >= warnShare ? { tone: "warn" } : {};
}

/** `250m`, as kubectl; whole cores from 10 on. */
function cores(value: number): string {
  return value >= 10 ? String(Math.round(value * 10) / 10) : `${Math.ceil(value * 1000)}m`;
}

/** `512Mi`, rounded down as kubectl does; `12.5Gi` from 10 GiB on, `300Ki` below one MiB. */
function bytes(value: number): string {
  const mebibytes = value / 2 ** 20;
  if (mebibytes >= 10 * 1024) return `${Math.floor(mebibytes / 102.4) / 10}Gi`;
  return mebibytes >= 1 ? `${Math.floor(mebibytes)}Mi` : `${Math.floor(value / 1024)}Ki`;
}

/** `2` for whole cores, as requests and limits are written. */
function wholeCores(value: number): string {
  return Number.isInteger(value) ? String(value) : cores(value);
}

/** `4Gi` for whole gibibytes. */
function wholeBytes(value: number): string {
  return value % 2 ** 30 === 0 ? `${value / 2 ** 30}Gi` : bytes(value);
}
