/** Args -> options. */
import assert from "node:assert/strict";
import { execFlags, runningFlags } from "./flags.ts";
import { noCommand } from "./exec.ts";
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "exec web-0 -- id",
    options: {
      options: {
        outputMode: "raw",
        contexts: [],
        selection: { ...wholeSelection, operands: [{ kind: "pod", name: "web-0" }] },
        command: ["id"],
      },
      view: {
        format: "text",
        progress: "auto",
        color: "auto",
        quiet: false,
        raw: false,
        stdin: false,
        confirm: { yes: false },
        single: true,
        tty: false,
      },
      list: false,
    },
    changes: [
      ["--tty", { options: { oneTarget: true }, view: { tty: true } }],
      ["--stdin", { view: { stdin: true } }],
      ["--fanout 3", { options: { fanout: 3 } }],
      ["--serial 1,20%", {
        options: { serial: [{ kind: "count", count: 1 }, { kind: "percent", percent: 20 }] },
      }],
      ["--max-fail 2", { options: { maxFail: { kind: "count", count: 2 } } }],
      ["--fail-fast", { options: { failFast: true } }],
      ["--require-all", { options: { requireAll: true } }],
      ["--require-all=false", { options: { requireAll: false } }],
      ["--connect-timeout 30s", { options: { connectTimeoutMs: 30000 } }],
      ["--timeout 30s", { options: { timeoutMs: 30000 } }],
      ["--env A=b", { options: { environment: { A: "b" } } }],
      ["--workdir d", { options: { workdir: "d" } }],
      ["--shell", { options: { shell: true } }],
      ["--subst", { options: { substitute: true } }],
      ["--yes", { view: { confirm: { yes: true } } }],
      ["--confirm-above 3", { view: { confirm: { above: 3 } } }],
      ["--list", { list: true }],
      ["--output-mode none", { options: { outputMode: "none" }, view: { single: false } }],
      ["--fold", { options: { outputMode: "fold" }, view: { single: false } }],
      ["--group", { options: { outputMode: "group" }, view: { single: false } }],
      ["--diff", { options: { outputMode: "fold", diff: true }, view: { single: false } }],
      ["--outdir d", { options: { outputFolder: { path: "d", replace: false } } }],
      ["--output jsonl", {
        options: { outputMode: "report" },
        view: { format: "jsonl", single: false },
      }],
      ["--progress none", { view: { progress: "none" } }],
      ["--color never", { view: { color: "never" } }],
      ["--quiet", { view: { quiet: true } }],
      ["--max-rc", { options: { maxExitCode: true } }],
      ["--outdir d --force", { options: { outputFolder: { path: "d", replace: true } } }],
      ["-o jsonl --events", {
        options: { outputMode: "prefix" },
        view: { format: "events", single: false },
      }],
      ["--watch", {
        options: { outputMode: "fold" },
        view: { watchMs: 10_000, single: false },
      }],
      ["--watch=1m --group", {
        options: { outputMode: "group" },
        view: { watchMs: 60_000, single: false },
      }],
      ["--watch -o jsonl", {
        options: { outputMode: "none" },
        view: { watchMs: 10_000, format: "jsonl", single: false },
      }],
      ["--fold --fold-stderr", {
        options: { outputMode: "fold", foldStderr: true },
        view: { single: false },
      }],
      ["--max-fail 10%", { options: { maxFail: { kind: "percent", percent: 10 } } }],
      ["-it", { options: { oneTarget: true }, view: { stdin: true, tty: true } }],
      ["-c side", { options: { selection: { container: "side" } } }],
      ["--from f", {
        options: {
          outputMode: undefined,
          selection: { operands: [{ kind: "pod", name: "web-0" }, { kind: "pod", name: "web-0" }] },
        },
        view: { single: false },
      }],
      ["--pick", { choosing: { kind: "many" } }],
      ["--tty --pick", {
        options: { oneTarget: true },
        view: { tty: true },
        choosing: { kind: "one" },
      }],
      ["--from -", {
        options: {
          outputMode: undefined,
          selection: { operands: [{ kind: "pod", name: "web-0" }, { kind: "pod", name: "web-0" }] },
        },
        view: { single: false },
      }],
      ["--output-mode none --progress json", {
        options: { outputMode: "none" },
        view: { progress: "json", single: false },
      }],
    ],
    errors: [
      ["--fanout 0", /invalid value "0" for --fanout: must be a whole number, 1 or more/],
      ["--watch=soon", /invalid value "soon" for --watch: it is not a duration/],
      ["--watch --stdin", /--stdin and --watch can't be used together/],
      ["--watch --tty", /--tty and --watch can't be used together/],
      ["--watch --list", /--list and --watch can't be used together/],
      ["--watch -o json", /--watch has no end, and -o json needs one/],
      ["--tty --group", /the output of a terminal has no layout/],
      ["--tty --from -", /standard input can't name the pods and be passed to them/],
      ["--all", /--all and a choice of pods can't be used together/],
      ["--fold-stderr", /--fold-stderr needs --fold/],
      ["--force", /--force needs --outdir/],
      ["--events", /--events needs -o jsonl/],
      ["-o json --fold", /--output and --fold can't be used together/],
      ["--fold --group", /--fold and --group can't be used together/],
      ["--diff --output-mode none", /--diff needs --output-mode fold/],
      ["--diff --group", /--group and --diff can't be used together/],
      ["--progress json", /--progress json needs -o json, -o jsonl or --output-mode none/],
    ],
  },
  {
    line: "exec -- id",
    options: {
      options: { contexts: [], selection: wholeSelection, command: ["id"] },
      view: {
        format: "text",
        progress: "auto",
        color: "auto",
        quiet: false,
        raw: false,
        stdin: false,
        confirm: { yes: false },
        single: false,
        tty: false,
      },
      list: false,
      choosing: { kind: "required" },
    },
    changes: [
      ["--all", { choosing: undefined }],
      ["--pick", { choosing: { kind: "many" } }],
      ["-l app=web", { options: { selection: { labelSelector: "app=web" } }, choosing: undefined }],
      ["--sample 2", { options: { selection: { sample: 2 } } }],
    ],
  },
  { line: "exec web-0", error: /no command to run/ },
  { line: "exec", error: /no command to run/ },
], selectionFlags);

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
