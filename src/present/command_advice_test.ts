import assert from "node:assert/strict";
import { commandAdvice } from "./command_advice.ts";
import { commandHint } from "./hints.ts";

Deno.test("`commandAdvice()` says how a command of a shell is written, and nothing of others", () => {
  const advice = (...command: string[]) => {
    const hint = commandAdvice(command);
    return hint && commandHint(hint);
  };
  assert.match(
    advice("ls -l /tmp") ?? "",
    /^'ls -l \/tmp' is the name of one program: .*sh -c 'ls -l \/tmp'/,
  );
  assert.equal(advice("cd", "/tmp"), "cd is a part of a shell: sh -c 'cd /tmp'");
  assert.equal(
    advice("export", "A=b c"),
    `export is a part of a shell: sh -c 'export '\\''A=b c'\\'''`,
  );
  assert.match(advice("A=1", "env") ?? "", /^--env A=1 sets a variable/);
  for (const command of [["ls"], ["ls", "-l"], ["/opt/my app", "-x"], [" "], [""], []]) {
    assert.equal(advice(...command), undefined);
  }
});
