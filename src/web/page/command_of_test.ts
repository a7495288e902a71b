import assert from "node:assert/strict";
import { commandInput } from "./command_of.ts";

Deno.test("`commandInput()` needs a shell only if one would change the line", () => {
  assert.deepEqual(commandInput(" ls  -l /tmp "), { command: ["ls", "-l", "/tmp"], shell: false });
  assert.deepEqual(commandInput("dd if=/dev/zero"), {
    command: ["dd", "if=/dev/zero"],
    shell: false,
  });
  for (
    const line of ["A=b env", "a | b", "a; b", "echo $X", "echo 'a b'", "ls *", "ls ~", "a\nb"]
  ) {
    assert.deepEqual(commandInput(line), { command: [line], shell: true });
  }
});
