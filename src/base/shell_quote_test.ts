import assert from "node:assert/strict";
import fc from "fast-check";
import { commandLine } from "./shell_quote.ts";

Deno.test("`commandLine()` quotes only args that a shell would change", async () => {
  assert.equal(commandLine(["rm", "-rf", "/tmp/x"]), "rm -rf /tmp/x");
  assert.equal(commandLine(["sh", "-c", "a && b"]), "sh -c 'a && b'");
  assert.equal(commandLine(["echo", "", "it's"]), "echo '' 'it'\\''s'");
  const word = fc.string({ unit: "binary", maxLength: 12 }).filter((text) => !text.includes("\0"));
  const commands = fc.sample(fc.array(word, { minLength: 1, maxLength: 5 }), {
    numRuns: 60,
    seed: 7,
  })
    .map((command) =>
      command.map((one) => new TextDecoder().decode(new TextEncoder().encode(one)))
    );
  const script = commands.map((command) => `printf '%s\\0' ${commandLine(command)}; printf '\\1'`)
    .join("\n");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  const read = new TextDecoder().decode(stdout).split("\x01").slice(0, -1);
  assert.deepEqual(
    read,
    commands.map((command) => command.map((one) => `${one}\0`).join("")),
  );
});
