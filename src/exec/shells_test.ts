/** The args for a pod, read by the shells of this machine. */
import assert from "node:assert/strict";
import type { Target } from "../kube/select/target.ts";
import { endMarkOf } from "./marked_line.ts";
import { preambleInput, PreambleReader, withPreamble } from "./preamble.ts";
import { type ProcessSession, type RoundSignal, signalArgv } from "./session_signal.ts";
import { writeProgram } from "../base/testing/program_file.ts";

const target: Target = {
  context: "c",
  namespace: "storage",
  pod: "weka-drive-3",
  container: "weka",
  node: "node 1",
  ip: "",
};

/** A usual shell of images, if it is installed here: a folder in which it is called `sh`. */
interface Shell {
  name: string;
  path: string;
}

const folder = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const shells = ["dash", "bash", "busybox"].flatMap((name): Shell[] => {
  const program = programOnPath(name);
  if (program === undefined) return [];
  const path = `${folder}/${name}`;
  Deno.mkdirSync(path);
  Deno.symlinkSync(program, `${path}/sh`);
  return [{ name, path: `${path}:${Deno.env.get("PATH")}` }];
});

/** A machine may lack `which` too. */
function programOnPath(name: string): string | undefined {
  const candidates = (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`);
  return candidates.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Runs args by a shell, without input or with input that doesn't end before. */
async function run(
  shell: Shell,
  own: readonly string[],
  stdin: "null" | "piped",
  input = new Uint8Array(),
) {
  const [program = "", ...args] = own;
  const env = { PATH: shell.path };
  const child = new Deno.Command(program, { args, env, stdin, stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = stdin === "piped" ? child.stdin.getWriter() : undefined;
  // The command may end before it has read the input.
  await writer?.write(input).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await writer?.abort();
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

/** Signals a session, and counts as a round does. */
async function roundIn(shell: Shell, word: RoundSignal, session: ProcessSession) {
  const { stdout } = await run(shell, signalArgv(word, session), "null");
  return Number(new TextDecoder().decode(stdout));
}

/** Processes start and end asynchronously; each poll is a process itself, so this isn't a busy loop. */
async function comesTrue(condition: () => Promise<boolean>): Promise<boolean> {
  for (let looks = 0; looks < 1000; looks++) {
    if (await condition()) return true;
  }
  return false;
}

/** Starts a command in a session of its own, like a runtime does, and waits for its process ids. */
async function inSession(shell: Shell, own: readonly string[]) {
  const child = new Deno.Command("setsid", {
    args: ["-w", ...own],
    env: { PATH: shell.path },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = new PreambleReader("n0nce");
  for await (const chunk of child.stdout.values({ preventCancel: true })) {
    reader.push(chunk);
    if (!reader.searching) break;
  }
  const session: ProcessSession = reader.session ??
    assert.fail("the process ids were not reported");
  const signal = (word: RoundSignal) => roundIn(shell, word, session);
  return {
    child,
    session,
    signal,
    async [Symbol.asyncDispose]() {
      await signal("KILL");
      await child.stdin.abort().catch(() => {});
      await child.stdout.cancel();
      await child.status;
    },
  };
}

const place = { nonce: "n0nce", index: 3, total: 9 };
/** The smallest grace that isn't zero. */
const watch = { graceMs: 1 };

for (const shell of shells) {
  for (const watched of [true, false]) {
    const name = `${shell.name}, ${watched ? "watched" : "replaced"}`;
    const wrap = async (command: readonly string[], more = {}) => {
      const options = { ...place, ...more, ...(watched ? { leader: { watch } } : {}) };
      const all = withPreamble(command, target, options);
      const { environment } = { environment: {}, ...more };
      const input = preambleInput(environment);
      const { code, stdout, stderr } = await run(shell, all, watched ? "piped" : "null", input);
      const reader = new PreambleReader("n0nce");
      const text = new TextDecoder().decode(reader.push(stdout));
      const mark = `${endMarkOf("n0nce")}${code}\n`;
      // If it was reached, the command's end is marked on both streams.
      const isMarked = watched && reader.session !== undefined;
      for (const stream of [text, stderr]) assert.equal(stream.endsWith(mark), isMarked);
      const own = (stream: string) => isMarked ? stream.slice(0, -mark.length) : stream;
      return { code, stdout: own(text), stderr: own(stderr), session: reader.session };
    };

    Deno.test(`${name}: args arrive unchanged`, async () => {
      const list = [
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
      const { code, stdout } = await wrap(["printf", "<%s>", ...list]);
      assert.equal(stdout, list.map((word) => `<${word}>`).join(""));
      assert.equal(code, 0);
    });

    Deno.test(`${name}: variables, directory and exit codes are exact`, async () => {
      const line =
        'echo "$KODAMA_POD $KODAMA_NAMESPACE $KODAMA_NODE $KODAMA_INDEX/$KODAMA_TOTAL $A"; pwd';
      const { stdout } = await wrap(["sh", "-c", line], {
        environment: { A: "x $y" },
        workdir: "/usr",
      });
      assert.equal(stdout, "weka-drive-3 storage node 1 3/9 x $y\n/usr\n");
      assert.equal((await wrap(["sh", "-c", "exit 42"])).code, 42);
    });

    Deno.test(`${name}: values of variables arrive unchanged`, async () => {
      const environment = {
        A: "",
        B: " a  b ",
        C: "line\nline\n\n",
        D: "\\n \\",
        E: "'\"$HOME`id`*",
        F: "\té\r",
        G: "y".repeat(100_000),
      };
      const line = 'printf "<%s>" "$A" "$B" "$C" "$D" "$E" "$F"; echo "${#G}"';
      const { stdout } = await wrap(["sh", "-c", line], { environment });
      const { G: _, ...others } = environment;
      assert.equal(
        stdout,
        `${Object.values(others).map((value) => `<${value}>`).join("")}100000\n`,
      );
    });

    for (
      const [words, code, said] of [
        [["no-such-command"], 127, 'exec: "no-such-command": executable file not found in $PATH\n'],
        [["cd"], 127, 'exec: "cd": executable file not found in $PATH\n'],
        [[""], 127, 'exec: "": executable file not found in $PATH\n'],
        [["/no/such"], 127, 'exec: "/no/such": no such file or directory\n'],
        [["/etc"], 126, 'exec: "/etc": is a directory\n'],
      ] as const
    ) {
      Deno.test(`${name}: the error of a command that can't start doesn't mention kodama's script: ${words}`, async () => {
        const { code: ended, stdout, stderr } = await wrap(words);
        assert.deepEqual([ended, stdout, stderr], [code, "", said]);
      });
    }

    Deno.test(`${name}: an inaccessible folder is reported with exit code 125`, async () => {
      for (
        const [workdir, why] of [
          ["/no/such", "no such directory"],
          ["/etc/passwd", "not a directory"],
        ] as const
      ) {
        const { code, stderr } = await wrap(["true"], { workdir });
        assert.deepEqual([code, stderr], [125, `cannot change to ${workdir}: ${why}\n`]);
      }
    });

    Deno.test(`${name}: the shell reports a script with a missing interpreter`, async () => {
      const script = `${folder}/${shell.name}-${watched}`;
      await writeProgram(script, "#!/no/such\n");
      const { code, stderr } = await wrap([script]);
      assert.ok(code === 127 || code === 126, String(code));
      assert.match(stderr, new RegExp(`^kodama: .*${script}: `));
    });

    Deno.test(`${name}: the command's environment is that of a bare exec`, async () => {
      const line = "readlink /proc/$$/fd/0; ls /proc/$$/fd; cat /proc/$$/task/$$/children; echo; " +
        "grep SigIgn /proc/$$/status; env | grep -i kodama_";
      const { stdout, stderr } = await wrap(["sh", "-c", line]);
      // Descriptor 3 is used on the way to a watched command, and closed: the tests' own process may have it open.
      const bare = `exec sh -c "$1"${watched ? " 3>&-" : ""}`;
      const alone = await run(shell, ["sh", "-c", bare, "x", line], "null");
      const expected = new TextDecoder().decode(alone.stdout) +
        "KODAMA_INDEX=3\nKODAMA_NAMESPACE=storage\nKODAMA_NODE=node 1\n" +
        "KODAMA_POD=weka-drive-3\nKODAMA_TOTAL=9\n";
      const sorted = (text: string) =>
        text.replace(
          /(?:KODAMA_.*\n)+$/,
          (block) => block.trim().split("\n").sort().join("\n") + "\n",
        )
          // The one child is the polling one.
          .replace(/^\d+ $/m, "CHILD");
      assert.equal(sorted(stdout), sorted(expected));
      assert.equal(stderr, "");
    });

    Deno.test(`${name}: a command that searches for itself finds no other process`, async () => {
      // Not by a pipe: each half of one is another shell until it has become its program.
      const found = `${folder}/found`;
      const line =
        `grep -l "w0rds $MARK" /proc/[0-9]*/cmdline >${found}; wc -l <${found}; exit 0 # w0rds here`;
      const { stdout } = await wrap(["sh", "-c", line], { environment: { MARK: "here" } });
      // The shell with these args; grep started after the file names were known.
      assert.equal(stdout.trim(), "1");
    });

    if (watched) {
      Deno.test(`${name}: a value that doesn't arrive keeps the command from starting`, async () => {
        const options = { ...place, environment: { A: "x" }, leader: { watch } };
        const own = withPreamble(["echo", "started"], target, options);
        assert.ok(!own.some((arg) => arg.includes("x\n") || arg === "x"), "it isn't an argument");
        const { code, stdout, stderr } = await run(shell, own, "null");
        assert.deepEqual([code, stdout.length, stderr], [
          125,
          0,
          "values of variables are missing\n",
        ]);
      });

      Deno.test(`${name}: a signal gives its exit code, without a message of the shell`, async () => {
        for (const [signal, code] of [["KILL", 137], ["TERM", 143], ["SEGV", 139]] as const) {
          const ended = await wrap(["sh", "-c", `kill -${signal} $$`]);
          assert.deepEqual([ended.code, ended.stdout, ended.stderr], [code, "", ""]);
        }
      });

      Deno.test(`${name}: no process of the command remains when input ends`, async () => {
        // A child that ignores TERM, one with its own group, and a parent that exits first.
        const line = "set -m; sleep 1000 & set +m; (trap '' TERM; sleep 1000; sleep 1000) & wait";
        await using running = await inSession(
          shell,
          withPreamble(["bash", "-c", line], target, { ...place, leader: { watch } }),
        );
        const { child, session, signal } = running;
        assert.ok(await comesTrue(async () => await signal("0") === 4));
        await child.stdin.close();
        await child.status;
        assert.equal(await roundIn(shell, "0", { leader: session.leader }), 0);
      });

      Deno.test(`${name}: the watcher exits with the command`, async () => {
        const options = { ...place, leader: { watch } };
        await using running = await inSession(shell, withPreamble(["true"], target, options));
        await running.child.status;
        assert.equal(await roundIn(shell, "0", { leader: running.session.leader }), 0);
      });
    } else {
      Deno.test(`${name}: the reported process id is the command's own`, async () => {
        const { session, stdout } = await wrap(["sh", "-c", "echo $$"]);
        assert.equal(stdout, `${session?.leader}\n`);
      });
    }

    Deno.test(`${name}: a signal reaches every process of the session, whatever its group`, async () => {
      // `set -m` puts the background command into a group of its own.
      const command = ["bash", "-c", "set -m; sleep 1000 & sleep 1000 & wait"];
      const options = { ...place, ...(watched ? { leader: { watch } } : {}) };
      await using running = await inSession(shell, withPreamble(command, target, options));
      assert.ok(await comesTrue(async () => await running.signal("0") === 3));
      assert.equal(await running.signal("TERM"), 3);
      await running.child.status;
      assert.ok(await comesTrue(async () => await running.signal("0") === 0));
    });
  }
}
