/** SQL by psql in a pod: the rows of the answer, a history, saved queries, CSV. */
import { absolutePath } from "../../base/absolute_path.ts";
import { KodamaError } from "../../base/errors.ts";
import { type Line, span } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import type { Size } from "../../terminal/terminal.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { PODS } from "../../kube/resources.ts";
import type { Pod } from "../../kube/types.ts";
import type { KubeClient } from "../../kube/client.ts";
import type {
  Choice,
  Pane,
  PaneCommand,
  PaneConfig,
  PaneContext,
  PaneLook,
  PaneScope,
} from "../pane.ts";
import { readQueries, writeQueries } from "../saved_files.ts";
import type { PaneRegistry } from "../registry.ts";
import { cellOf } from "./polled_pane.ts";
import { objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";
import { tableActions, TablePane } from "./table_pane.ts";
import { errorMessage } from "./text_pane.ts";

/** Registers the pane. */
export function registerQuery(registry: PaneRegistry): void {
  registry.register("query", (context) => new QueryPane(context), {
    summary: "SQL by psql in a pod",
    offered: true,
    actions: [
      ...tableActions,
      { id: "edit-query", keys: ["i"], does: "write a query and run it" },
      { id: "history", keys: ["H"], does: "run a query of the history" },
      { id: "saved-queries", keys: ["O"], does: "run a saved query" },
      { id: "save-query", keys: ["K"], does: "save the query under a name" },
      { id: "save", keys: ["S"], does: "save the rows as CSV" },
      { id: "stop", keys: ["X"], does: "stop the query" },
    ],
  });
}

/** The user and the database are those that the images of PostgreSQL are configured with. */
const psql = 'exec psql --csv -X -q -v ON_ERROR_STOP=1 ${POSTGRES_USER:+-U "$POSTGRES_USER"} ' +
  '${POSTGRES_DB:+-d "$POSTGRES_DB"} -f -';

/** More rows aren't shown. */
const maxRows = 10_000;
/** More bytes of an answer aren't read. */
const maxBytes = 16 * 1024 * 1024;
const cutText = "the first 16 MiB of the answer";
const maxHistory = 100;
/** More pods aren't offered: others can be typed. */
const maxChoices = 1000;

/** Returns whether a query can run in a read-only transaction; anything else is confirmed first. */
export function isReadingQuery(sql: string): boolean {
  const statement = sql.trim().replace(/;\s*$/, "");
  return /^(?:select|show|explain|table|values|with)\b/i.test(statement) &&
    // A backslash starts a command of psql, which can run a program.
    !/[;\\]/.test(statement) && !/^explain\b.*\banalyze\b/is.test(statement);
}

/** Returns the input of psql: the end of a statement is on a line of its own, which no comment of the query takes. */
export function psqlInput(sql: string): string {
  const mode = isReadingQuery(sql) ? "SET default_transaction_read_only = on;\n" : "";
  return `${mode}${sql}\n;\n`;
}

/** Parses CSV as psql writes it, RFC 4180: the rows, the header first. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const cell = /"((?:[^"]|"")*)"|([^,\n]*)/y;
    cell.lastIndex = at;
    const [whole = "", quoted, plain = ""] = cell.exec(text) ?? [];
    row.push(quoted === undefined ? plain.replace(/\r$/, "") : quoted.replaceAll('""', '"'));
    at += whole.length;
    const end = text[at];
    if (end === "\r") at++;
    if (text[at] === ",") {
      at++;
      if (at === text.length) row.push("");
      continue;
    }
    // Text after a quote that isn't the end of a cell isn't CSV: it is shown as it is.
    if (text[at] !== "\n" && at < text.length && whole === "") at++;
    if (text[at] === "\n" || at >= text.length) {
      rows.push(row);
      row = [];
      at++;
    }
  }
  return rows;
}

/** The text of a stream up to a limit. */
export class LimitedText {
  readonly #decoder = new TextDecoder();
  text = "";
  /** More bytes came than the limit. */
  isCut = false;

  constructor(private free: number) {}

  add(bytes: Uint8Array): void {
    this.text += this.#decoder.decode(bytes.subarray(0, this.free), { stream: true });
    this.isCut ||= bytes.length > this.free;
    this.free = Math.max(0, this.free - bytes.length);
  }
}

class QueryPane implements Pane {
  readonly find = "filter";
  #table: TablePane;
  #objects: readonly ObjectRef[];
  #sql = "";
  #csv = "";
  /** Rows at the end are missing in {@link #csv}. */
  #isCut = false;
  #message: { text: string; isError: boolean } | undefined;
  #stop: AbortController | undefined;

  constructor(private readonly context: PaneContext) {
    this.#objects = objectsOfRows(context.config);
    this.#sql = typeof context.config["sql"] === "string" ? context.config["sql"] : "";
    this.#table = this.#newTable([]);
    if (this.#objects.length === 0) {
      this.#choosePod().catch((error: unknown) => {
        this.#message = { text: printable(errorMessage(error)), isError: true };
        context.emit({ kind: "changed" });
      });
    }
  }

  get title(): string {
    const where = this.#objects.length === 0 ? "" : ` in ${objectsText(this.#objects)}`;
    return `query${where}${this.#sql === "" ? "" : `: ${this.#sql}`}`;
  }

  get running(): string | undefined {
    return this.#stop === undefined ? undefined : `a query in ${objectsText(this.#objects)}`;
  }

  get status(): Line {
    return this.#stop === undefined ? this.#table.status : [span("running …", "dim")];
  }

  get config(): PaneConfig {
    return { objects: this.#objects, sql: this.#sql };
  }

  view(size: Size, look: PaneLook): readonly Line[] {
    const { theme } = this.context;
    if (this.#message !== undefined) {
      const { text, isError } = this.#message;
      return text.split("\n").flatMap((line) => wrap(line, size.columns))
        .map((line): Line => [span(line, isError ? theme.error : theme.muted)]).slice(0, size.rows);
    }
    if (this.#csv === "") return [[span("i writes a query", theme.muted)]];
    return this.#table.view(size, look);
  }

  handleCommand(command: PaneCommand): void {
    this.#table.handleCommand(command);
  }

  onClick({ row }: { row: number }): void {
    this.#table.click(row);
  }

  refusal(action: string): string | undefined {
    if (action === "stop") return this.#stop === undefined ? "no query is running" : undefined;
    if (action === "save") return this.#csv === "" ? "there are no rows" : undefined;
    if (action === "save-query") return this.#sql === "" ? "there is no query" : undefined;
    if (/^(?:edit-query|history|saved-queries)$/.test(action)) {
      return this.#stop === undefined ? undefined : "a query is running: stop it first";
    }
    return undefined;
  }

  act(action: string): void {
    if (this.#table.act(action)) return;
    if (action === "stop") return this.#stop?.abort(new KodamaError("cancelled", "stopped"));
    this.#acted(action).catch((error: unknown) => {
      this.context.emit({ kind: "toast", text: errorMessage(error), tone: "bad" });
    });
  }

  async #acted(action: string): Promise<void> {
    const { ask, emit, host } = this.context;
    switch (action) {
      case "edit-query": {
        const sql = await ask({ kind: "line", label: "SQL:", text: this.#sql, keepsLines: true });
        if (sql !== undefined && sql.trim() !== "") await this.#run(sql.trim());
        return;
      }
      case "history": {
        const { history } = await readQueries(host);
        const choices = history.toReversed().map((value) => ({ value }));
        const sql = await ask({ kind: "choose", label: "history", choices });
        if (sql !== undefined) await this.#run(sql);
        return;
      }
      case "saved-queries": {
        const { saved } = await readQueries(host);
        const choices = Object.entries(saved).map(([value, detail]) => ({ value, detail }));
        const name = await ask({ kind: "choose", label: "saved queries", choices });
        const sql = name === undefined ? undefined : saved[name];
        if (sql !== undefined) await this.#run(sql);
        return;
      }
      case "save-query": {
        const name = await ask({ kind: "line", label: "save the query as:" });
        if (name === undefined || name.trim() === "") return;
        const { history, saved } = await readQueries(host);
        await writeQueries(host, { history, saved: { ...saved, [name.trim()]: this.#sql } });
        return emit({ kind: "toast", text: `saved as ${name.trim()}`, tone: "good" });
      }
      case "save": {
        const path = await ask({ kind: "line", label: "save the rows to:", text: "query.csv" });
        if (path === undefined || path.trim() === "") return;
        const file = absolutePath(path.trim(), host.places.workingDir);
        await using written = await host.files.draft(file, { private: false, replace: false });
        await written.write(new TextEncoder().encode(this.#csv));
        await written.complete();
        return this.#isCut
          ? emit({ kind: "toast", text: `saved ${cutText} to ${file}`, tone: "warn" })
          : emit({ kind: "toast", text: `saved to ${file}`, tone: "good" });
      }
    }
  }

  async #choosePod(): Promise<void> {
    const { ask, kube, scope, emit, signal } = this.context;
    if (kube === undefined) return emit({ kind: "close" });
    const connecting = kube();
    const pods = connecting.then((client) => runningPods(client, scope, signal));
    const name = await ask({ kind: "choose", label: "pod with psql:", choices: [] }, pods);
    if (name === undefined || name.trim() === "") return emit({ kind: "close" });
    const client = await connecting;
    const own = namespaceOf(client, scope);
    const [first = "", second] = name.trim().split("/");
    const namespace = second === undefined ? own : first;
    this.#objects = [{ context: client.context, resource: PODS, namespace, name: second ?? first }];
    emit({ kind: "changed" });
    this.act("edit-query");
  }

  async #run(sql: string): Promise<void> {
    const { host, ask, emit, signal } = this.context;
    this.#sql = sql;
    const reads = isReadingQuery(sql);
    if (!reads) {
      const where = `Run in ${objectsText(this.#objects)}:`;
      const lines = [where, ...sql.split("\n").map((line) => `  ${line}`), "It may change data."];
      if (await ask({ kind: "confirm", lines: [...lines, "Continue?"] }) === undefined) return;
    }
    const stop = new AbortController();
    this.#stop = stop;
    this.#message = undefined;
    this.#csv = "";
    emit({ kind: "changed" });
    try {
      const { exec } = await import("../../actions/exec/exec.ts");
      const events = exec(host, {
        ...selectionOfRows(this.#objects),
        command: [psql],
        shell: true,
        outputMode: "raw",
        oneTarget: true,
        stdin: bytesOf(psqlInput(sql)),
        signal: AbortSignal.any([signal, stop.signal]),
      });
      const output = { stdout: new LimitedText(maxBytes), stderr: new LimitedText(maxBytes) };
      let failure: string | undefined;
      for await (const event of events) {
        if (event.kind === "output") output[event.stream].add(event.bytes);
        if (event.kind === "runEnded" && event.exitCode !== 0) failure = event.summary.text;
      }
      if (failure !== undefined) {
        this.#message = { text: printable(`${output.stderr.text}${failure}`), isError: true };
      } else {
        this.#isCut = output.stdout.isCut;
        this.#show(output.stdout.text);
        if (this.#isCut) emit({ kind: "toast", text: `${cutText} is shown`, tone: "warn" });
      }
      const { history, saved } = await readQueries(host);
      const others = history.filter((one) => one !== sql);
      await writeQueries(host, { history: [...others, sql].slice(-maxHistory), saved });
    } catch (error) {
      this.#message = { text: printable(errorMessage(error)), isError: true };
    } finally {
      this.#stop = undefined;
      emit({ kind: "changed" });
    }
  }

  #show(csv: string): void {
    this.#csv = csv;
    const [header, ...rows] = parseCsv(csv);
    if (header === undefined) {
      this.#message = { text: "done, without rows", isError: false };
      return;
    }
    this.#table = this.#newTable(header);
    this.#table.update({
      kind: "changed",
      upserts: rows.slice(0, maxRows).map((cells, index) => ({
        id: `${index}`,
        group: "rows",
        order: String(index).padStart(8, "0"),
        cells: header.map((_, column) => cellOf(cells[column] ?? "")),
      })),
      removed: [],
      changes: rows.length,
      isInitial: true,
    });
    if (rows.length > maxRows) {
      const text = `${rows.length} rows, the first ${maxRows} are shown`;
      this.context.emit({ kind: "toast", text, tone: "warn" });
    }
  }

  #newTable(header: readonly string[]): TablePane {
    const { host, emit } = this.context;
    return new TablePane({
      nowMs: host.clock.now().getTime(),
      groups: [{ id: "rows", columns: header.map((title) => ({ title: printable(title) })) }],
      onChange: () => emit({ kind: "changed" }),
    });
  }
}

function namespaceOf({ defaultNamespace }: KubeClient, { namespaces }: PaneScope): string {
  return (namespaces.kind === "named" ? namespaces.names[0] : undefined) ?? defaultNamespace;
}

async function runningPods(
  client: KubeClient,
  scope: PaneScope,
  signal: AbortSignal,
): Promise<readonly Choice[]> {
  const isEverywhere = scope.namespaces.kind === "all";
  const within = isEverywhere ? {} : { namespace: namespaceOf(client, scope) };
  const choices: Choice[] = [];
  for await (const { items } of client.list<Pod>(PODS, within, { signal })) {
    const running = items.filter(({ status }) => status?.phase === "Running");
    choices.push(...running.map(({ metadata: { name = "", namespace } = {} }) => ({
      value: isEverywhere ? `${namespace}/${name}` : name,
    })));
    if (choices.length >= maxChoices) break;
  }
  return choices;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
