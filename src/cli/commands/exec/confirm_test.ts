import assert from "node:assert/strict";
import type { ChangeQuestion } from "../../../actions/exec/events.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { questionText } from "../../../present/change_question.ts";
import { askAboutModelOn, confirmOn } from "./confirm.ts";

const drives: ChangeQuestion = {
  action: {
    kind: "command",
    command: ["sh", "-c", "test $N = 7 && echo b"],
    shell: false,
    variables: [],
  },
  count: 50,
  scopes: [{
    context: "prod-eu",
    server: "https://10.0.0.1:6443",
    namespace: "weka-operator-system",
    ranges: "weka-drive-[0-49]",
    pods: Array.from({ length: 50 }, (_, index) => `weka-drive-${index}`),
  }],
};

async function asked(input: readonly string[], signal = new AbortController().signal) {
  const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"], input });
  const { ask } = confirmOn(terminal, { above: 1, stdin: false, listing: "--list", signal });
  return { yes: await ask(drives), text: terminal.written("stderr") };
}

Deno.test("questionText() says what runs, as a shell would need it, and where", () => {
  assert.equal(
    questionText(drives, 80),
    `Run in 50 pods:  sh -c 'test $N = 7 && echo b'
  context    prod-eu  (https://10.0.0.1:6443)
  namespace  weka-operator-system
  pods       weka-drive-[0-49]`,
  );
});

Deno.test("questionText() words every kind of change and every reason to ask", () => {
  const [scope] = drives.scopes;
  assert.ok(scope);
  const few = { count: 1, scopes: [{ ...scope, ranges: "web-0", pods: ["web-0"] }] };
  const table: [ChangeQuestion, RegExp][] = [
    [
      { ...few, action: { kind: "command", command: ["a; b"], shell: true, variables: [] } },
      /^Run in 1 pod \(sh\): {2}a; b\n/,
    ],
    [
      {
        ...few,
        action: { kind: "command", command: ["a"], shell: false, variables: ["PATH", "A"] },
      },
      /^Run in 1 pod \(with PATH, A\): {2}a\n/,
    ],
    [
      { ...few, action: { kind: "copy", from: "./a b", to: ":/etc" } },
      /^Copy into 1 pod: {2}'.\/a b' to :\/etc\n/,
    ],
    [
      { ...few, action: { kind: "shells" } },
      /^Open shells in 1 pod; what is typed goes to all of them.\n/,
    ],
    [
      {
        ...few,
        action: {
          kind: "steps",
          workflow: "w",
          path: "w.yaml",
          steps: [{ id: "a", does: "exec rm x" }],
        },
        because: { kind: "unknownTargets", steps: ["a"] },
      },
      /^Workflow w may change 1 pod:\n {2}a {2}exec rm x\n.*Known only during the run: the pods of a\.$/s,
    ],
    [
      { ...few, action: drives.action, because: { kind: "context", context: "prod" } },
      /context prod always ask/,
    ],
    [
      { ...few, action: drives.action, because: { kind: "unnamedRun", run: "2026" } },
      /repeats run 2026\.$/,
    ],
  ];
  for (const [question, expected] of table) assert.match(questionText(question, 80), expected);
});

Deno.test("questionText() fits a small screen, however long the command and however many the namespaces", () => {
  const scopes = Array.from({ length: 40 }, (_, index) => ({
    context: "c",
    namespace: `n-${index}`,
    ranges: "web-5d4f7c9b6-abcde,".repeat(200),
    pods: ["web"],
  }));
  const steps = Array.from(
    { length: 40 },
    (_, index) => ({ id: `s${index}`, does: "x\n".repeat(90) }),
  );
  for (
    const action of [
      { kind: "command", command: ["\x1b[2J".repeat(9000)], shell: true, variables: [] },
      { kind: "steps", workflow: "w", path: "w.yaml", steps },
    ] as const
  ) {
    const text = questionText({ action, count: 40, scopes }, 60);
    const rows = text.split("\n").reduce((sum, line) => sum + Math.ceil(line.length / 60), 0);
    assert.ok(rows <= 16, `${rows} rows`);
    assert.ok(text.split("\n").at(-1)?.includes("38 pods more in 38 namespaces"));
    assert.ok(!text.includes("\x1b"));
  }
});

