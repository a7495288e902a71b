/**
 * The actions of the program: each with its keys, its text for help, the reason why it can't be used now, and its effect.
 * An action with a key of `alt` works in a program's pane as well.
 */
import { editLine } from "../terminal/edit_line.ts";
import type { PaneCommand } from "./pane.ts";
import {
  closing,
  focusedOn,
  type Moment,
  only,
  opened,
  type ProgramAction,
  shownPanes,
  type Stepped,
  type Tab,
  type UiEffect,
  withCurrent,
} from "./state.ts";
import {
  equalized,
  neighbour,
  panesOf,
  resized,
  type SplitDirection,
  type TileSide,
} from "./tiles.ts";

/** The share of the screen by which a key moves an edge. */
const resizeStep = 0.05;

/** The effect of an action, and the reason why it can't be used now. */
interface ActionEffect {
  perform(now: Moment): Stepped;
  refusal?(now: Moment, id: string): string | undefined;
}

type ActionRow = readonly [
  id: string,
  does: string,
  keys: readonly string[],
  effect: ActionEffect,
];

/** Filters the rows of the pane, or searches its text. */
const find: ActionEffect = {
  perform({ state, tab, panes }) {
    const as = panes(tab.focused)?.find ?? "filter";
    return only({ ...state, dialog: { kind: "find", as, edit: editLine("") } });
  },
  refusal: ({ tab, panes }) =>
    panes(tab.focused)?.find === undefined
      ? "this pane has nothing to filter or to search"
      : undefined,
};

/** Every action of the program with its default keys. */
export const programActions: readonly ProgramAction[] = [
  ...inGroup("panes", [
    [
      "focus-left",
      "focus the pane on the left",
      ["alt-left", "alt-h", "ctrl-w h", "ctrl-w left"],
      focus("left"),
    ],
    [
      "focus-down",
      "focus the pane below",
      ["alt-down", "alt-j", "ctrl-w j", "ctrl-w down"],
      focus("down"),
    ],
    ["focus-up", "focus the pane above", ["alt-up", "alt-k", "ctrl-w k", "ctrl-w up"], focus("up")],
    [
      "focus-right",
      "focus the pane on the right",
      ["alt-right", "alt-l", "ctrl-w l", "ctrl-w right"],
      focus("right"),
    ],
    ["focus-next", "focus the next pane", ["tab", "ctrl-w w"], focusBy(1)],
    ["focus-previous", "focus the previous pane", ["shift-tab"], focusBy(-1)],
    [
      "split-right",
      "split: another pane of this kind on the right",
      ["alt-v", "ctrl-w v"],
      splitTo("right"),
    ],
    [
      "split-below",
      "split: another pane of this kind below",
      ["alt-s", "ctrl-w s"],
      splitTo("below"),
    ],
    ["open-pane", "open a pane of another kind", ["alt-p", "ctrl-w p"], request("open-pane")],
    [
      "zoom",
      "show only this pane, or all again",
      ["alt-z", "ctrl-w z", "ctrl-w o"],
      changed((one) => ({ ...one, isZoomed: !one.isZoomed })),
    ],
    ["close-pane", "close the pane; the last one quits", ["q", "alt-x", "ctrl-w c", "ctrl-w q"], {
      perform: ({ state, tab, panes }) => closing(state, [tab.focused], tab.focused, panes),
    }],
    ["wider", "make the pane wider", ["alt-shift-right", "ctrl-w >"], resize("columns", 1)],
    ["narrower", "make the pane narrower", ["alt-shift-left", "ctrl-w <"], resize("columns", -1)],
    ["taller", "make the pane taller", ["alt-shift-down", "ctrl-w +"], resize("rows", 1)],
    ["shorter", "make the pane shorter", ["alt-shift-up", "ctrl-w -"], resize("rows", -1)],
    [
      "equalize",
      "give all panes the same size",
      ["ctrl-w ="],
      changed((one) => ({ ...one, tiles: equalized(one.tiles) })),
    ],
  ]),
  ...inGroup("tabs", [
    ["new-tab", "open a tab", ["alt-t", "ctrl-w t"], {
      perform: ({ state }) =>
        opened(state, { key: "resource-list", config: { kind: "pods" }, where: "tab" }),
    }],
    ["next-tab", "go to the next tab", ["alt-.", "ctrl-w n"], switchTab(1)],
    ["previous-tab", "go to the previous tab", ["alt-,", "ctrl-w N"], switchTab(-1)],
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(tabRow),
    ["rename-tab", "name the tab", ["ctrl-w r"], request("rename-tab")],
  ]),
  ...inGroup("content", [
    ["kinds", "show objects of another kind", [":"], request("kinds")],
    ["namespaces", "show another namespace, or all, in this tab", ["n"], request("namespaces")],
    ["contexts", "show another context in this tab", ["c"], request("contexts")],
    ["select-next", "go down", ["j", "down"], command({ type: "select_next" })],
    ["select-prev", "go up", ["k", "up"], command({ type: "select_prev" })],
    [
      "page-down",
      "go down a page",
      ["page-down", "ctrl-f", "ctrl-d"],
      command({ type: "page_down" }),
    ],
    ["page-up", "go up a page", ["page-up", "ctrl-b", "ctrl-u"], command({ type: "page_up" })],
    ["go-to-top", "go to the start", ["g", "home"], command({ type: "go_to_top" })],
    ["go-to-bottom", "go to the end", ["G", "end"], command({ type: "go_to_bottom" })],
    ["scroll-left", "scroll to the left", ["left", "h"], command({ type: "scroll_left" })],
    ["scroll-right", "scroll to the right", ["right"], command({ type: "scroll_right" })],
    ["select", "open what is under the cursor", ["enter"], command({ type: "select" })],
    ["back", "clear the filter or the search, or go back", ["esc"], command({ type: "back" })],
    ["find", "filter the rows, or search the text", ["/"], find],
    ["toggle-follow", "follow the end, or stay", ["f"], command({ type: "toggle_follow" })],
    ["toggle-wrap", "wrap long lines, or cut them", ["w"], command({ type: "toggle_wrap" })],
    [
      "sort-next",
      "sort by the next column",
      [">"],
      command({ type: "sort_by_column", column: "next" }),
    ],
    [
      "sort-previous",
      "sort by the previous column",
      ["<"],
      command({ type: "sort_by_column", column: "previous" }),
    ],
    ["toggle-sort-order", "reverse the order", ["R"], command({ type: "toggle_sort_order" })],
  ]),
  ...inGroup("program", [
    ["help", "show the keys of this pane", ["?", "f1"], {
      perform: ({ state }) => only({ ...state, dialog: { kind: "help", offset: 0 } }),
    }],
    ["save-layout", "save the tabs and panes", ["ctrl-w S"], request("save-layout")],
    ["redraw", "draw the screen again", ["ctrl-l"], {
      perform: ({ state }) => only(state, { kind: "redraw" }),
    }],
    ["quit", "quit", ["Q", "ctrl-c"], {
      perform: ({ state, panes }) => closing(state, [...state.panes.keys()], undefined, panes),
    }],
  ]),
];

