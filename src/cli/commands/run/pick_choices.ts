/** A choice among some texts in the picker: what `kodama pick` is for pods. */
import { orAborted } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import { row } from "../../../pick/row.ts";
import { activeLevel, initialState, type PickState } from "../../../pick/state.ts";
import { isComplete } from "../../../pick/search.ts";
import { type PickEvent, step } from "../../../pick/step.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { plainPicker, rowsOf } from "../pick/options.ts";
import { PickerTerminal } from "../pick/picker_terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";

/** A terminal that a picker may use, and its clock. */
export interface ChoiceOn extends Pick<Invocation, "environment"> {
  terminal: Terminal;
  clock: Clock;
}

/** What there is to choose from. */
interface Choices {
  texts: readonly string[];
  /** Several may be chosen. */
  multi: boolean;
}

/** Returns whether a picker can be shown: on a terminal whose rows can be overwritten. */
export function canPick({ terminal, environment }: Omit<ChoiceOn, "clock">): boolean {
  return terminal.stdin.isTerminal && terminal.stderr.isTerminal && environment("TERM") !== "dumb";
}

/**
 * Shows the picker until some are chosen. Returns their indexes, in the order of the texts; none if it was left.
 *
 * @throws the signal's reason; KodamaError `cancelled` if the terminal is closed.
 */
export async function pickChoices(
  { texts, multi }: Choices,
  { terminal, environment, clock }: ChoiceOn,
  signal: AbortSignal,
): Promise<number[]> {
  const { columns, rows } = terminal.size() ?? { columns: 80, rows: 24 };
  const { height, layout, prompt, mouse } = plainPicker;
  const initial = initialState(
    {
      of: "choices",
      multi,
      layout,
      asksContainer: false,
      switches: false,
      prompt,
      purpose: "",
      columns: {},
    },
    { columns, rows: rowsOf(height, rows), screenRows: rows, query: "", nowMs: 0, preview: false },
  );
  const upserts = texts.map((text, index) =>
    row({ id: String(index), text: printable(text), order: orderOf(index), cells: [] })
  );
  const source = new ChoiceList(initial);
  source.send({ kind: "changed", level: "choices", turn: 0, changes: { upserts, removed: [] } });
  source.send({ kind: "loaded", level: "choices", turn: 0 });
  await using shown = new PickerTerminal(source, {
    terminal,
    keyboard: terminal.stdin,
    clock,
    height,
    color: styleOf(terminal.stderr, environment).bold("") !== "",
    mouse,
  });
  await orAborted(shown.run(), signal);
  const { outcome } = source.state;
  const entries = outcome.kind === "accepted" ? outcome.entries : [];
  return entries.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
}

/** Orders of rows are texts. */
function orderOf(index: number): string {
  return String(index).padStart(9, "0");
}

/** Searches all rows at once: there are as many as a person has been given, and no more come. */
class ChoiceList {
  state: PickState;

  constructor(state: PickState) {
    this.state = state;
  }

  send(event: PickEvent): void {
    this.state = step(this.state, event);
    if (this.state.outcome.kind === "open" && !isComplete(activeLevel(this.state).list.search)) {
      this.state = step(this.state, { kind: "search", entries: Number.MAX_SAFE_INTEGER });
    }
  }
}
