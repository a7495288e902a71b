import assert from "node:assert/strict";
import { styleFor } from "../terminal/style.ts";
import { findingText } from "./findings.ts";

Deno.test("a finding of several lines stays under its mark, and can't steer the terminal", () => {
  const detail = 'config.yaml:1:1: unknown field "x"\n  1 | x: \x1b[2J1\n    | ^';
  const finding = {
    id: "settings",
    status: "fail",
    detail,
    advice: "mend it:\n  kodama x",
  } as const;
  assert.equal(
    findingText(finding, styleFor(false)),
    'fail     settings: config.yaml:1:1: unknown field "x"\n' +
      "           1 | x: \\x1b[2J1\n" +
      "             | ^\n" +
      "         mend it:\n" +
      "           kodama x\n",
  );
});
