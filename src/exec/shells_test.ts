/** The words that go into a pod, read by the shells of this machine. */
import assert from "node:assert/strict";
import type { Target } from "../kube/target.ts";
import { signalWords } from "./end_command.ts";
import { PreambleReader, withPreamble } from "./preamble.ts";

const target: Target = {
  context: "c",
  namespace: "storage",
  pod: "weka-drive-3",
  container: "weka",
  node: "node 1",
  ip: "",
};

/** Those of the usual shells of images that are installed here. */
const shells: readonly (readonly string[])[] = (["dash", "bash", "busybox"] as const)
  .filter((name) => new Deno.Command("which", { args: [name] }).outputSync().success)
  .map((name) =>
    name === "bash" ? ["bash", "--posix"] : name === "busybox" ? [name, "sh"] : [name]
  );

/** Runs words that begin with `sh` by another shell. */
function run(shell: readonly string[], words: readonly string[]) {
  const [, ...rest] = words;
  const [program = "", ...own] = shell;
  const command = new Deno.Command(program, { args: [...own, ...rest], stdin: "null" });
  const { code, stdout } = command.outputSync();
  return { code, stdout };
}

/** Processes begin and end in their own time; each look is a process itself, so this is no busy loop. */
async function comesTrue(condition: () => boolean): Promise<boolean> {
  for (let looks = 0; looks < 300; looks++) {
    if (condition()) return true;
    await Promise.resolve();
  }
  return false;
}

for (const shell of shells) {
  const name = shell.join(" ");
  const wrap = (command: readonly string[], more = {}) => {
    const options = { nonce: "n0nce", index: 3, total: 9, ...more };
    const { code, stdout } = run(shell, withPreamble(command, target, options));
    const reader = new PreambleReader("n0nce");
    return { code, stdout: new TextDecoder().decode(reader.push(stdout)), pid: reader.pid };
  };

  Deno.test(`${name}: words stay words`, () => {
    const words = [
      "",
      " ",
      "a b",
      "$HOME",
      "`id`",
      "'",
      '"',
      "\\n",
      "*",
      "--",
      "-n",
      "\n",
      "é",
      ";",
    ];
    const { code, stdout } = wrap(["printf", "<%s>", ...words]);
    assert.equal(stdout, words.map((word) => `<${word}>`).join(""));
    assert.equal(code, 0);
  });

  Deno.test(`${name}: the process id that is told is the command's own`, () => {
    const { pid, stdout } = wrap(["sh", "-c", "echo $$"]);
    assert.equal(stdout, `${pid}\n`);
  });

  Deno.test(`${name}: variables, directory and exit codes are exact`, () => {
    const line =
      'echo "$KODAMA_POD $KODAMA_NAMESPACE $KODAMA_NODE $KODAMA_INDEX/$KODAMA_TOTAL $A"; pwd';
    const { stdout } = wrap(["sh", "-c", line], { environment: { A: "x $y" }, workdir: "/usr" });
    assert.equal(stdout, "weka-drive-3 storage node 1 3/9 x $y\n/usr\n");
    assert.equal(wrap(["sh", "-c", "exit 42"]).code, 42);
    assert.equal(wrap(["no-such-command-at-all"]).code, 127);
    assert.equal(wrap(["/etc"]).code, 126);
    assert.equal(wrap(["true"], { workdir: "/no/such" }).code, 125);
  });

  Deno.test(`${name}: a signal reaches every process of the session, whatever its group`, async () => {
    // `set -m` gives the background command a group of its own.
    const line = "set -m; sleep 1000 & sleep 1000 & wait";
    const args = [
      "-w",
      ...withPreamble(["bash", "-c", line], target, {
        nonce: "n0nce",
        index: 0,
        total: 1,
      }),
    ];
    const child = new Deno.Command("setsid", { args, stdout: "piped" }).spawn();
    const reader = new PreambleReader("n0nce");
    for await (const chunk of child.stdout.values({ preventCancel: true })) {
      reader.push(chunk);
      if (!reader.searching) break;
    }
    const pid = reader.pid ?? 0;
    const signal = (word: "TERM" | "KILL" | "0") =>
      Number(new TextDecoder().decode(run(shell, signalWords(word, pid)).stdout));
    try {
      assert.ok(await comesTrue(() => signal("0") === 3));
      assert.equal(signal("TERM"), 3);
      await child.stdout.cancel();
      await child.status;
      assert.ok(await comesTrue(() => signal("0") === 0));
    } finally {
      signal("KILL");
    }
  });
}
