/** Objects of a kind, live, with the server's columns: the start of most panes. */
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
import { definedOnly } from "../../base/json_value.ts";
import { outagePolicy, retry } from "../../base/retry.ts";
import { wellKnownKind } from "../../kube/discovery.ts";
import { isTransient } from "../../kube/failures.ts";
import { eventsAbout, type ObjectRef } from "../../kube/object_ref.ts";
import { isSameKind, kindName, NAMESPACES, PODS } from "../../kube/resources.ts";
import { isSelectable, workloadSelector } from "../../kube/select/selection_scopes.ts";
import type { ObjectMeta } from "../../kube/types.ts";
import { watchMessage } from "../../present/watch_painter.ts";
import { WatchRows } from "../../present/watch_rows.ts";
import type { TableRow } from "../../table/live_table.ts";
import { type Line, span } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Size } from "../../terminal/terminal.ts";
import type { Pane, PaneAction, PaneCommand, PaneConfig, PaneContext, PaneLook } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { isPod, podsRefusal } from "./row_objects.ts";
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
  { id: "reload", keys: ["r"], does: "list the objects again" },
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

/** The object of a row. */
interface RowState {
  readonly object: ObjectRef;
  /** Where the Events about it are. */
  readonly events: ReturnType<typeof eventsAbout>;
  /** The label selector of a workload's pods; empty for other objects. */
  readonly podSelector: string;
}

class ResourceList implements Pane {
  readonly find = "filter";
  readonly #table: TablePane;
  readonly #kind: string;
  readonly #objects = new Map<string, RowState>();
  /** The last states, for the rows of other columns. */
  #isWide: boolean;
  #rows: WatchRows | undefined;
  #started: Extract<WatchedEvent, { kind: "started" }> | undefined;
  #columns: readonly PathColumn[] | undefined;
  /** The problem of the source. */
  #problem: string | undefined;
  /** The list couldn't be read at all; `retried` without a key. */
  #failed: "retried" | "final" | undefined;
  #isLoaded = false;
  #watching = new AbortController();

