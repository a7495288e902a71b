import assert from "node:assert/strict";
import { execFlags, runningFlags } from "./flags.ts";
import { noCommand } from "./no_command.ts";
import { selectionFlags } from "../../parser/selection.ts";

const lines: readonly (readonly [line: string, hint: string])[] = [
  ["", "web-0 -- uname -a"],
  ["web-0", "web-0 -- uname -a"],
  ["web-0 id", "web-0 -- id"],
  ["web-0 ls -la", "web-0 -- ls -la"],
  ["-n storage web-0 ls -la /tmp", "-n storage web-0 -- ls -la /tmp"],
  ["web-0 -n storage ls -n", "web-0 -n storage -- ls -n"],
  ["deploy/web sts/db id", "deploy/web sts/db -- id"],
  ["-m drive uname -r", "-m drive -- uname -r"],
  ["-mdrive web-0 uname", "-mdrive web-0 -- uname"],
  ["--match=drive uname -r", "--match=drive -- uname -r"],
  ["-A -l app=web uptime", "-A -l app=web -- uptime"],
  ["web-0 grep a*b", "web-0 -- grep 'a*b'"],
];

for (const [line, hint] of lines) {
  Deno.test(`noCommand() of "${line}"`, () => {
    const words = line === "" ? [] : line.split(" ");
    const flags = { ...selectionFlags, ...execFlags, ...runningFlags };
    const error = noCommand(flags, { line: words, spoken: "kodama exec" });
    assert.equal(error.hint, `put the command after --: kodama exec ${hint}`);
  });
}
