/** Objects of a kind, live, with the server's columns: what most panes start from. */
import type {
  ApiResource,
  ObjectChange,
  WatchedEvent,
  WatchedObject,
  WatchObjectsOptions,
} from "../../actions/watch/watch.ts";
import { parseColumns, type PathColumn } from "../../actions/watch/columns.ts";
import { forEachUntil } from "../../base/abort.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import { watchMessage } from "../../present/watch_painter.ts";
import { WatchRows } from "../../present/watch_rows.ts";
import type { TableRow } from "../../table/live_table.ts";
import { type Line, span } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Size } from "../../terminal/terminal.ts";
import type { Pane, PaneAction, PaneCommand, PaneConfig, PaneContext, PaneLook } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { tableActions, TablePane } from "./table_pane.ts";

const actions = [
  ...tableActions,
  { id: "logs", keys: ["l"], does: "show the logs of the marked pods or workloads" },
  { id: "run-command", keys: ["x"], does: "run a command in the marked pods or workloads" },
  { id: "run-workflow", keys: ["W"], does: "run a workflow on the marked pods or workloads" },
  { id: "shell", keys: ["s"], does: "open a shell in the pod" },
  { id: "yaml", keys: ["y"], does: "show the object as YAML" },
  { id: "describe", keys: ["d"], does: "describe the object, as kubectl does" },
  { id: "events", keys: ["e"], does: "show the Events about the object" },
  { id: "forward", keys: ["p"], does: "forward a local port to the pod or the workload" },
  { id: "wait", keys: ["t"], does: "wait until the marked objects are ready" },
  { id: "delete", keys: ["D"], does: "delete the marked objects, after a question" },
  { id: "wide", keys: ["o"], does: "show more columns, or fewer" },
] as const satisfies readonly PaneAction[];

/** Registers the pane; `columns` are those of the settings, by kinds. */
export function registerResourceList(
  registry: PaneRegistry,
  columns: Readonly<Record<string, string>>,
): void {
  registry.register("resource-list", (context) => new ResourceList(context, columns), {
    summary: "objects of any kind, live",
    actions,
    offered: true,
  });
}

/** An object that a row stands for. */
export interface RowObject {
  readonly context: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly plural: string;
  readonly group: string;
  /** The label selector of a workload. */
  readonly labels: string | undefined;
}

/** Kinds whose pods a selection can name: `deploy/web`. */
const workloads =
  /^(?:deployments|statefulsets|daemonsets|replicasets|replicationcontrollers|jobs|cronjobs|services)$/;

class ResourceList implements Pane {
  readonly find = "filter";
  readonly #context: PaneContext;
  readonly #table: TablePane;
  readonly #kind: string;
  readonly #objects = new Map<string, RowObject>();
  /** The last states, for the rows of other columns. */
  #isWide: boolean;
  #rows: WatchRows | undefined;
  #started: Extract<WatchedEvent, { kind: "started" }> | undefined;
  #columns: readonly PathColumn[] | undefined;
  /** Columns by kinds. */
  readonly #settings: Readonly<Record<string, string>>;
  /** The problem of the source. */
  #problem: string | undefined;
  #isFailed = false;
  #isLoaded = false;
  #watching = new AbortController();

