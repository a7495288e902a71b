/** The kinds of panes by their keys. Every pane of the program is created here. */
import { UsageError } from "../base/errors.ts";
import type { Pane, PaneAction, PaneContext, PaneFactory } from "./pane.ts";
import { clipText, span } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { wrap } from "../terminal/wrap.ts";

/** A kind of pane before a pane is opened. */
interface PaneKind {
  /** For the list of panes: `the log lines of pods`. */
  readonly summary: string;
  /** Actions of its own. */
  readonly actions?: readonly PaneAction[];
  /** A person can open it without a row of another pane. */
  readonly offered?: boolean;
}

interface Registered {
  kind: PaneKind;
  create: PaneFactory;
}

/** A key, as in settings and layouts: kebab-case. */
const keyPattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Kinds of panes. */
export class PaneRegistry {
  readonly #kinds = new Map<string, Registered>();

  /** Registers a kind. Throws UsageError for a key that isn't in kebab-case, or that is registered. */
  register(key: string, create: PaneFactory, kind: PaneKind = { summary: key }): void {
    if (!keyPattern.test(key)) {
      throw new UsageError(`"${key}" is not a name of a pane`, {
        hint: "names are in kebab-case, such as my-view",
      });
    }
    if (this.#kinds.has(key)) throw new UsageError(`there are two panes named "${key}"`);
    this.#kinds.set(key, { kind, create });
  }

  /** Returns a new pane; undefined for an unknown key. */
  create(key: string, context: PaneContext): Pane | undefined {
    return this.#kinds.get(key)?.create(context);
  }

  /** Returns a new pane. An unknown key, and a factory that throws, give a pane that shows the error. */
  open(key: string, context: PaneContext): Pane {
    try {
      return this.create(key, context) ??
        errorPane(
          context,
          key,
          `there is no pane "${key}"; the panes are ${[...this.#kinds.keys()].join(", ")}`,
        );
    } catch (error) {
      return errorPane(context, key, error instanceof Error ? error.message : String(error));
    }
  }

  /** Returns a kind; undefined for an unknown key. */
  kind(key: string): PaneKind | undefined {
    return this.#kinds.get(key)?.kind;
  }

  /** Returns all keys with their kinds, in the order in which they were registered. */
  kinds(): readonly (readonly [key: string, kind: PaneKind])[] {
    return [...this.#kinds].map(([key, { kind }]) => [key, kind]);
  }
}

/** Returns a pane with the message; it takes no command. */
export function errorPane(
  { theme }: Pick<PaneContext, "theme">,
  key: string,
  message: string,
): Pane {
  const text = printable(message);
  return {
    title: printable(key),
    view: ({ columns, rows }) =>
      wrap(text, columns).slice(0, rows).map((
        line,
      ) => [span(clipText(line, columns), theme.error)]),
    handleCommand: () => {},
  };
}
