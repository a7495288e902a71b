import assert from "node:assert/strict";
import { sgrOf } from "./text_style.ts";

const styles: Readonly<Record<string, string | undefined>> = {
  "bold red": "1;31",
  "Bright-Blue": "94",
  "214": "38;5;214",
  "#ff8800 on black": "38;2;255;136;0;40",
  "reverse": "7",
  " on  bright-white ": "107",
  "default on default": "39;49",
  "red on": undefined,
  "on": undefined,
  "": undefined,
  "256": undefined,
  "#ff88": undefined,
  "on red on blue": undefined,
  "on bold": undefined,
  "orange": undefined,
  "31m\x1b[2J": undefined,
};

for (const [style, sgr] of Object.entries(styles)) {
  Deno.test(`the style ${JSON.stringify(style)} is ${sgr ?? "refused"}`, () => {
    assert.equal(sgrOf(style), sgr);
  });
}