  constructor(context: PaneContext, columns: Readonly<Record<string, string>>) {
    const { config, emit, host } = context;
    this.#context = context;
    this.#settings = columns;
    this.#kind = textOf(config["kind"]) ?? "pods";
    this.#isWide = config["wide"] === true;
    const own = textOf(config["columns"]);
    if (own !== undefined) this.#columns = parseColumns(own);
    const sort = textOf(config["sort"]);
    this.#table = new TablePane({
      nowMs: host.clock.now().getTime(),
      filter: textOf(config["filter"]),
      sort: sort === undefined
        ? undefined
        : { title: sort, descending: config["descending"] === true },
      onChange: () => emit({ kind: "changed" }),
    });
    this.#watch();
  }

  get title(): string {
    const { labelSelector, fieldSelector, name } = this.#context.config;
    const narrowed = [labelSelector, name, fieldSelector].map(textOf).filter((one) =>
      one !== undefined
    );
    const namespaces = this.#started?.namespaces ?? [];
    const within =
      this.#started === undefined || !this.#started.resources.some((one) => one.namespaced)
        ? ""
        : namespaces.length === 0
        ? " · all namespaces"
        : ` · ${namespaces.join(", ")}`;
    return `${[this.#kind, ...narrowed].join(" ")}${within}`;
  }

  get status(): Line {
    if (this.#isFailed) return [span("failed", "bad")];
    if (this.#problem !== undefined) return [span("out of sync ", "bad"), ...this.#table.status];
    return this.#isLoaded ? this.#table.status : [span("loading …", "dim")];
  }

  get config(): PaneConfig {
    const { filter, sort } = this.#table.table;
    const { filter: _filter, sort: _sort, descending: _descending, wide: _wide, ...rest } =
      this.#context.config;
    return {
      ...rest,
      kind: this.#kind,
      ...(filter === undefined ? {} : { filter: filter.text }),
      ...(sort === undefined ? {} : { sort: sort.title, descending: sort.descending }),
      ...(this.#isWide ? { wide: true } : {}),
    };
  }

  view(size: Size, look: PaneLook): readonly Line[] {
    if (this.#isFailed) {
      return wrap(this.#problem ?? "", size.columns)
        .map((line) => [span(line, this.#context.theme.error)]);
    }
    if (this.#problem === undefined || size.rows < 4) return this.#table.view(size, look);
    return [
      ...this.#table.view({ ...size, rows: size.rows - 1 }, look),
      [span(this.#problem, this.#context.theme.error)],
    ];
  }

  handleCommand(command: PaneCommand): void {
    if (command.type === "select") this.#select();
    else this.#table.handleCommand(command);
  }

  onClick({ row }: { row: number }): void {
    if (this.#table.click(row)) this.#select();
  }

  refusal(action: string): string | undefined {
    if (tableActions.some(({ id }) => id === action)) return undefined;
    if (action === "wide") {
      return this.#columns === undefined ? undefined : "this list has columns of its own";
    }
    const objects = this.#selected();
    const [first] = objects;
    const needsRow = actions.some(({ id }) => id === action) || action === "select";
    if (first === undefined) return needsRow ? "no row is selected" : undefined;
    const hasPods = objects.every(({ plural }) => plural === "pods" || workloads.test(plural));
    switch (action) {
      case "logs":
      case "run-command":
      case "run-workflow":
      case "forward":
        return hasPods ? undefined : `${first.plural} have no pods of their own`;
      case "shell":
        return first.plural === "pods" ? undefined : "a shell needs a pod";
      default:
        return undefined;
    }
  }

  act(action: string): void {
    if (this.#table.act(action)) return;
    const objects = this.#selected();
    const [first] = objects;
    const { emit } = this.#context;
    if (action === "wide") {
      this.#isWide = !this.#isWide;
      this.#watching.abort();
      this.#watch();
      return;
    }
    if (first === undefined) return;
    const one = this.#under() ?? first;
    switch (action) {
      case "logs":
        return emit({ kind: "open", key: "logs", config: { objects } });
      case "run-command":
        return emit({ kind: "open", key: "run", config: { objects } });
      case "run-workflow":
        return emit({ kind: "open", key: "workflow", config: { objects } });
      case "shell":
        return emit({ kind: "open", key: "terminal", config: { objects: [one] } });
      case "yaml":
      case "describe":
        return emit({ kind: "open", key: action, config: { objects: [one] }, where: "right" });
      case "events":
        return emit({
          kind: "open",
          key: "resource-list",
          config: {
            kind: "events",
            ...(one.namespace === undefined ? {} : { namespace: one.namespace }),
            fieldSelector: `involvedObject.name=${one.name}`,
          },
        });
      case "forward":
        return emit({ kind: "open", key: "port-forwards", config: { objects: [one] } });
      case "wait":
        return emit({ kind: "open", key: "wait", config: { objects } });
      case "delete":
        return emit({ kind: "open", key: "delete", config: { objects } });
    }
  }

  /** Enter: what a person most likely wants to see next. */
  #select(): void {
    const one = this.#under();
    if (one === undefined) return;
    const { emit } = this.#context;
    if (one.plural === "namespaces") {
      const scope = {
        context: one.context,
        namespaces: { kind: "named", names: [one.name] } as const,
      };
      emit({ kind: "toast", text: `namespace ${one.name}`, tone: "good" });
      return emit({ kind: "scope", scope });
    }
    if (one.plural === "pods") {
      return emit({ kind: "open", key: "logs", config: { objects: [one] } });
    }
    if (workloads.test(one.plural) && one.labels !== undefined) {
      const config = {
        kind: "pods",
        labelSelector: one.labels,
        ...(one.namespace === undefined ? {} : { namespace: one.namespace }),
      };
      return emit({ kind: "open", key: "resource-list", config });
    }
    emit({ kind: "open", key: "yaml", config: { objects: [one] }, where: "right" });
  }

  #under(): RowObject | undefined {
    const { cursor } = this.#table;
    return cursor === undefined ? undefined : this.#objects.get(cursor);
  }

  #selected(): RowObject[] {
    return this.#table.selected.flatMap((id) => this.#objects.get(id) ?? []);
  }

  close(): void {
    this.#watching.abort();
  }

  /** Follows the source until the pane is closed. */
  #watch(): void {
    const watching = new AbortController();
    this.#watching = watching;
    const signal = AbortSignal.any([this.#context.signal, watching.signal]);
    this.#follow(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      if (!(error instanceof KodamaError)) throw error;
      this.#isFailed = true;
      this.#problem = printable(error.message);
      this.#context.emit({ kind: "changed" });
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { host, scope, config } = this.#context;
    const { watchObjects } = await import("../../actions/watch/watch.ts");
    const name = textOf(config["name"]);
    const namespace = textOf(config["namespace"]);
    const { namespaces } = scope;
    const labelSelector = textOf(config["labelSelector"]);
    const fieldSelector = textOf(config["fieldSelector"]);
    const options: WatchObjectsOptions = {
      contexts: scope.context === undefined ? [] : [scope.context],
      namespaces: namespace !== undefined
        ? [namespace]
        : namespaces.kind === "named"
        ? namespaces.names
        : [],
      allNamespaces: namespace === undefined && namespaces.kind === "all",
      targets: [{ kind: this.#kind, ...(name === undefined ? {} : { name }) }],
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      events: false,
      // Columns of paths can be of any field.
      reduce: (fields, resource) =>
        this.#columnsOf(resource) === undefined ? listedFields(fields, resource) : fields,
      signal,
    };
    await forEachUntil(watchObjects(host, options), signal, (event) => this.#onEvent(event));
  }

  #onEvent(event: WatchedEvent): void {
    switch (event.kind) {
      case "started":
        this.#started = event;
        for (const resource of event.resources) this.#columns = this.#columnsOf(resource);
        this.#rows = new WatchRows({
          resources: event.resources,
          showContext: false,
          showNamespace: event.namespaces.length !== 1,
          showKind: false,
          isWide: this.#isWide,
          ...(this.#columns === undefined ? {} : { columns: this.#columns }),
        });
        break;
      case "changed":
        return this.#onChanges(event.changes);
      case "outOfSync":
        this.#problem = watchMessage(event);
        break;
      case "inSync":
        this.#isLoaded = true;
        this.#problem = undefined;
        break;
      case "gap":
        this.#context.emit({ kind: "toast", text: watchMessage(event) ?? "", tone: "warn" });
        break;
    }
    this.#context.emit({ kind: "changed" });
  }

  /** Returns the columns of a kind, of this list's own or of the settings. Throws UsageError if they can't be read. */
  #columnsOf({ plural, group }: ApiResource): readonly PathColumn[] | undefined {
    if (this.#columns !== undefined) return this.#columns;
    const whole = group === "" ? plural : `${plural}.${group}`;
    const kind = Object.hasOwn(this.#settings, whole) ? whole : plural;
    const text = this.#settings[kind];
    if (text === undefined) return undefined;
    try {
      return parseColumns(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new KodamaError("config", `ui.columns.${kind}: ${error.message}`, { cause: error });
    }
  }

  #onChanges(changes: readonly ObjectChange[]): void {
    const rows = this.#rows;
    if (rows === undefined) return;
    const known = rows.groups;
    const upserts: TableRow[] = [];
    const removed: string[] = [];
    for (const change of changes) {
      if (change.kind === "deleted") {
        removed.push(change.key);
        this.#objects.delete(change.key);
      } else {
        upserts.push(rows.rowOf(change));
        this.#objects.set(change.key, objectOf(change));
      }
    }
    if (rows.groups !== known) this.#table.update({ kind: "groups", groups: rows.groups });
    const isInitial = changes.every((change) => change.isInitial);
    this.#table.update({ kind: "changed", upserts, removed, changes: changes.length, isInitial });
  }
}

/** What rows and other panes need of an object, beside what the server prints of it. */
function listedFields(
  { metadata, spec }: WatchedObject["fields"],
  { plural }: ApiResource,
): WatchedObject["fields"] {
  const { name, namespace, creationTimestamp } = isRecord(metadata) ? metadata : {};
  const selector = workloads.test(plural) && isRecord(spec) ? spec["selector"] : undefined;
  return {
    metadata: { name, namespace, creationTimestamp },
    ...(selector === undefined ? {} : { spec: { selector } }),
  };
}

function objectOf({ object: { context, resource, fields } }: ObjectChange): RowObject {
  const metadata = isRecord(fields["metadata"]) ? fields["metadata"] : {};
  return {
    context,
    namespace: textOf(metadata["namespace"]),
    name: textOf(metadata["name"]) ?? "",
    plural: resource.plural,
    group: resource.group,
    labels: workloads.test(resource.plural) ? selectorOf(fields["spec"]) : undefined,
  };
}

/** A workload's `matchLabels`, a service's `selector`, as a label selector. */
function selectorOf(spec: unknown): string | undefined {
  const selector = isRecord(spec) ? spec["selector"] : undefined;
  if (!isRecord(selector)) return undefined;
  const labels = isRecord(selector["matchLabels"]) ? selector["matchLabels"] : selector;
  const pairs = Object.entries(labels).filter(([, value]) => typeof value === "string");
  return pairs.length === 0 ? undefined : pairs.map(([key, value]) => `${key}=${value}`).join(",");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
