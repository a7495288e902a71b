/** The options of a picker, and its outcomes. */
import type { Selection, Target } from "../../../actions/pick/pods.ts";
import type { PickedPod } from "../../../actions/pick/picked_host.ts";
import { NoMatchError } from "../../../base/errors.ts";
import { BadValue } from "../../parser/flag.ts";

/** A part of the screen: rows, or a share of them. */
export type Height = { kind: "rows"; rows: number } | { kind: "percent"; percent: number };

/** The pods to choose from, and the display options. */
export interface PickerOptions {
  contexts: readonly string[];
  selection: Selection;
  /** Several may be chosen. */
  multi: boolean;
  /** Enter on a pod with several containers opens their list. */
  asksContainer: boolean;
  /** The initial query. */
  query: string;
  /** A single match is chosen without a question. */
  selectOne: boolean;
  /** If nothing matches, the picker ends without a question. */
  exitZero: boolean;
  height: Height;
  layout: "default" | "reverse";
  preview: boolean;
  /** The picker handles clicks and the wheel while it is shown. */
  mouse: boolean;
  prompt: string;
  /** The use of the chosen pods; empty if they are only printed. */
  purpose: string;
}

/** The picker of other commands: like fzf's default. */
export const plainPicker: Omit<PickerOptions, "contexts" | "selection" | "multi"> = {
  asksContainer: false,
  query: "",
  selectOne: false,
  exitZero: false,
  height: { kind: "percent", percent: 40 },
  layout: "default",
  preview: true,
  mouse: true,
  prompt: "> ",
  purpose: "",
};

/** The outcome of a choice. */
export type Picked =
  /** In the order of choosing; never empty. */
  | { kind: "picked"; targets: readonly Target[]; pods: readonly PickedPod[] }
  /** There were no pods to choose; `search` is as in {@link nothingMatches}. */
  | { kind: "nothing"; search: string }
  | { kind: "aborted" };

/** Parses `40%` or a number of rows. Throws {@link BadValue}. */
export function parseHeight(raw: string): Height {
  const [, digits = "", percent] = /^(\d{1,5})(%?)$/.exec(raw) ?? [];
  const number = Number(digits);
  if (digits === "" || number < 1 || (percent === "%" && number > 100)) {
    throw new BadValue(raw, "must be a number of rows, or a share as in 40%");
  }
  return percent === "%" ? { kind: "percent", percent: number } : { kind: "rows", rows: number };
}

/** A share of the screen is at least this, if the screen has as many rows: fzf's own minimum. */
const leastRows = 10;
/** On a screen with fewer rows than this a share would show next to nothing: the picker takes the whole screen. */
const leastScreenRows = 20;

/** Returns the rows on a screen of N rows; all of them mean the whole screen. */
export function rowsOf(height: Height, screenRows: number): number {
  const requested = height.kind === "rows"
    ? height.rows
    : screenRows < leastScreenRows
    ? screenRows
    : Math.max(leastRows, Math.floor(screenRows * height.percent / 100));
  return Math.max(1, Math.min(screenRows, requested));
}

/** Returns whether the whole screen is requested by name, and not only because the screen is small. */
export function isFullScreen(height: Height): boolean {
  return height.kind === "percent" && height.percent === 100;
}

/**
 * Returns the error for an empty choice.
 *
 * @param search the query, if it matches none of the existing pods; empty if there are no pods.
 */
export function nothingMatches(search: string): NoMatchError {
  if (search !== "") return new NoMatchError(`no pod matches "${search}"`);
  return new NoMatchError("no pod matches", {
    hint: "`kodama pods` with the same arguments shows why",
  });
}
