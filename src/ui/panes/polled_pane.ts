/** Panes with rows of a source that can't be watched: it is read again and again while the pane is open. */
import { delay } from "../../base/abort.ts";
import { plainText } from "../../base/plain_text.ts";
import type { LiveCell, LiveColumn } from "../../table/live_table.ts";
import { type Line, span, type Tone } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import type { Size } from "../../terminal/terminal.ts";
import type { Pane, PaneCommand, PaneContext, PaneLook } from "../pane.ts";
import { TablePane } from "./table_pane.ts";
import { errorMessage } from "./text_pane.ts";

/** A row, with the value that it shows. */
export interface PolledRow<T> {
  id: string;
  cells: readonly (string | LiveCell)[];
  value: T;
}

interface PolledSource<T> {
  title: string;
  columns: readonly LiveColumn[];
  everyMs: number;
  /** In the order in which they are shown. */
  read: (signal: AbortSignal) => Promise<readonly PolledRow<T>[]>;
  /** If there are none. */
  empty: string;
  /** Enter on a row. */
  select?: (value: T) => void;
  /** An action of its own on the selected rows. */
  act?: (action: string, values: readonly T[], pane: PolledPane<T>) => void;
  /** Why an action of its own can't be used now. */
  refusal?: (action: string, values: readonly T[]) => string | undefined;
}

/** The most characters of a cell. */
const maxCell = 300;

/** Returns a cell. */
export function cellOf(text: string, tone: Tone = "plain"): LiveCell {
  return { kind: "text", text: plainText(text, maxCell), tone };
}

/** A pane that reads its rows every few seconds. */
export class PolledPane<T> implements Pane {
  readonly title: string;
  readonly find = "filter";
  readonly #table: TablePane;
  #values = new Map<string, T>();
  #problem: string | undefined;
  #isRead = false;
  #wake: () => void = () => {};

  constructor(private readonly context: PaneContext, private readonly source: PolledSource<T>) {
    this.title = source.title;
    this.#table = new TablePane({
      nowMs: context.host.clock.now().getTime(),
      groups: [{ id: "rows", columns: source.columns }],
      onChange: () => context.emit({ kind: "changed" }),
    });
    void this.#poll();
  }

  get status(): Line {
    if (this.#problem !== undefined) return [span("failed ", "bad"), ...this.#table.status];
    return this.#isRead ? this.#table.status : [span("loading …", "dim")];
  }

  /** Reads now, and not only when it is time to. */
  refresh(): void {
    this.#wake();
  }

  view(size: Size, look: PaneLook): readonly Line[] {
    const { theme } = this.context;
    if (this.#problem !== undefined) return [[span(this.#problem, theme.error)]];
    if (this.#isRead && this.#values.size === 0) return [[span(this.source.empty, theme.muted)]];
    return this.#table.view(size, look);
  }

  handleCommand(command: PaneCommand): void {
    if (command.type === "select") this.#select();
    else this.#table.handleCommand(command);
  }

  onClick({ row }: { row: number }): void {
    if (this.#table.click(row)) this.#select();
  }

  refusal(action: string): string | undefined {
    return this.source.refusal?.(action, this.#selected());
  }

  act(action: string): void {
    if (!this.#table.act(action)) this.source.act?.(action, this.#selected(), this);
  }

  #select(): void {
    const { cursor } = this.#table;
    const value = cursor === undefined ? undefined : this.#values.get(cursor);
    if (value !== undefined) this.source.select?.(value);
  }

  #selected(): T[] {
    return this.#table.selected.flatMap((id) => this.#values.get(id) ?? []);
  }

  async #poll(): Promise<void> {
    const { host: { clock }, signal, emit } = this.context;
    while (!signal.aborted) {
      try {
        const rows = await this.source.read(signal);
        this.#values = new Map(rows.map(({ id, value }) => [id, value]));
        this.#table.replace(rows.map(({ id, cells }, index) => ({
          id,
          group: "rows",
          order: String(index).padStart(8, "0"),
          cells: cells.map((one) => typeof one === "string" ? cellOf(one) : one),
        })));
        this.#problem = undefined;
      } catch (error) {
        if (signal.aborted) return;
        this.#problem = printable(errorMessage(error));
      }
      this.#isRead = true;
      emit({ kind: "changed" });
      const sleep = new AbortController();
      this.#wake = () => sleep.abort();
      await delay(clock, this.source.everyMs, AbortSignal.any([signal, sleep.signal]))
        .catch(() => {});
    }
  }
}
