import type { Host } from "../../actions/host.ts";
import { parseColumns } from "../../actions/watch/columns.ts";
import type { StreamFile } from "../../actions/watch/stream_file.ts";
import type { WatchedEvent, WatchObjectsOptions } from "../../actions/watch/watch.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { plural } from "../../base/plural.ts";
import type { WatchRowsOptions } from "../../present/watch_rows.ts";
import type { TableRow } from "../../table/live_table.ts";
import { printable } from "../../terminal/printable.ts";
import type { InputStream } from "../../terminal/terminal.ts";
import type { Invocation } from "../invocation.ts";
import { styleOf } from "../output.ts";
import { defineCommand } from "../parser/command.ts";
import { choice, text, toggle, value, values } from "../parser/flag.ts";
import { objectsOf } from "../parser/object_operands.ts";
import { selectionFields } from "../../actions/selection.ts";
import { refuseContradictoryFlags } from "../parser/option_flag.ts";
import { objectFlags } from "../parser/scope_flags.ts";

/** `kodama watch`. */
export const command = defineCommand({
  description:
    "Shows objects and every change of them, of any kind and of several at once, by the API's watch: nothing is " +
    "polled, a connection that breaks is resumed, and changes that the server no longer has are reported as a gap.\n\n" +
    "On a terminal it is a live table with the columns of kubectl get: changes are marked, `/` filters by a regular " +
    "expression, space pauses the display while the watch continues, `s` saves the stream, `?` lists all keys. In a " +
    "pipe each change is a line, as kubectl get --watch --output-watch-events prints it.",
  operands: [{ name: "KIND|KIND/NAME", arity: "any" }],
  flags: {
    ...objectFlags,
    "columns": values(
      "columns instead of the server's: NAME:.metadata.name,PHASE:.status.phase",
      parseColumns,
      { placeholder: "TITLE:PATH" },
    ),
    "sort": value("sort the live table by the column with this title", text, {
      placeholder: "COLUMN",
    }),
    "reverse": toggle("reverse the order of --sort"),
    "filter": value("filter of the live table to start with, a regular expression", text, {
      placeholder: "RE",
    }),
    "events": toggle("show the Events about the objects as well"),
    "diff": toggle(
      "print the fields that a change has changed, and lines instead of the live table",
    ),
    "save": value("file to save every change to as a line of JSON, while it is shown", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    "output": value("more columns, or each change as a line of JSON", choice(["wide", "jsonl"]), {
      short: "o",
    }),
  },
  examples: {
    "Pods of a label, with the deployment": "kodama watch pods,deployments -l app=web",
    "One object and the Events about it": "kodama watch deploy/web --events",
    "Two clusters": "kodama watch pods --context staging --context prod",
    "Columns of your own": "kodama watch pods --columns POD:.metadata.name,IP:.status.podIP",
    "Which fields change": "kodama watch pod/web-0 --diff",
    "Each change as data": "kodama watch pods -A -o jsonl | jq .changed",
    "A record of a rollout": "kodama watch pods,rs -l app=web --save rollout.jsonl",
  },
  exitCodes: [
    ["0", "left by q"],
    ["1", "a kind is unknown, or the server refuses to list it"],
    ["2", "the command line is wrong"],
    ["4", "a server couldn't be reached at the start"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: ["kodama wait ends when objects are in a state; docs/watch.md has the data's fields."],
  resolve({ flags, given, operands }) {
    refuseContradictoryFlags(selectionFields, { flags, given });
    if (flags.reverse && flags.sort === undefined) {
      throw new UsageError("--reverse needs --sort");
    }
    const targets = operands.flatMap(objectsOf);
    if (targets.length === 0) {
      throw new UsageError("nothing to watch", { hint: "name a kind: pods, or deploy/web" });
    }
    const isNamed = targets.some(({ name }) => name !== undefined);
    if (isNamed && (flags.selector ?? flags["field-selector"]) !== undefined) {
      throw new UsageError("a name and a selector contradict each other");
    }
    if (isNamed && flags["all-namespaces"]) {
      throw new UsageError("a named object is in one namespace", {
        hint: "name its namespace with -n instead of all of them",
      });
    }
    const columns = flags.columns.flat();
    return {
      watch: {
        contexts: flags.context,
        namespaces: flags.namespace,
        allNamespaces: flags["all-namespaces"],
        targets,
        events: flags.events,
        ...definedOnly({ labelSelector: flags.selector, fieldSelector: flags["field-selector"] }),
      },
      view: {
        format: flags.output === "jsonl" ? "jsonl" as const : "text" as const,
        isWide: flags.output === "wide",
        diff: flags.diff,
        reverse: flags.reverse,
        ...(columns.length === 0 ? {} : { columns }),
        ...definedOnly({ sort: flags.sort?.toUpperCase(), filter: flags.filter }),
      },
      save: flags.save,
    };
  },
  async run({ watch, view, save }, invocation) {
    const host = await invocation.host();
    const { StreamFile } = await import("../../actions/watch/stream_file.ts");
    const file = save === undefined ? undefined : await StreamFile.create(host, save);
    const { terminal, environment } = invocation;
    const isLive = terminal.stdout.isTerminal && terminal.stderr.isTerminal && !view.diff &&
      view.format === "text" && environment("TERM") !== "dumb";
    const keyboard = isLive ? terminal.keyboard() : undefined;
    const saving = new Saving(host, view.diff, file);
    try {
      return keyboard === undefined
        ? await printChanges({ watch, view, saving }, { host, invocation })
        : await showTable({ watch, view, saving }, { host, invocation, keyboard });
    } finally {
      const end = await saving.end();
      if (end !== undefined) await terminal.stderr.write(`${printable(end)}\n`);
    }
  },
});

/** How a watch is shown. */
interface WatchView {
  format: "text" | "jsonl";
  isWide: boolean;
  diff: boolean;
  reverse: boolean;
  columns?: WatchRowsOptions["columns"];
  sort?: string;
  filter?: string;
}

interface Watching {
  watch: Omit<WatchObjectsOptions, "signal">;
  view: WatchView;
  saving: Saving;
}

interface WatchingOn {
  host: Host;
  invocation: Invocation;
}

/** The file that the stream is being saved to, if there is a file. */
class Saving {
  constructor(
    private readonly host: Host,
    private readonly diff: boolean,
    private file: StreamFile | undefined,
  ) {}

  get isActive(): boolean {
    return this.file !== undefined;
  }

  /** Starts to save; returns a message. */
  async start(name: string): Promise<string> {
    const { StreamFile } = await import("../../actions/watch/stream_file.ts");
    try {
      this.file = await StreamFile.create(this.host, name);
      return `saving to ${this.file.path}`;
    } catch (error) {
      if (error instanceof KodamaError) return error.message;
      throw error;
    }
  }

  /** Saves an event; returns a message if that isn't possible any more. */
  async follow(event: WatchedEvent): Promise<string | undefined> {
    if (this.file === undefined) return undefined;
    const { watchLines } = await import("../../present/watch_painter.ts");
    const lines = watchLines(event, { diff: this.diff });
    if (lines.length === 0) return undefined;
    const error = await this.file.write(lines.join(""), lines.length);
    if (error === undefined) return undefined;
    const saved = this.file.lines;
    this.file = undefined;
    return `${error.message}: saving has ended after ${plural(saved, "line")}, the watch continues`;
  }

  /** Ends it; returns a message if something was being saved. */
  async end(): Promise<string | undefined> {
    const file = this.file;
    this.file = undefined;
    if (file === undefined) return undefined;
    await file.end();
    return `saved ${plural(file.lines, "line")} to ${file.path}`;
  }
}

async function printChanges(
  { watch, view, saving }: Watching,
  { host, invocation }: WatchingOn,
): Promise<number> {
  const { terminal, signals } = invocation;
  const [{ watchObjects }, { drive }, { WatchPainter }] = await Promise.all([
    import("../../actions/watch/watch.ts"),
    import("../../terminal/driver/drive.ts"),
    import("../../present/watch_painter.ts"),
  ]);
  const events = async function* (signal: AbortSignal): AsyncGenerator<WatchedEvent> {
    for await (const event of watchObjects(host, { ...watch, signal })) {
      yield event;
      const message = await saving.follow(event);
      if (message !== undefined) await terminal.stderr.write(`${printable(message)}\n`);
    }
  };
  return await drive(({ signal }) => events(signal), {
    terminal,
    signals,
    clock: host.clock,
    painter: new WatchPainter({ ...view, rows: (started) => rowsOptions(started, watch, view) }),
    milestone: () => undefined,
  });
}

/** Distinguishing columns are shown only if they differ. */
function rowsOptions(
  { resources, contexts, namespaces }: Extract<WatchedEvent, { kind: "started" }>,
  { allNamespaces }: Watching["watch"],
  { isWide, columns }: WatchView,
): WatchRowsOptions {
  return {
    resources,
    showContext: contexts.length > 1,
    showNamespace: allNamespaces || namespaces.length > 1,
    showKind: resources.length > 1,
    isWide,
    ...definedOnly({ columns }),
  };
}

async function showTable(
  { watch, view, saving }: Watching,
  { host, invocation, keyboard }: WatchingOn & { keyboard: InputStream },
): Promise<number> {
  const { terminal, environment, signals } = invocation;
  const [
    { watchObjects },
    { TableScreen },
    { liveTable },
    { WatchRows },
    { watchMessage },
    { span },
  ] = await Promise.all([
    import("../../actions/watch/watch.ts"),
    import("../table_screen.ts"),
    import("../../table/live_table.ts"),
    import("../../present/watch_rows.ts"),
    import("../../present/watch_painter.ts"),
    import("../../terminal/grid.ts"),
  ]);
  const now = host.clock.now();
  const notice = (message: string) => screen.update({ kind: "notice", text: printable(message) });
  const screen = new TableScreen({
    terminal,
    clock: host.clock,
    color: styleOf(terminal.stderr, environment).bold("") !== "",
    table: liveTable({
      size: terminal.size() ?? { columns: 80, rows: 24 },
      nowMs: now.getTime(),
      caption: [],
      isExplainable: true,
      saveName: `watch-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.jsonl`,
      ...(view.sort === undefined ? {} : { sort: { title: view.sort, descending: view.reverse } }),
      ...definedOnly({ filter: view.filter }),
    }),
    onExplain: (text, signal) =>
      explainShown(text, { watch, keyboard, invocation, clock: host.clock, signal }),
    onRequest: async (request) => {
      if (request.kind === "save") notice(await saving.start(request.file));
      if (request.kind === "endSave") notice(await saving.end() ?? "");
      screen.update({ kind: "saving", isSaving: saving.isActive });
    },
  });
  let rows: InstanceType<typeof WatchRows> | undefined;
  let isOutOfSync = false;
  const show = async (event: WatchedEvent) => {
    const message = await saving.follow(event);
    if (message !== undefined) {
      screen.update({ kind: "saving", isSaving: false });
      notice(message);
    }
    switch (event.kind) {
      case "started": {
        rows = new WatchRows(rowsOptions(event, watch, view));
        screen.update({ kind: "caption", line: [span(captionText(event), "strong")] });
        break;
      }
      case "changed": {
        if (rows === undefined) break;
        const known = rows.groups;
        const [upserts, removed] = [[], []] as [TableRow[], string[]];
        for (const change of event.changes) {
          if (change.kind === "deleted") removed.push(change.key);
          else upserts.push(rows.rowOf(change));
        }
        if (rows.groups !== known) screen.update({ kind: "groups", groups: rows.groups });
        const isInitial = event.changes.every((change) => change.isInitial);
        const changes = event.changes.length;
        screen.update({ kind: "changed", upserts, removed, changes, isInitial });
        break;
      }
      case "outOfSync":
        isOutOfSync = true;
        screen.update({ kind: "status", line: [span(watchMessage(event) ?? "", "bad")] });
        break;
      case "inSync":
        if (isOutOfSync) notice("in sync again");
        isOutOfSync = false;
        screen.update({ kind: "status", line: [] });
        break;
      case "gap":
        notice(watchMessage(event) ?? "");
        break;
    }
  };
  await screen.follow((signal) => watchObjects(host, { ...watch, signal }), show, {
    keyboard,
    signals,
  });
  return 0;
}

/** Lets a model explain rows on the terminal, until a key goes back to the table. */
async function explainShown(
  text: string,
  { watch, keyboard, invocation, clock, signal }: {
    watch: Watching["watch"];
    keyboard: InputStream;
    invocation: Invocation;
    clock: Clock;
    signal: AbortSignal;
  },
): Promise<void> {
  const [{ explainRun }, { OutputSample }, { rawKeys, readKeys }] = await Promise.all([
    import("./ask/explain.ts"),
    import("../../actions/ask/explain.ts"),
    import("../../terminal/key_reader.ts"),
  ]);
  const sample = new OutputSample();
  sample.add(text);
  const objects = watch.targets.map(({ kind, name }) =>
    name === undefined ? kind : `${kind}/${name}`
  );
  const [context] = watch.contexts;
  await explainRun({
    command: `kodama watch ${objects.join(" ")}`,
    exitCode: 0,
    sample,
    model: undefined,
    context: watch.contexts.length === 1 ? context : undefined,
  }, invocation);
  await invocation.terminal.stderr.write("a key goes back to the table\n");
  await invocation.terminal.stderr.flush();
  using _raw = rawKeys(invocation.terminal, keyboard);
  await readKeys(keyboard, { clock, signal, onInputs: () => false });
}

/** `pods, deployments in shop (context prod)`. */
function captionText(
  { resources, contexts, namespaces }: Extract<WatchedEvent, { kind: "started" }>,
): string {
  const kinds = resources.map(({ plural }) => plural).join(", ");
  const within = namespaces.length === 0 ? "" : ` in ${namespaces.join(", ")}`;
  const where = `${plural(contexts.length, "context").replace(/^\d+ /, "")} ${contexts.join(", ")}`;
  return printable(`${kinds}${within} (${where})`);
}