function inGroup(group: ProgramAction["group"], rows: readonly ActionRow[]): ProgramAction[] {
  return rows.map(([id, does, keys, { perform, refusal }]) => ({
    id,
    does,
    keys,
    group,
    always: keys.some((key) => key.startsWith("alt-")),
    perform,
    refusal: (now) => refusal?.(now, id),
  }));
}

function tabRow(number: number): ActionRow {
  return [`tab-${number}`, `go to tab ${number}`, [`alt-${number}`, `ctrl-w ${number}`], {
    perform: ({ state }) => only({ ...state, at: number - 1 }),
    refusal: ({ state }) => number > state.tabs.length ? `there is no tab ${number}` : undefined,
  }];
}

function amongPanes(perform: ActionEffect["perform"]): ActionEffect {
  return {
    perform,
    refusal: ({ tab }) =>
      panesOf(tab.tiles).length < 2 ? "there is only one pane in this tab" : undefined,
  };
}

function focus(side: TileSide): ActionEffect {
  return amongPanes(({ state, tab }) => {
    const placed = shownPanes({
      ...state,
      ...withCurrent(state, (one) => ({ ...one, isZoomed: false })),
    });
    return only(focusedOn(state, neighbour(placed, tab.focused, side)));
  });
}

function focusBy(by: 1 | -1): ActionEffect {
  return amongPanes(({ state, tab }) => {
    const order = panesOf(tab.tiles);
    return only(focusedOn(state, order.at((order.indexOf(tab.focused) + by) % order.length)));
  });
}

function changed(change: (tab: Tab) => Tab): ActionEffect {
  return amongPanes(({ state }) => only(withCurrent(state, change)));
}

function resize(direction: SplitDirection, sign: 1 | -1): ActionEffect {
  return changed((tab) => ({
    ...tab,
    tiles: resized(tab.tiles, tab.focused, { direction, by: sign * resizeStep }),
  }));
}

function splitTo(where: "right" | "below"): ActionEffect {
  return {
    perform({ state, tab, panes }) {
      const open = state.panes.get(tab.focused);
      if (open === undefined) return only(state);
      const config = panes(tab.focused)?.config ?? open.config;
      return opened(state, { key: open.key, config, where });
    },
  };
}

function switchTab(by: 1 | -1): ActionEffect {
  return {
    perform: ({ state }) =>
      only({ ...state, at: (state.at + by + state.tabs.length) % state.tabs.length }),
    refusal: ({ state }) => state.tabs.length < 2 ? "there is only one tab" : undefined,
  };
}

function request(action: Extract<UiEffect, { kind: "request" }>["action"]): ActionEffect {
  return { perform: ({ state }) => only(state, { kind: "request", action }) };
}

function command(command: PaneCommand): ActionEffect {
  return {
    perform: ({ state, tab }) => only(state, { kind: "command", pane: tab.focused, command }),
    refusal: ({ tab, panes }, id) => panes(tab.focused)?.refusal(id),
  };
}