  constructor(
    private readonly context: PaneContext,
    /** Columns by kinds. */
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    const { config, emit, host } = context;
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
    const { labelSelector, fieldSelector, name } = this.context.config;
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
    if (this.#failed !== undefined) {
      return [span(this.#failed === "retried" ? "failed, is tried again" : "failed", "bad")];
    }
    if (this.#problem !== undefined) return [span("out of sync ", "bad"), ...this.#table.status];
    return this.#isLoaded ? this.#table.status : [span("loading …", "dim")];
  }

  get config(): PaneConfig {
    const { filter, sort } = this.#table.table;
    const { filter: _filter, sort: _sort, descending: _descending, wide: _wide, ...rest } =
      this.context.config;
    return {
      ...rest,
      kind: this.#kind,
      ...(filter === undefined ? {} : { filter: filter.text }),
      ...(sort === undefined ? {} : { sort: sort.title, descending: sort.descending }),
      ...(this.#isWide ? { wide: true } : {}),
    };
  }

  view(size: Size, look: PaneLook): readonly Line[] {
    if (this.#failed !== undefined) {
      return wrap(`${this.#problem ?? ""}; r lists again`, size.columns)
        .map((line) => [span(line, this.context.theme.error)]);
    }
    if (this.#problem === undefined || size.rows < 4) return this.#table.view(size, look);
    return [
      ...this.#table.view({ ...size, rows: size.rows - 1 }, look),
      [span(this.#problem, this.context.theme.error)],
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
    if (action === "reload") return undefined;
    if (action === "wide") {
      return this.#columns === undefined ? undefined : "this list has columns of its own";
    }
    const objects = this.#selected();
    const [first] = objects;
    const needsRow = actions.some(({ id }) => id === action) || action === "select";
    if (first === undefined) return needsRow ? "no row is selected" : undefined;
    switch (action) {
      case "logs":
      case "run-command":
      case "run-workflow":
      case "forward":
        return podsRefusal(objects);
      case "shell":
        return isPod(first) ? undefined : "a shell needs a pod";
      default:
        return undefined;
    }
  }

  act(action: string): void {
    if (this.#table.act(action)) return;
    const objects = this.#selected();
    const [first] = objects;
    const { emit } = this.context;
    if (action === "wide" || action === "reload") {
      if (action === "wide") this.#isWide = !this.#isWide;
      this.#watching.abort();
      this.#watch();
      return;
    }
    if (first === undefined) return;
    const under = this.#under();
    const one = under?.object ?? first;
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
          config: { kind: "events", ...under?.events },
        });
      case "forward":
        return emit({ kind: "open", key: "port-forwards", config: { objects: [one] } });
      case "wait":
        return emit({ kind: "open", key: "wait", config: { objects } });
      case "delete":
        return emit({ kind: "open", key: "delete", config: { objects } });
    }
  }

  /** Enter: the pane that a person most likely wants to see next. */
  #select(): void {
    const under = this.#under();
    if (under === undefined) return;
    const { object: one, podSelector } = under;
    const { emit } = this.context;
    if (isSameKind(one.resource, NAMESPACES)) {
      const scope = {
        context: one.context,
        namespaces: { kind: "named", names: [one.name] } as const,
      };
      emit({ kind: "toast", text: `namespace ${one.name}`, tone: "good" });
      return emit({ kind: "scope", scope });
    }
    if (isPod(one)) return emit({ kind: "open", key: "logs", config: { objects: [one] } });
    if (podSelector !== "") {
      const config = {
        kind: "pods",
        labelSelector: podSelector,
        ...definedOnly({ namespace: one.namespace }),
      };
      return emit({ kind: "open", key: "resource-list", config });
    }
    emit({ kind: "open", key: "yaml", config: { objects: [one] }, where: "right" });
  }

  #under(): RowState | undefined {
    const { cursor } = this.#table;
    return cursor === undefined ? undefined : this.#objects.get(cursor);
  }

  #selected(): ObjectRef[] {
    return this.#table.selected.flatMap((id) => this.#objects.get(id)?.object ?? []);
  }

  close(): void {
    this.#watching.abort();
  }

  /** Follows the source until the pane is closed. */
  #watch(): void {
    const watching = new AbortController();
    this.#watching = watching;
    const signal = AbortSignal.any([this.context.signal, watching.signal]);
    const fail = (error: unknown, failed: "retried" | "final") => {
      if (signal.aborted) return;
      if (!(error instanceof KodamaError)) throw error;
      this.#failed = failed;
      this.#problem = printable(error.message);
      this.context.emit({ kind: "changed" });
    };
    retry(() => this.#follow(signal), {
      ...{ policy: outagePolicy.follow, clock: this.context.host.clock, signal },
      mayRetry: isTransient,
      onFailure: (error) => fail(error, "retried"),
    }).catch((error: unknown) => fail(error, "final"));
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { host, scope, config } = this.context;
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
      targets: [{ kind: this.#kind, ...definedOnly({ name }) }],
      ...definedOnly({ labelSelector, fieldSelector }),
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
        this.#failed = this.#problem = undefined;
        for (const resource of event.resources) this.#columns = this.#columnsOf(resource);
        this.#rows = new WatchRows({
          resources: event.resources,
          showContext: false,
          showNamespace: event.namespaces.length !== 1,
          showKind: false,
          isWide: this.#isWide,
          ...definedOnly({ columns: this.#columns }),
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
        this.context.emit({ kind: "toast", text: watchMessage(event) ?? "", tone: "warn" });
        break;
    }
    this.context.emit({ kind: "changed" });
  }

  /** Returns the columns of a kind, of this list's own or of the settings. Throws UsageError if they can't be read. */
  #columnsOf(resource: ApiResource): readonly PathColumn[] | undefined {
    if (this.#columns !== undefined) return this.#columns;
    const whole = kindName(resource);
    const known = wellKnownKind(resource.plural) ?? resource;
    const kind = Object.hasOwn(this.settings, whole) ? whole : resource.plural;
    const text = kind === whole || isSameKind(known, resource) ? this.settings[kind] : undefined;
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
        this.#objects.set(change.key, stateOf(change));
      }
    }
    if (rows.groups !== known) this.#table.update({ kind: "groups", groups: rows.groups });
    const isInitial = changes.every((change) => change.isInitial);
    this.#table.update({ kind: "changed", upserts, removed, changes: changes.length, isInitial });
  }
}

/** The parts of an object that are read here. */
interface ListedObject {
  readonly metadata?: ObjectMeta;
  readonly spec?: { readonly selector?: unknown };
}

/** The fields of an object that rows and other panes need, beside the columns that the server prints. */
function listedFields(
  { metadata = {}, spec }: ListedObject,
  resource: ApiResource,
): WatchedObject["fields"] {
  const { name, namespace, uid, creationTimestamp } = metadata;
  // Events use other uids of some pods, which are among the annotations.
  const annotations = isSameKind(resource, PODS) ? metadata.annotations : undefined;
  const selector = isSelectable(resource) ? spec?.selector : undefined;
  return {
    metadata: { name, namespace, uid, creationTimestamp, ...definedOnly({ annotations }) },
    ...(selector === undefined ? {} : { spec: { selector } }),
  };
}

function stateOf({ object: { context, resource, fields } }: ObjectChange): RowState {
  const { metadata = {}, spec }: ListedObject = fields;
  const { name = "", namespace, uid } = metadata;
  return {
    object: { context, resource, name, ...definedOnly({ namespace, uid }) },
    events: eventsAbout(resource, metadata),
    podSelector: isSelectable(resource) ? workloadSelector(resource, spec) : "",
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
