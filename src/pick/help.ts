/** The content of the picker's help: every key, and the search syntax. Data; `view_help.ts` formats it. */
import type { PickSettings } from "./state.ts";

/** One action, and its keys. */
export interface HelpRow {
  /** Names of keys as in `bindings`, or text to type. */
  keys: readonly string[];
  text: string;
}

/** Rows of one topic. */
export interface HelpSection {
  title: string;
  rows: readonly HelpRow[];
}

/** Returns the help of a picker: keys without effect in it are omitted. */
export function helpSections({ multi, switches }: PickSettings): readonly HelpSection[] {
  return [
    {
      title: "Select",
      rows: [
        { keys: ["enter"], text: "accept the selection, or the current pod" },
        ...(multi ? marks : []),
        { keys: ["esc"], text: "back; from the list of pods, quit" },
        { keys: ["ctrl-c", "ctrl-g", "ctrl-q"], text: "quit" },
        { keys: ["ctrl-d"], text: "quit, if nothing is typed" },
      ],
    },
    { title: "Move", rows: moves },
    { title: "Look", rows: [...looks, ...(switches ? places : [])] },
    { title: "Search, with words that must all match", rows: words },
    { title: "Type", rows: edits },
  ];
}

const marks: readonly HelpRow[] = [
  { keys: ["tab", "shift-tab"], text: "select the pod, and move down, up" },
  { keys: ["alt-a"], text: "select all matches" },
  { keys: ["alt-t"], text: "invert the selection" },
];

const moves: readonly HelpRow[] = [
  { keys: ["up", "ctrl-k", "ctrl-p"], text: "up" },
  { keys: ["down", "ctrl-j", "ctrl-n"], text: "down" },
  { keys: ["page-up", "page-down"], text: "by a page" },
  { keys: ["click", "wheel"], text: "move there; a double click accepts" },
];

const looks: readonly HelpRow[] = [
  { keys: ["right", "ctrl-o"], text: "the pod's containers; left goes back" },
  { keys: ["ctrl-/", "alt-p"], text: "show and hide the preview" },
  { keys: ["shift-up", "shift-down"], text: "scroll the preview; with alt, faster" },
  { keys: ["?", "f1"], text: "this help" },
  { keys: ["ctrl-l"], text: "clear the message" },
];

const places: readonly HelpRow[] = [
  { keys: ["ctrl-s"], text: "another namespace" },
  { keys: ["ctrl-x"], text: "another context" },
];

const words: readonly HelpRow[] = [
  { keys: ["wkdr"], text: "these letters, in this order" },
  { keys: ["'drive"], text: "this text" },
  { keys: ["^weka", "-0$"], text: "at the beginning; at the end" },
  { keys: ["!test"], text: "not this text" },
  { keys: ["a | b"], text: "one of them" },
];

const edits: readonly HelpRow[] = [
  { keys: ["home", "ctrl-a"], text: "to the beginning" },
  { keys: ["end", "ctrl-e"], text: "to the end" },
  { keys: ["left", "ctrl-b"], text: "a letter back" },
  { keys: ["right", "ctrl-f"], text: "a letter on" },
  { keys: ["alt-b", "ctrl-left", "shift-left"], text: "a word back" },
  { keys: ["alt-f", "ctrl-right", "shift-right"], text: "a word on" },
  { keys: ["backspace", "ctrl-h"], text: "delete the letter before" },
  { keys: ["delete", "ctrl-d"], text: "delete the letter under the cursor" },
  { keys: ["ctrl-w", "alt-backspace"], text: "cut a word back" },
  { keys: ["alt-d"], text: "cut a word on" },
  { keys: ["ctrl-u"], text: "cut all before the cursor" },
  { keys: ["ctrl-y"], text: "put back what was cut" },
];
