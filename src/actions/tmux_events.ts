/** The options and events of the `tmux` action. */
import type { Remain } from "../tmux/commands.ts";
import type { Layout } from "../tmux/layout.ts";
import type { Confirm } from "./confirm_change.ts";
import type { ExecEvent, Selection } from "./exec_events.ts";

export { type Layout, layouts } from "../tmux/layout.ts";
export { checkedSessionName } from "../tmux/words.ts";

/** A wall of panes, one for each target. */
export interface TmuxOptions {
  /** Names of kubeconfig contexts; the current one where it is empty. */
  contexts: readonly string[];
  selection: Selection;
  /** In place of a shell; may be empty. */
  command: readonly string[];
  /** A session of this name is made; without one it is `kodama`, or inside tmux the session that is there. */
  session?: string;
  layout: Layout;
  sync: boolean;
  /** Nothing is shown: the panes are there. */
  detach: boolean;
  remain: Remain;
  /** Flags of `kodama shell` for every pane, with absolute paths. */
  shellFlags: readonly string[];
  /** Folders that panes write to. */
  writes: readonly string[];
  /** Of the terminal that the panes are for. */
  size: { columns: number; rows: number };
  /** Somebody can be shown the panes. */
  terminal: boolean;
  /** Confirms shells, and a command that isn't known to be read-only. Absent: nothing is asked (`--yes`). */
  confirm?: Confirm;
  signal: AbortSignal;
}

/** What is told of a wall. */
export type TmuxEvent =
  | Extract<ExecEvent, { kind: "contextFailed" | "podsSkipped" }>
  /** Every pane is there. */
  | { kind: "opened"; session: string; panes: number; windows: number; shown: "here" | "later" }
  /** The person has left it, and it goes on. */
  | { kind: "leftBehind"; session: string };
