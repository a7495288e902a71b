/** Panes that show rows: the cursor, marks, the filter and the order are the same in all of them. */
import { definedOnly } from "../../base/json_value.ts";
import {
  allMarked,
  BufferedTable,
  filteredBy,
  lineAt,
  type LiveTable,
  liveTable,
  markToggled,
  movedBy,
  movedTo,
  orderReversed,
  pauseToggled,
  selectedIds,
  sortedByNext,
  type TableEvent,
  type TableGroup,
  type TableRow,
  type TableSort,
  unmarked,
} from "../../table/live_table.ts";
import { tableView } from "../../table/view.ts";
import { type Line, span } from "../../terminal/grid.ts";
import type { Size } from "../../terminal/terminal.ts";
import type { PaneAction, PaneCommand, PaneLook } from "../pane.ts";

/** Actions of every pane with rows. */
export const tableActions = [
  { id: "mark", keys: ["space"], does: "mark the row, or remove its mark" },
  { id: "mark-all", keys: ["a"], does: "mark all rows that match the filter, or none" },
  { id: "pause", keys: ["P"], does: "pause the display, or show the changes since then" },
] as const satisfies readonly PaneAction[];

/** Options of a {@link TablePane}. */
interface TablePaneOptions {
  nowMs: number;
  groups?: readonly TableGroup[];
  sort?: TableSort | undefined;
  filter?: string | undefined;
  /** Called when the pane has something else to show. */
  onChange: () => void;
}

/** The rows of a pane. */
export class TablePane {
  readonly #onChange: () => void;
  readonly #table: BufferedTable;

  constructor({ nowMs, groups, sort, filter, onChange }: TablePaneOptions) {
    this.#onChange = onChange;
    this.#table = new BufferedTable(liveTable({
      size: { columns: 80, rows: 24 },
      nowMs,
      caption: [],
      isPart: true,
      isSelectable: true,
      ...definedOnly({ groups, sort, filter }),
    }));
  }

  /** The state with all changes so far. */
  get table(): LiveTable {
    return this.#table.current;
  }

  /** Ids of the marked rows, or else of the row under the cursor. */
  get selected(): string[] {
    return selectedIds(this.table);
  }

  /** The id of the row under the cursor. */
  get cursor(): string | undefined {
    return this.table.selection?.cursor;
  }

  /** Applies an event. Changes of rows are collected until they are drawn. */
  update(event: TableEvent): void {
    this.#table.update(event);
    this.#onChange();
  }

  /** Replaces all rows: of a source that is read again and again. */
  replace(rows: readonly TableRow[]): void {
    const { entries } = this.table;
    const ids = new Set(rows.map(({ id }) => id));
    const removed = [...entries.values()].flatMap(({ row, deletedAtMs }) =>
      ids.has(row.id) || deletedAtMs !== undefined ? [] : [row.id]
    );
    const upserts = rows.filter((row) => {
      const known = entries.get(row.id);
      return known === undefined || known.deletedAtMs !== undefined ||
        JSON.stringify(known.row) !== JSON.stringify(row);
    });
    const changes = upserts.length + removed.length;
    if (changes === 0) return;
    this.update({ kind: "changed", upserts, removed, changes, isInitial: entries.size === 0 });
  }

  /** Draws the rows. */
  view(size: Size, { nowMs }: PaneLook): readonly Line[] {
    const { table } = this;
    if (table.size.columns !== size.columns || table.size.rows !== size.rows) {
      this.#table.update({ kind: "resize", size });
    }
    if (Math.abs(nowMs - table.nowMs) >= 250) this.#table.update({ kind: "clock", nowMs });
    return tableView(this.table).lines;
  }

  /** Counts, the filter, marks and a pause. */
  get status(): Line {
    const { matching, total, filter, selection, paused } = this.table;
    const marked = selection?.marked.size ?? 0;
    return [
      ...(paused === undefined ? [] : [span(`paused, ${paused.changes} changes `, "warn")]),
      ...(marked === 0 ? [] : [span(`${marked} marked `, "sign")]),
      ...(filter === undefined
        ? []
        : [span(`/${filter.text}${filter.isLiteral ? " (as text)" : ""} `, "match")]),
      span(filter === undefined ? `${total}` : `${matching} of ${total}`, "dim"),
    ];
  }

  /** Handles a command that concerns rows; returns false for other commands. */
  handleCommand(command: PaneCommand): boolean {
    const next = this.#commanded(command);
    if (next === undefined) return false;
    this.#table.current = next;
    this.#onChange();
    return true;
  }

  /** Handles an action of every pane with rows; returns false for others. */
  act(action: string): boolean {
    const { table } = this;
    if (action === "mark") this.#table.current = markToggled(table);
    else if (action === "mark-all") this.#table.current = allMarked(table);
    else if (action === "pause") this.#table.current = pauseToggled(table);
    else return false;
    this.#onChange();
    return true;
  }

  /** Moves the cursor to the row that is drawn in a line; returns whether it was there already. */
  click(row: number): boolean {
    const { table } = this;
    const line = lineAt(table, row);
    if (line < 0 || table.body[line]?.kind !== "row") return false;
    const wasThere = table.selection?.line === line;
    this.#table.current = movedTo(table, line);
    this.#onChange();
    return wasThere;
  }

  #commanded(command: PaneCommand): LiveTable | undefined {
    const { table } = this;
    const page = Math.max(1, table.size.rows - 2);
    switch (command.type) {
      case "select_next":
      case "scroll_down":
        return movedBy(table, 1);
      case "select_prev":
      case "scroll_up":
        return movedBy(table, -1);
      case "page_down":
        return movedBy(table, page);
      case "page_up":
        return movedBy(table, -page);
      case "go_to_top":
        return movedBy(table, -table.body.length);
      case "go_to_bottom":
        return movedBy(table, table.body.length);
      case "filter":
        return filteredBy(table, command.query);
      case "clear_filter":
        return filteredBy(table, "");
      case "back":
        return table.filter === undefined ? unmarked(table) : filteredBy(table, "");
      case "sort_by_column":
        return sortedByNext(table, command.column === "previous" ? -1 : 1);
      case "toggle_sort_order":
        return orderReversed(table);
      default:
        return undefined;
    }
  }
}
