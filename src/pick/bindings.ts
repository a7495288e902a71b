/** Key bindings: fzf's own, and a few for what fzf doesn't have. */
import { editKeys, type EditName } from "../terminal/edit_line.ts";

/** The action of a key. */
export type PickAction =
  | { kind: "edit"; edit: EditName }
  /** On the screen: up is towards the top, whatever the direction of the list. */
  | { kind: "move"; rows: number }
  | { kind: "page"; pages: 1 | -1 }
  | { kind: "mark"; then: 1 | -1 }
  | { kind: "scrollPreview"; rows: number }
  | {
    kind:
      | "accept"
      | "abort"
      | "back"
      | "deleteOrAbort"
      | "markAll"
      | "toggleAll"
      | "open"
      | "forwardOrOpen"
      | "backwardOrBack"
      | "namespaces"
      | "contexts"
      | "togglePreview"
      | "help"
      | "redraw";
  };

const edit = (name: EditName): PickAction => ({ kind: "edit", edit: name });

/** By the names that `KeyDecoder` gives. https://man.archlinux.org/man/fzf.1#AVAILABLE_ACTIONS: */
export const bindings: Readonly<Record<string, PickAction>> = {
  "enter": { kind: "accept" },
  "ctrl-c": { kind: "abort" },
  "ctrl-g": { kind: "abort" },
  "ctrl-q": { kind: "abort" },
  "esc": { kind: "back" },
  "ctrl-d": { kind: "deleteOrAbort" },
  "up": { kind: "move", rows: -1 },
  "ctrl-k": { kind: "move", rows: -1 },
  "ctrl-p": { kind: "move", rows: -1 },
  "down": { kind: "move", rows: 1 },
  // Ctrl-J is a line feed.
  "ctrl-j": { kind: "move", rows: 1 },
  "ctrl-n": { kind: "move", rows: 1 },
  "page-up": { kind: "page", pages: -1 },
  "page-down": { kind: "page", pages: 1 },
  "tab": { kind: "mark", then: 1 },
  "shift-tab": { kind: "mark", then: -1 },
  "alt-a": { kind: "markAll" },
  "alt-t": { kind: "toggleAll" },
  "ctrl-o": { kind: "open" },
  "right": { kind: "forwardOrOpen" },
  "left": { kind: "backwardOrBack" },
  "ctrl-s": { kind: "namespaces" },
  "ctrl-x": { kind: "contexts" },
  "ctrl-/": { kind: "togglePreview" },
  "alt-p": { kind: "togglePreview" },
  "f1": { kind: "help" },
  "shift-up": { kind: "scrollPreview", rows: -1 },
  "shift-down": { kind: "scrollPreview", rows: 1 },
  "alt-up": { kind: "scrollPreview", rows: -5 },
  "alt-down": { kind: "scrollPreview", rows: 5 },
  "ctrl-l": { kind: "redraw" },
  ...Object.fromEntries(Object.entries(editKeys).map(([key, name]) => [key, edit(name)])),
};
