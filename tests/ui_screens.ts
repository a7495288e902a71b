/** States of the terminal UI: each has a picture in `tests/screens/ui/`. */
import { registerAll } from "../src/ui/register_panes.ts";
import { keyTable } from "../src/ui/keys.ts";
import type { Pane, PaneId } from "../src/ui/pane.ts";
import { PaneRegistry } from "../src/ui/registry.ts";
import { emptyState, type UiState } from "../src/ui/state.ts";
import type { PaneState } from "../src/ui/state.ts";
import { step, type UiEvent } from "../src/ui/step.ts";
import { view } from "../src/ui/view.ts";
import { span } from "../src/terminal/grid.ts";
import type { Size } from "../src/terminal/terminal.ts";
import type { Screens } from "./screens.ts";

const registry = new PaneRegistry();
registerAll(registry);
const keys = keyTable({ kinds: registry.kinds() });

/** Stands for any pane: the views of the real ones have tests of their own. */
const pane = (state: UiState) => (id: PaneId): Pane => ({
  title: `${state.panes.get(id)?.key} ${id}`,
  status: [span("31", "dim")],
  view: ({ rows }) => Array.from({ length: rows }, (_, row) => [span(`row ${row} of pane ${id}`)]),
  handleCommand: () => {},
});

const lookup = (state: UiState, refused?: string) => (id: PaneId): PaneState | undefined => {
  const open = state.panes.get(id);
  return open && {
    takesKeys: false,
    find: "filter",
    config: open.config,
    running: undefined,
    refusal: (action) => action === "logs" ? refused : undefined,
  };
};

function after(size: Size, ...events: (UiEvent | string)[]): UiState {
  const open: UiEvent = {
    kind: "open",
    where: "tab",
    key: "resource-list",
    config: { kind: "pods" },
    scope: { context: "prod", namespaces: { kind: "named", names: ["shop"] } },
  };
  let state: UiState = {
    ...emptyState({ size, nowMs: 0, keys }),
    contexts: [
      { name: "dev", current: true, server: "https://10.0.0.1:6443", user: "me", policy: "allow" },
      {
        name: "prod",
        current: false,
        server: "https://10.9.9.9:6443",
        user: "admin",
        policy: "ask",
      },
    ],
  };
  for (const one of [open, ...events]) {
    const event: UiEvent = typeof one !== "string" ? one : {
      kind: "input",
      input: one.length === 1 ? { kind: "text", text: one } : { kind: "key", key: one },
    };
    ({ state } = step(state, event, lookup(state, "no row is selected")));
  }
  return state;
}

const normal = { columns: 80, rows: 16 };
const large = { columns: 300, rows: 100 };
const small = { columns: 40, rows: 10 };

const confirm: UiEvent = {
  kind: "ask",
  id: 1,
  question: {
    kind: "confirm",
    lines: [
      "Run in 30 pods (sh): touch /tmp/x",
      "  context    prod",
      "  pods       web-[0-29]",
      "Continue?",
    ],
  },
};
const choose: UiEvent = {
  kind: "ask",
  id: 2,
  question: {
    kind: "choose",
    label: "kind",
    choices: [{ value: "pods", detail: "Pod po" }, {
      value: "deployments",
      detail: "Deployment deploy",
    }],
  },
};

const states: Readonly<Record<string, () => UiState>> = {
  "one-pane": () => after(normal),
  "tiles": () => after(normal, "alt-v", "alt-s", "alt-left", "alt-shift-right"),
  "zoomed": () => after(normal, "alt-v", "alt-z"),
  "current-context": () =>
    after(normal, { kind: "scope", tab: 2, scope: { namespaces: { kind: "default" } } }),
  "read-only-context": () => {
    const state = after(small);
    const contexts = state.contexts.map((one) => ({ ...one, policy: "read-only" as const }));
    return { ...state, contexts };
  },
  "tabs": () => after(normal, "alt-t", "alt-t", "alt-1"),
  "prefix": () => after(normal, "ctrl-w"),
  "refused": () => after(normal, "l"),
  "filter": () => after(normal, "/", "w", "e", "b"),
  "confirm": () => after(normal, "alt-v", confirm),
  "choose": () => after(normal, choose, "d"),
  "choose-not-offered": () => after(normal, choose, "z"),
  "help": () => after(normal, "?"),
  "small": () => after(small, "alt-v"),
  "small-confirm": () => after(small, confirm),
  "small-help": () => after(small, "?", "page-down"),
  "small-tiles": () => after(small, "alt-v", "alt-s", "alt-v"),
  "small-choose": () => after(small, choose),
  "large": () => after(large, "alt-v", "alt-s", "alt-v", "alt-left", "alt-s", confirm),
  "large-help": () => after(large, "?"),
  "tiny": () => after({ columns: 20, rows: 4 }, "alt-s"),
};

/** By the name of the picture. */
export const uiScreens: Screens = Object.fromEntries(
  Object.entries(states).map(([name, make]) => [name, () => {
    const state = make();
    return view(state, { pane: pane(state), lookup: lookup(state, "no row is selected") });
  }]),
);
