/** Pictures of screens, in `tests/screens/`: a folder for each front end, a file for each state. */
import { type Grid, lineText } from "../src/terminal/grid.ts";
import { forwardScreens } from "./forward_screens.ts";
import { pickScreens } from "./pick_screens.ts";
import { waitScreens } from "./wait_screens.ts";
import { tableScreens } from "./table_screens.ts";
import { topScreens } from "./top_screens.ts";
import { uiScreens } from "./ui_screens.ts";

/** Screens by the names of their pictures. */
export type Screens = Readonly<Record<string, () => Grid>>;

/** All screens, by the names of their folders. */
export const screens: Readonly<Record<string, Screens>> = {
  forward: forwardScreens,
  pick: pickScreens,
  table: tableScreens,
  top: topScreens,
  ui: uiScreens,
  wait: waitScreens,
};

/** Where the pictures are. */
export const picturesFolder = new URL("screens/", import.meta.url);

const signs: Readonly<Record<string, string>> = {
  plain: " ",
  dim: "d",
  strong: "s",
  good: "g",
  warn: "w",
  bad: "b",
  match: "m",
  current: "c",
  currentMatch: "M",
  changed: "C",
  sign: "!",
  caret: "_",
};

/** A grid as text: what is seen, and below it the tone of each character by a letter. */
export function gridText({ lines }: Grid): string {
  const texts = lines.map((line) => `|${lineText(line)}`);
  const tones = lines.map((line) =>
    `|${line.map(({ text, tone }) => (signs[tone] ?? "?").repeat([...text].length)).join("")}`
  );
  return `${[...texts, "", ...tones].map((line) => line.trimEnd()).join("\n")}\n`;
}
