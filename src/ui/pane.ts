/**
 * Panes of the terminal UI: what each is, what it is given, and how it reports. A pane draws lines into a rectangle and
 * gets commands; it never touches the terminal, and no method of it waits.
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

/** Identifies a pane, and no later one. */
export type PaneId = number;

/** The context and the namespaces of a tab, which its panes show. */
export interface PaneScope {
  /** The kubeconfig's current one if absent. */
  readonly context?: string;
  readonly namespaces: Selection["namespaces"];
}

/** What a pane was opened with: a JSON value, so that a layout can be saved and restored. */
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
  /** Its keys, unless the settings name others. */
  readonly keys: readonly string[];
  /** What it does, as help shows it. */
  readonly does: string;
}

/** Something that a person is asked. */
export type PaneQuestion =
  /** A line of text. */
  | { readonly kind: "line"; readonly label: string; readonly text?: string }
  /** Yes or no; no is the default. */
  | { readonly kind: "confirm"; readonly lines: readonly string[] }
  /** One of several, found by typing parts of it. */
  | {
    readonly kind: "choose";
    readonly label: string;
    readonly choices: readonly Choice[];
    /** They are being fetched. */
    readonly isLoading?: boolean;
  };

/** One of the choices of a question. */
export interface Choice {
  readonly value: string;
  /** Beside the value. */
  readonly detail?: string;
}

/** What a pane reports. There is no other way from a pane to the screen. */
export type PaneEvent =
  /** It has something else to show. */
  | { readonly kind: "changed" }
  | { readonly kind: "toast"; readonly text: string; readonly tone?: Tone }
  /** Opens another pane beside it, below it, or in a tab of its own. */
  | {
    readonly kind: "open";
    readonly key: string;
    readonly config?: PaneConfig;
    readonly where?: "below" | "right" | "tab";
  }
  /** Its tab shows another context or other namespaces. */
  | { readonly kind: "scope"; readonly scope: PaneScope }
  | { readonly kind: "close" }
  /** Text for the terminal's clipboard. */
  | { readonly kind: "clipboard"; readonly text: string }
  | PluginEvent;

/** What a pane is given when it is opened. */
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
   * Resolves to the answer: a text, a choice's value, or `yes`; undefined if the person declines. `choices` are those of
   * a question that is asked before they are known: no key that follows is another action.
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
  /** One line without control characters. */
  readonly title: string;
  /** Right of the title: counts, modes. */
  readonly status?: Line;
  /** Returns at most `size.rows` lines, none wider than `size.columns`. Longer ones are cut. */
  view(size: Size, look: PaneLook): readonly Line[];
  /** Handles a command, at once. */
  handleCommand(command: PaneCommand): void;
  /** What `/` does: narrows what is shown, or finds text in it. Absent: neither. */
  readonly find?: "filter" | "search";
  /** Handles an action of its kind. */
  act?(action: string): void;
  /** Why an action can't be used now; undefined if it can. */
  refusal?(action: string): string | undefined;
  /** All keys but those that work everywhere go to {@link onInput}: a program runs in it. */
  readonly takesKeys?: boolean;
  onInput?(input: TerminalInput): void;
  /** A click at a position in it. */
  onClick?(at: { column: number; row: number }): void;
  /** The focus came or went. */
  onFocus?(focused: boolean): void;
  /** Its size, first before it is drawn. */
  onResize?(size: Size): void;
  /** Called twice a second. */
  onTick?(nowMs: number): void;
  /** What a plugin sent to it. */
  onPlugin?(event: PluginEvent): void;
  /** What a saved layout opens it with; as it was opened if absent. */
  readonly config?: PaneConfig;
  /** Why it shouldn't be closed without a question: what runs in it. */
  readonly running?: string | undefined;
  /** It was closed, by a person or with the program. Called once. */
  close?(): void | Promise<void>;
}

/** Opens a pane. */
export type PaneFactory = (context: PaneContext) => Pane;