Deno.test("questionText() shows whole names, and how many more there are", () => {
  const [scope] = drives.scopes;
  assert.ok(scope);
  const pods = Array.from({ length: 12 }, (_, index) => `web-54854b5788-4lm${index + 10}`);
  const text = questionText(
    { ...drives, scopes: [{ ...scope, pods, ranges: pods.join(",") }] },
    80,
  );
  assert.match(
    text,
    /\n {2}pods {7}(web-54854b5788-4lm\d\d, ){3}web-54854b5788-4lm13 and 8 more \(l lists them\)$/,
  );
});

Deno.test("a yes is y or yes, and all else is a no", async () => {
  for (const yes of ["y\n", "YES\n", " yes \r\n"]) assert.ok((await asked([yes])).yes);
  for (const no of ["\n", "n\n", "yess\n", "ja\n"]) assert.ok(!(await asked([no])).yes);
});

Deno.test("l lists every pod and the whole command, and asks again", async () => {
  const { yes, text } = await asked(["l\n", "y\n"]);
  assert.ok(yes);
  assert.match(text, / {2}prod-eu\/weka-operator-system\/weka-drive-49\n/);
  assert.equal(text.split("Continue?").length, 3);
});

Deno.test("nothing is asked without a terminal, or if input is the commands'", async () => {
  const { signal } = new AbortController();
  for (const [terminals, stdin] of [[["stdin", "stderr"], true], [["stderr"], false]] as const) {
    const terminal = new MemoryTerminal({ terminals, input: ["y\n"] });
    const { ask } = confirmOn(terminal, { above: 1, stdin, listing: "--list", signal });
    await assert.rejects(ask(drives), {
      message: "refusing to run in 50 pods (context prod-eu) without confirmation",
      hint: "pass --yes to confirm, or --list to see what it would do",
    });
  }
});

Deno.test("a change of objects is named by its command, as it has no pods", async () => {
  const { signal } = new AbortController();
  const terminal = new MemoryTerminal({ terminals: [] });
  const { ask } = confirmOn(terminal, { above: 1, stdin: false, listing: "--plan", signal });
  const command = ["kubectl", "apply", "-f", "a b.yaml"];
  const action = { kind: "command", command, shell: false, variables: [] } as const;
  await assert.rejects(ask({ action, count: 0, scopes: [] }), {
    message: "refusing to run kubectl apply -f 'a b.yaml' without confirmation",
  });
});

Deno.test("the end of input is a no, and the next output begins a line of its own", async () => {
  const { yes, text } = await asked([]);
  assert.ok(!yes);
  assert.match(text, /Continue\? \[y\/N, l lists the pods\] \n$/);
  const stopped = await asked(["\n"], AbortSignal.abort());
  assert.match(stopped.text, /\] $/);
});

Deno.test("a model's command is edited on one line, on which all of it can be seen", async () => {
  const table: [readonly string[], boolean][] = [
    [["touch", "/tmp/é x"], true],
    [["sh", "-c", "echo a\necho b"], false],
    [["touch", "\x1b]0;title\x07"], false],
    [["touch", "\u202etxt.exe"], false],
  ];
  for (const [args, isEditable] of table) {
    const terminal = new MemoryTerminal({
      terminals: ["stdin", "stderr"],
      input: ["e\n", "\r", "n\n"],
    });
    const { signal } = new AbortController();
    const clock = new ManualClock();
    const options = { above: undefined, stdin: false, listing: "--list", clock, signal };
    assert.equal(await askAboutModelOn(terminal, options)(drives, { args }), false);
    const text = terminal.written("stderr");
    assert.equal(text.includes("e edits the command"), isEditable, text);
    // deno-lint-ignore no-control-regex -- the control characters of the command
    assert.doesNotMatch(text, /\x1b\]|\u202e/);
  }
});
