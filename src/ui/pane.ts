/**
 * The interface of panes of the terminal UI. A pane gets commands and draws lines into a rectangle; it reports
 * everything else as events ({@link PaneContext.emit}). It never touches the terminal, and none of its methods waits.
 *
 * A new kind of pane is a file in `panes/` that exports a function for `register_panes.ts`. `TablePane`, `PolledPane`
 * and `TextPane` are the bases of lists and texts.
 */
import type { Host } from "../actions/host.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Selection } from "../kube/select/target.ts";
import type { PaneCommand } from "../plugin/command.ts";
import type { PluginEvent } from "../plugin/session.ts";
import type { Line, Tone } from "../terminal/grid.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import type { Size } from "../terminal/terminal.ts";

export type { PaneCommand } from "../plugin/command.ts";

/** Identifies a pane: a later pane has another id. */
export type PaneId = number;

/** The context and the namespaces of a tab, which its panes show. */
export interface PaneScope {
  /** The kubeconfig's current context if absent. */
  readonly context?: string;
  readonly namespaces: Selection["namespaces"];
}

/** The configuration with which a pane was opened: a JSON value, so that a layout can be saved and restored. */
export type PaneConfig = Readonly<Record<string, unknown>>;

/** The tones of things that all panes have. */
export interface Theme {
  readonly error: Tone;
  readonly warning: Tone;
  readonly success: Tone;
  readonly title: Tone;
  readonly muted: Tone;
  readonly cursor: Tone;
  readonly mark: Tone;
}

/** An action of a kind of pane, for the key table and help. */
export interface PaneAction {
  /** In kebab-case, unique among the actions of the pane. */
  readonly id: string;
  /** The action's keys, unless the settings name others. */
  readonly keys: readonly string[];
  /** The action's effect, as help shows it. */
  readonly does: string;
}

/** A question for a person. */
export type PaneQuestion =
  /** A line of text. */
  | {
    readonly kind: "line";
    readonly label: string;
    readonly text?: string;
    /** The answer may have several lines: a command of a shell, a statement. */
    readonly keepsLines?: boolean;
  }
  /** Yes or no; no is the default. */
  | { readonly kind: "confirm"; readonly lines: readonly string[] }
  /** A choice of several, found by typing parts of it. */
  | {
    readonly kind: "choose";
    readonly label: string;
    readonly choices: readonly Choice[];
    /** The choices are being fetched. */
    readonly isLoading?: boolean;
    /** The text if none matches; without it, Enter takes any text. */
    readonly noMatch?: string;
  };

/** A choice of a question. */
export interface Choice {
  readonly value: string;
  /** A text shown beside the value. */
  readonly detail?: string;
}

/** The events of a pane: the only way in which it reaches the screen. */
export type PaneEvent =
  /** The pane has something else to show. */
  | { readonly kind: "changed" }
  | { readonly kind: "toast"; readonly text: string; readonly tone?: Tone }
  /** Opens another pane beside it, below it, or in a tab of its own. */
  | {
    readonly kind: "open";
    readonly key: string;
    readonly config?: PaneConfig;
    readonly where?: "below" | "right" | "tab";
  }
  /** The pane's tab shows another context or other namespaces. */
  | { readonly kind: "scope"; readonly scope: PaneScope }
  | { readonly kind: "close" }
  /** A person types a filter or a search, if the pane has the focus. */
  | { readonly kind: "find"; readonly as: "filter" | "search" }
  /** Text for the terminal's clipboard. */
  | { readonly kind: "clipboard"; readonly text: string }
  | PluginEvent;

/** The context of an open pane. */
export interface PaneContext {
  readonly pane: PaneId;
  readonly host: Host;
  readonly scope: PaneScope;
  /** Returns the client of the tab's context; absent if there is no kubeconfig to connect with. */
  readonly kube: (() => Promise<KubeClient>) | undefined;
  readonly config: PaneConfig;
  readonly theme: Theme;
  /** Ignored after the pane was closed. */
  readonly emit: (event: PaneEvent) => void;
  /**
   * Shows a question, and resolves to the answer: a text, a choice's value, or `yes`; undefined if the person declines.
   * `choices` replaces those of the question once they are loaded. The question is shown before, so that keys that are
   * typed meanwhile aren't taken for actions of the pane.
   */
  readonly ask: (
    question: PaneQuestion,
    choices?: Promise<readonly Choice[]>,
  ) => Promise<string | undefined>;
  /** Aborted when the pane is closed. */
  readonly signal: AbortSignal;
}

/** How a pane is drawn. */
export interface PaneLook {
  readonly focused: boolean;
  /** The epoch's milliseconds. */
  readonly nowMs: number;
}

/** A pane. */
export interface Pane {
  /** A line without control characters. */
  readonly title: string;
  /** Shown right of the title: counts, modes. */
  readonly status?: Line;
  /** Returns at most `size.rows` lines, none wider than `size.columns`. Longer lines are cut. */
  view(size: Size, look: PaneLook): readonly Line[];
  /** Handles a command, at once. */
  handleCommand(command: PaneCommand): void;
  /** Whether `/` narrows the rows (`filter`) or finds text in them (`search`); absent if it does nothing. */
  readonly find?: "filter" | "search";
  /** Handles an action of its kind. */
  act?(action: string): void;
  /** Returns why an action can't be used now; undefined if it can. */
  refusal?(action: string): string | undefined;
  /** A program runs in it: all keys except those that work everywhere go to {@link onInput}. */
  readonly takesKeys?: boolean;
  onInput?(input: TerminalInput): void;
  /** A click at a position in it. */
  onClick?(at: { column: number; row: number }): void;
  /** Called when it gets or loses the focus. */
  onFocus?(focused: boolean): void;
  /** Called with its size, before it is drawn for the first time and after each change. */
  onResize?(size: Size): void;
  /** Called twice a second. */
  onTick?(nowMs: number): void;
  /** Called with an event of the plugin that it shows. */
  onPlugin?(event: PluginEvent): void;
  /** The configuration in a saved layout; the configuration that it was opened with if absent. */
  readonly config?: PaneConfig;
  /** The program that runs in it: it isn't closed without a question. */
  readonly running?: string | undefined;
  /** Called once, when it is closed by a person or with the UI. */
  close?(): void | Promise<void>;
}

/** Opens a pane. */
export type PaneFactory = (context: PaneContext) => Pane;
