/** What a picker is asked for, and how it answers. */
import type { Selection, Target } from "../../actions/pick_pods.ts";
import type { PickedPod } from "../../actions/pick_host.ts";
import { NoMatchError } from "../../base/errors.ts";
import { BadValue } from "../flag.ts";

/** A part of the screen: rows, or a share of them. */
export type Height = { kind: "rows"; rows: number } | { kind: "percent"; percent: number };

/** What to choose from, and how it is shown. */
export interface PickerOptions {
  contexts: readonly string[];
  selection: Selection;
  /** Several may be chosen. */
  multi: boolean;
  /** Enter on a pod with several containers asks which. */
  asksContainer: boolean;
  /** Typed already. */
  query: string;
  /** A single match is taken without a question. */
  selectOne: boolean;
  /** Nothing that matches is the answer, without a question. */
  exitZero: boolean;
  height: Height;
  layout: "default" | "reverse";
  preview: boolean;
  /** Clicks and the wheel are the picker's while it is shown. */
  mouse: boolean;
  prompt: string;
}

/** The picker that other commands show: as fzf begins. */
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
};

/** How a choice ended. */
export type Picked =
  /** In the order of choosing; never empty. */
  | { kind: "picked"; targets: readonly Target[]; pods: readonly PickedPod[] }
  /** There was none to choose; `search` is as {@link nothingMatches} takes it. */
  | { kind: "nothing"; search: string }
  | { kind: "aborted" };

/** `40%` or a number of rows. Throws {@link BadValue}. */
export function parseHeight(raw: string): Height {
  const [, digits = "", percent] = /^(\d{1,5})(%?)$/.exec(raw) ?? [];
  const number = Number(digits);
  if (digits === "" || number < 1 || (percent === "%" && number > 100)) {
    throw new BadValue(raw, "must be a number of rows, or a share as in 40%");
  }
  return percent === "%" ? { kind: "percent", percent: number } : { kind: "rows", rows: number };
}

/** A share of the screen is no less than this, as far as there is room: fzf's own minimum. */
const leastRows = 10;
/** A share of a screen that has fewer rows would show next to nothing: it is all of it. */
const leastScreenRows = 20;

/** Rows on a screen of so many; all of them mean the whole screen. */
export function rowsOf(height: Height, screenRows: number): number {
  const wanted = height.kind === "rows"
    ? height.rows
    : screenRows < leastScreenRows
    ? screenRows
    : Math.max(leastRows, Math.floor(screenRows * height.percent / 100));
  return Math.max(1, Math.min(screenRows, wanted));
}

/** Whether it is the whole screen by name, and not only because the screen is small. */
export function isFullScreen(height: Height): boolean {
  return height.kind === "percent" && height.percent === 100;
}

/**
 * The error of a choice among none.
 *
 * @param search what was typed and fits none of the pods that are there; empty where there are none.
 */
export function nothingMatches(search: string): NoMatchError {
  if (search !== "") return new NoMatchError(`no pod matches "${search}"`);
  return new NoMatchError("no pod matches", {
    hint: "`kodama pods` with the same words says why",
  });
}
