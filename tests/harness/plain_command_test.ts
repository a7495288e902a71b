import assert from "node:assert/strict";
import { plainCommand, StartedCommands } from "./plain_command.ts";

const plain: [string, string[]][] = [
  ["kodama", []],
  ["kodama exec -m web -- true", ["exec", "-m", "web", "--", "true"]],
  [`kodama exec web -- sh -c 'echo "$A" | wc'`, [
    "exec",
    "web",
    "--",
    "sh",
    "-c",
    'echo "$A" | wc',
  ]],
  [`kodama exec web --env 'A=b  c' --env "x"'y' ''`, [
    "exec",
    "web",
    "--env",
    "A=b  c",
    "--env",
    "xy",
    "",
  ]],
  ["kodama pods -m '/^x+$/' -o=name", ["pods", "-m", "/^x+$/", "-o=name"]],
];

for (const [line, args] of plain) {
  Deno.test(`plainCommand() reads ${line}`, () => {
    assert.deepEqual(plainCommand(line), {
      args,
      stdout: ["stdout"],
      hasStderr: true,
      filter: undefined,
    });
  });
}

Deno.test("plainCommand() reads redirections and a filter", () => {
  assert.deepEqual(plainCommand("kodama attach a </dev/null 2>/dev/null | sed 's/a|b/c/' | sort"), {
    args: ["attach", "a"],
    stdout: ["stdout"],
    hasStderr: false,
    filter: "sed 's/a|b/c/' | sort",
  });
  const list = { args: ["list"], hasStderr: false, filter: "tail -2" };
  const both = plainCommand("kodama list 2>&1 | tail -2");
  assert.deepEqual(both, { ...list, stdout: ["stdout", "stderr"] });
  const errors = plainCommand("kodama list 2>&1 >/dev/null | tail -2");
  assert.deepEqual(errors, { ...list, stdout: ["stderr"] });
  const silent = { args: ["list"], stdout: [], filter: undefined };
  assert.deepEqual(plainCommand("kodama list >/dev/null"), { ...silent, hasStderr: true });
  assert.deepEqual(plainCommand("kodama list >/dev/null 2>&1"), { ...silent, hasStderr: false });
});

const forAShell = [
  "kodama exec $pod -- true",
  'kodama exec "$pod" -- true',
  "kodama exec `cat pod` -- true",
  "kodama list >all",
  "kodama list; ls",
  "kodama list && ls",
  "kodama list & wait",
  "kodama get ~/x",
  "kodama get *",
  "kodama get \\$x",
  "kodama list # all",
  "kodama get 'a",
  "kodama list >/dev/null 2>all",
  "A=b kodama list",
  "cat x | kodama exec web -- cat",
  "kubectl kodama list",
];

for (const line of forAShell) {
  Deno.test(`plainCommand() leaves ${line} to a shell`, () => {
    assert.equal(plainCommand(line), undefined);
  });
}

Deno.test("StartedCommands has what a shell has started, and never what stays in the background", () => {
  const started = new StartedCommands();
  const has = (line: string) => started.has(plainCommand(line) ?? assert.fail(line));
  assert.equal(has("kodama exec web -- true"), false);
  started.add(
    "for pod in a b; do kodama exec $pod -- true; done | kodama forward a 80 && kodama runs list",
  );
  assert.deepEqual(
    ["exec web", "runs list", "runs show", "forward b 80", "execute", "exec --forward all"].map((
      args,
    ) => has(`kodama ${args}`)),
    [true, true, false, false, false, false],
  );
  started.add("kodama start a");
  assert.deepEqual(
    ["start b --no-sync", "start b --repo git://x/y", "start b"].map((args) =>
      has(`kodama ${args}`)
    ),
    [true, true, false],
  );
});
