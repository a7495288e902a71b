import assert from "node:assert/strict";
import { strictLine } from "./strict_line.ts";
import { unless } from "./testing/unless.ts";

/** Returns the exit code and the output of a text in a shell. */
async function run(shell: string | readonly string[], text: string) {
  const [program = "", ...args] = [shell].flat();
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, "-c", strictLine(text)],
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("a text of one command stays as it is", () => {
  for (const text of ["id", "a || b", "a && b", "cd /x; ls", "# a\n"]) {
    assert.equal(strictLine(text), text);
  }
});

Deno.test("several lines end at the first that fails, in the shell of any image", async () => {
  assert.deepEqual(await run("sh", "false\necho after"), { code: 1, out: "", err: "" });
  assert.deepEqual(await run("sh", "echo a\necho b\n"), { code: 0, out: "a\nb\n", err: "" });
  assert.deepEqual(await run("sh", "false || true\necho b"), { code: 0, out: "b\n", err: "" });
});

Deno.test("a pipe runs in a shell that has no pipefail, too", async () => {
  assert.deepEqual(await run("sh", "echo a | cat"), { code: 0, out: "a\n", err: "" });
  assert.deepEqual(await run("sh", `echo "it's" $0 | cat`), { code: 0, out: "it's sh\n", err: "" });
});

const programs = ["bash", "dash", "busybox"];
const found = await Promise.all(
  programs.map(async (program) =>
    (await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output()).success
  ),
);

for (const [at, program] of programs.entries()) {
  const missing = programs.find((one, index) => [program, "bash"].includes(one) && !found[index]);
  Deno.test({
    ...unless(missing, `${program}: a pipe fails with any of its commands`),
    fn: async () => {
      const shell = programs[at] === "busybox" ? ["busybox", "sh"] : [program];
      const code = async (text: string) => (await run(shell, text)).code;
      assert.equal(await code("false | cat"), 1);
      assert.equal(await code("true | false | cat"), 1);
      assert.equal(await code("(exit 7) | cat >/dev/null"), 7);
      assert.equal(await code("echo a | cat"), 0);
      assert.equal(await code("false | cat || true"), 0);
      assert.equal(await code("false || echo a | cat"), 0);
      assert.deepEqual(await run(shell, "echo a | cat\nfalse | cat\necho after"), {
        code: 1,
        out: "a\n",
        err: "",
      });
      const document = "cat <<E | cat\n'x' \"y\"\nE\n";
      assert.deepEqual(await run(shell, document), { code: 0, out: `'x' "y"\n`, err: "" });
    },
  });
}
