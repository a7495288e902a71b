import assert from "node:assert/strict";
import { pasteProblem } from "./text.ts";

Deno.test("`pasteProblem()` refuses what a line would join or cut", () => {
  const several = /^Several lines were pasted/;
  const long = /^The paste of 1,001 characters is longer than this field/;
  const table: [pasted: string, keepsLines: boolean, problem: RegExp | undefined][] = [
    ["app=web", false, undefined],
    ["app=web\r\n", false, undefined],
    ["-----BEGIN KEY-----\nabc\n", false, several],
    ["a\rb", false, several],
    ["cd /tmp # folder\nrm -f lock", true, undefined],
    ["x".repeat(1001), false, long],
  ];
  for (const [pasted, keepsLines, problem] of table) {
    const found = pasteProblem(pasted, { room: 1000, keepsLines });
    if (problem === undefined) assert.equal(found, undefined, pasted);
    else assert.match(found ?? "", problem);
  }
});
