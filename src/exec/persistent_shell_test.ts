/** The args that start and find persistent shells, read by the shells of this machine, on a terminal of script(1). */
import { noneOf, unless } from "../base/testing/unless.ts";
import assert from "node:assert/strict";
import { MarkedLine } from "./marked_line.ts";
import {
  greetingLine,
  type RequestedShell,
  shellArgv,
  type ShellGreeting,
} from "./persistent_shell.ts";

function onPath(name: string): string | undefined {
  const places = (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`);
  return places.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

const shells = ["dash", "bash", "busybox"].filter((name) => onPath(name) !== undefined);
const missing = noneOf({ script: onPath("script"), tmux: onPath("tmux") });
const nonce = "n0nce";
const size = { columns: 80, rows: 24 };

interface Results {
  code: number;
  greeting: ShellGreeting | undefined;
  output: string;
}

/** A folder in which one shell is called `sh`, and which contains persistent shells. */
async function stage(shell: string) {
  const folder = await Deno.makeTempDir({ prefix: "k" });
  await Deno.symlink(onPath(shell) ?? "", `${folder}/sh`);
  const env = {
    PATH: `${folder}:${Deno.env.get("PATH")}`,
    TMPDIR: folder,
    TERM: "xterm",
    SHELL: `${folder}/sh`,
  };
  const begin = async (
    requested: RequestedShell,
    id: string,
    command: readonly string[],
  ): Promise<Results> => {
    const persistent = { requested, owner: "0", id, keepSeconds: 60, size };
    const argv = shellArgv({ nonce, command, persistent });
    const line = argv.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");
    const { code, stdout } = await new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", line, "/dev/null"],
      clearEnv: true,
      env,
      stdin: "null",
    }).output();
    const { marker, parse } = greetingLine(nonce);
    const reader = new MarkedLine<ShellGreeting>(marker, parse, { isFirst: false });
    const output = new TextDecoder().decode(reader.push(stdout));
    return { code, greeting: reader.value, output };
  };
  const root = `${folder}/kodama-shell-0`;
  const put = async (id: string, files: Readonly<Record<string, string>>) => {
    await Deno.mkdir(`${root}/${id}`, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${root}/${id}/${name}`, text);
    }
  };
  /** The socket of a shell without an attached client. */
  const listen = (id: string) => {
    const path = `${root}/${id}/dtach`;
    const listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    return listener;
  };
  const ids = async () => (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name);
  const left = async () =>
    (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) =>
      name !== "sh"
    );
  return {
    begin,
    put,
    listen,
    ids,
    left,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

for (const shell of shells) {
  Deno.test({
    ...unless(
      missing,
      `a persistent shell started by ${shell} reports its exit code, and leaves no process`,
    ),
    fn: async () => {
      await using kept = await stage(shell);
      const { code, greeting, output } = await kept.begin("any", "one", ["sh", "-c", "exit 7"]);
      assert.deepEqual(greeting, { kind: "persistent", by: "tmux", id: "one", found: false });
      assert.equal(code, 7);
      assert.match(output, new RegExp(`kodama:${nonce}:end:7\r\n$`));
      assert.deepEqual(await kept.left(), []);
    },
  });

  Deno.test({
    ...unless(
      missing,
      `persistent shells that ${shell} starts at once are as many, and none hides how another ended`,
    ),
    fn: async () => {
      await using kept = await stage(shell);
      const ids = Array.from({ length: 8 }, (_, index) => `s${index}`);
      const ends = await Promise.all(
        ids.map((id) => kept.begin("any", id, ["sh", "-c", "exit 7"])),
      );
      for (const [index, { code, greeting, output }] of ends.entries()) {
        const id = ids[index];
        assert.deepEqual(greeting, { kind: "persistent", by: "tmux", id, found: false }, output);
        assert.equal(code, 7);
        assert.match(output, new RegExp(`kodama:${nonce}:end:7\r\n$`));
      }
      assert.deepEqual(await kept.left(), []);
    },
  });

  Deno.test({
    ...unless(
      missing,
      `${shell} removes what dead processes have left, and nothing that a living one may need`,
    ),
    fn: async () => {
      await using kept = await stage(shell);
      const command = ["sh", "-c", "exit 7"];
      const args = ["-c", 'cat /proc/uptime "/proc/$PPID/stat"'];
      const { stdout } = await new Deno.Command("sh", { args }).output();
      const [uptime = "", stat = ""] = new TextDecoder().decode(stdout).split("\n");
      const living = `${Deno.pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}\n`;
      const dead = "4194304 1\n";
      const shells: Record<string, Record<string, string>> = {
        held: { owner: living, client: living, command: "=sh+-c+exit%207\n" },
        starting: { client: living },
        justEnded: { owner: dead, client: dead, code: `7 ${parseInt(uptime)}\n` },
        endedLongAgo: { owner: dead, client: living, code: "7 0\n" },
        killed: { owner: dead, client: living },
        neverStarted: { client: dead },
      };
      for (const [id, files] of Object.entries(shells)) await kept.put(id, files);
      using _waiting = kept.listen("held");
      const { code, greeting } = await kept.begin("any", "one", command);
      assert.deepEqual(greeting, { kind: "persistent", by: "tmux", id: "one", found: false });
      assert.equal(code, 7);
      assert.deepEqual((await kept.ids()).toSorted(), ["held", "justEnded", "starting"]);
    },
  });

  Deno.test({
    ...unless(missing, `a missing persistent shell is reported by ${shell}`),
    fn: async () => {
      await using kept = await stage(shell);
      const { greeting } = await kept.begin("same", "other", []);
      assert.deepEqual(greeting, { kind: "missing", exitCode: undefined });
    },
  });
}

Deno.test({
  ...unless(missing, "the greeting arrives although tmux discards unread output"),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "k" });
    const env = { PATH: Deno.env.get("PATH") ?? "", TMPDIR: folder, TERM: "xterm" };
    const run = async (...argv: string[]) => {
      const [program = "", ...args] = argv;
      const { stdout } = await new Deno.Command(program, { args, clearEnv: true, env }).output();
      return new TextDecoder().decode(stdout);
    };
    // One tmux is stopped meanwhile, and the other has no client that a test could read: nothing reports a change.
    const until = async (look: () => Promise<boolean>) => {
      const deadline = performance.now() + 20_000;
      while (!await look()) assert.ok(performance.now() < deadline, "it didn't come to that");
    };
    const outer = ["tmux", "-f", "/dev/null", "-S", `${folder}/outer`];
    const persistent = { requested: "new" as const, owner: "0", id: "one", keepSeconds: 60, size };
    const argv = shellArgv({ nonce, command: ["sh", "-c", "read line"], persistent });
    // The terminal is a tmux that is stopped meanwhile: it reads nothing, and beyond 4 KiB all output is buffered by
    // the system.
    const filled = `${"x".repeat(79)}\n`.repeat(70);
    const line = 'read go <"$0"; printf %s "$1"; shift; exec "$@"';
    const gate = ["sh", "-c", line, `${folder}/gate`, filled];
    await run("mkfifo", `${folder}/gate`);
    await run(...outer, "new-session", "-d", "-x", "80", "-y", "24", "--", ...gate, ...argv);
    const pid = Number(await run(...outer, "display-message", "-p", "#{pid}"));
    Deno.kill(pid, "SIGSTOP");
    try {
      await run("sh", "-c", 'echo >"$0"', `${folder}/gate`);
      const inner = ["tmux", "-S", `${folder}/kodama-shell-0/one/tmux`];
      await until(async () => await run(...inner, "list-clients") !== "");
      Deno.kill(pid, "SIGCONT");
      const greeting = `kodama-shell:${nonce}:new tmux one`;
      const look = () => run(...outer, "capture-pane", "-p", "-S", "-");
      await until(async () => (await look()).includes(greeting));
      await run(...inner, "kill-server");
    } finally {
      Deno.kill(pid, "SIGCONT");
      await run(...outer, "kill-server");
      await Deno.remove(folder, { recursive: true });
    }
  },
});
