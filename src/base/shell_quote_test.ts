import assert from "node:assert/strict";
import fc from "fast-check";
import { commandArgs, commandLine } from "./shell_quote.ts";

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

Deno.test("`commandArgs()` reads what `commandLine()` wrote, and what people type", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 12 })), (args) => {
      assert.deepEqual(commandArgs(commandLine(args)), args);
    }),
    { seed: 7 },
  );
  const table: [string, readonly string[]][] = [
    ["  touch  a\tb ", ["touch", "a", "b"]],
    [`echo "it's" a'b 'c"d" ''`, ["echo", "it's", "ab cd", ""]],
    ['echo "a\\"b\\c" a\\ b \\$x', ["echo", 'a"b\\c', "a b", "$x"]],
    ["get pods -o jsonpath={.items[*].x}", ["get", "pods", "-o", "jsonpath={.items[*].x}"]],
    ["", []],
  ];
  for (const [line, args] of table) assert.deepEqual(commandArgs(line), args, line);
  for (const line of ["a | b", "a; b", "a > b", "a && b", "echo $X", 'echo "$(id)"', "echo `id`"]) {
    assert.throws(() => commandArgs(line), /no shell runs this: . has to be quoted/, line);
  }
  for (const line of ["echo 'a", 'echo "a']) assert.throws(() => commandArgs(line), /has no end/);
});
