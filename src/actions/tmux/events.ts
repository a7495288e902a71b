/** The options and events of the `tmux` action. */
import type { Remain } from "../../tmux/commands.ts";
import type { WallLayout } from "../../tmux/layout.ts";
import type { Confirm } from "../confirm_change.ts";
import type { ExecEvent, Selection } from "../exec/events.ts";

export { layouts } from "../../tmux/layout.ts";
export { checkedTmuxSession as checkedSessionName } from "../../tmux/commands.ts";

/** A wall of panes: a pane for each target. */
export interface TmuxOptions {
  /** Names of kubeconfig contexts; the current context if empty. */
  contexts: readonly string[];
  selection: Selection;
  /** Replaces the shell; may be empty. */
  command: readonly string[];
  /** Create a session of this name; without a name it is `kodama`, or inside tmux the current session. */
  session?: string;
  layout: WallLayout;
  sync: boolean;
  /** Create the panes without showing them. */
  detach: boolean;
  remain: Remain;
  /** Flags of `kodama shell` for every pane, with absolute paths. */
  shellFlags: readonly string[];
  /** Folders that panes write to. */
  writes: readonly string[];
  /** The size of the terminal that shows the panes. */
  size: { columns: number; rows: number };
  /** Whether there is a terminal to show the panes in. */
  terminal: boolean;
  /** Confirms shells, and a command that isn't known to be read-only. If absent, nothing is confirmed (`--yes`). */
  confirm?: Confirm;
  signal: AbortSignal;
}

/** The events of a wall. */
export type TmuxEvent =
  | Extract<ExecEvent, { kind: "containersDefaulted" | "contextFailed" | "podsSkipped" }>
  /** Every pane has been created. */
  | { kind: "opened"; session: string; panes: number; windows: number; shown: "here" | "later" }
  /** The user has detached, and it continues. */
  | { kind: "leftBehind"; session: string };

/* The interface to a terminal multiplexer: this machine's tmux, or a test's. */

/** How a local program ended. */
export interface ProgramEnd {
  code: number;
  /** At most 64 KiB of each. */
  stdout: string;
  stderr: string;
}

/** The tmux functions that kodama uses. */
export interface Multiplexer {
  /**
   * Runs a tmux command line.
   *
   * @throws KodamaError `environment` if tmux is missing, or may not be started.
   */
  run(words: readonly string[], signal?: AbortSignal): Promise<ProgramEnd>;
  /** Lends this terminal to it until it ends; returns its exit code. */
  lendTerminal(words: readonly string[]): Promise<number>;
  /**
   * Returns the args that start this same kodama in a pane, with absolute paths.
   *
   * @param writes folders, besides the configuration's, that it writes to.
   */
  kodamaWords(writes: readonly string[]): readonly string[];
}
