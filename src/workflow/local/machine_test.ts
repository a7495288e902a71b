import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { launcherVariables } from "../../base/launcher_variables.ts";
import { unless } from "../../base/testing/unless.ts";
import { localEnvironment, variablesOf } from "./machine.ts";

const unused = () => Promise.reject(new Error("no step asks for it"));

/** Sets the variables of this process until it is disposed of, and then restores the previous ones. */
function withVariables(names: readonly string[], value: string): Disposable {
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of names) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, text] of before) {
        if (text === undefined) Deno.env.delete(name);
        else Deno.env.set(name, text);
      }
    },
  };
}

const parts = {
  clock: systemClock,
  env: () => undefined,
  environment: { KUBECONFIG: "/k" },
  kube: unused,
  protectedPaths: ["/config"],
  locksFolder: "/config/turns",
  create: unused,
  readText: unused,
};

const world = localEnvironment(parts);

/** The same, without any time between TERM and KILL. */
const hasty = localEnvironment({
  ...parts,
  clock: {
    now: () => systemClock.now(),
    elapsedMs: () => systemClock.elapsedMs(),
    timer: (_delayMs, call) => systemClock.timer(0, call),
  },
});

Deno.test("a file is uploaded with its length: servers read no chunks, or refuse them", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "an archive");
    const received: (string | null)[] = [];
    await using server = Deno.serve({ port: 0, onListen() {} }, async ({ headers, body }) => {
      received.push(headers.get("content-length"), await new Response(body).text());
      return new Response("stored");
    });
    const answer = await world.fetch({
      method: "PUT",
      url: `http://127.0.0.1:${server.addr.port}/`,
      headers: {},
      upload: path,
      maxOutputBytes: 100,
    }, new AbortController().signal);
    assert.equal(answer.body, "stored");
    assert.deepEqual(received, ["10", "an archive"]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a step's program gets the environment without the launcher's variables", async () => {
  using _environment = withVariables(launcherVariables, "the launcher's");
  const reports: string[] = [];
  const end = await world.run(["env"], {
    environment: { GREETING: "hello" },
    folder: "/",
    signal: new AbortController().signal,
    maxOutputBytes: 2 ** 20,
    onLine: (_stream, line) => void reports.push(line),
  });
  assert.equal(end.exitCode, 0);
  assert.deepEqual(reports.filter((line) => line.endsWith("=the launcher's")), []);
  for (const line of ["KUBECONFIG=/k", "GREETING=hello"]) assert.ok(reports.includes(line), line);
  assert.deepEqual(end.truncated, []);
  const script = "printf 12345; printf 6; echo no >&2";
  const cut = await world.run(["sh", "-c", script], {
    environment: {},
    folder: "/",
    signal: new AbortController().signal,
    maxOutputBytes: 4,
    onLine: () => {},
  });
  // The beginning without gaps, whatever came after.
  assert.deepEqual([cut.stdout, cut.stderr, cut.truncated], ["1234", "no\n", ["stdout"]]);
});

/** A killed process is there for a moment; a zombie, which nothing waits for, stays in the list. */
const isAlive =
  'for i in 1 2 3 4 5 6 7 8 9 10; do case $(ps -o stat= -p "$1") in ""|Z*) exit 1; esac; ' +
  "sleep 0.1; done";

/** Runs a line until it has written its first line, the id of a process; returns the end, and whether that is alive. */
async function endedAfterFirstLine(machine: typeof world, line: string) {
  const controller = new AbortController();
  const lines: string[] = [];
  const end = await machine.run(["sh", "-c", line], {
    environment: {},
    folder: "/",
    signal: controller.signal,
    maxOutputBytes: 1000,
    onLine: (_stream, text) => {
      lines.push(text);
      controller.abort();
    },
  });
  const { success } = await new Deno.Command("sh", {
    args: ["-c", isAlive, "sh", lines[0] ?? ""],
  }).output();
  return { exitCode: end.exitCode, isAlive: success };
}

Deno.test("a command that is ended ends with all that it has started", async () => {
  const background = await endedAfterFirstLine(world, "sleep 300 & echo $!; sleep 301; echo x");
  assert.deepEqual(background, { exitCode: 143, isAlive: false });
});

const elsewhere = Deno.build.os === "linux" ? undefined : "only /proc shows environments";

Deno.test({
  ...unless(
    elsewhere,
    "a command that is ended ends with what has left its session, also if that ignores TERM",
  ),
  fn: async () => {
    const lines = [
      "setsid sh -c 'echo $$; exec sleep 300' & sleep 301",
      "setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 300; done' >&2 & exec sleep 301",
      // Its parents have ended, and its output is elsewhere.
      "(setsid sh -c 'setsid sleep 300 >/dev/null 2>&1 & echo $!' &); sleep 301",
    ];
    for (const line of lines) {
      const { isAlive } = await endedAfterFirstLine(hasty, line);
      assert.equal(isAlive, false, line);
    }
  },
});

Deno.test("a command that ignores TERM is killed, with what it has started", async () => {
  const line = "trap '' TERM; sleep 300 & echo $!; sleep 301; sleep 302";
  assert.deepEqual(await endedAfterFirstLine(hasty, line), { exitCode: 137, isAlive: false });
});

Deno.test("a command has ended although what it left behind keeps its output open", async () => {
  const end = await hasty.run(["sh", "-c", "(sleep 300 & echo $! >&2); echo started"], {
    environment: {},
    folder: "/",
    signal: new AbortController().signal,
    maxOutputBytes: 1000,
    onLine: () => {},
  });
  assert.deepEqual([end.exitCode, end.stdout], [0, "started\n"]);
  await new Deno.Command("sh", { args: ["-c", 'kill "$1"', "sh", end.stderr.trim()] }).output();
});

const name = "KODAMA_TEST_VARIABLE";

/** Reads the variable from the environment that sh inherits. */
async function reports(value: string): Promise<ReadonlyMap<string, string>> {
  Deno.env.set(name, value);
  try {
    return await variablesOf([name, "KODAMA_TEST_UNSET"], () => undefined);
  } finally {
    Deno.env.delete(name);
  }
}

Deno.test("a variable that kodama can't read is read by sh, byte for byte", async () => {
  for (const value of ["plain", "", " two\nlines\n\n", `"'\`$(id) $HOME \\0 %s`, "a=b", "mö"]) {
    assert.deepEqual([...await reports(value)], [[name, value]], JSON.stringify(value));
  }
});

Deno.test("an invalid variable name is never passed to sh", async () => {
  const names = ["x; echo y=z", "", "1", "a b", "$(id)", "PATH}"];
  assert.deepEqual([...await variablesOf(names, () => undefined)], []);
});

Deno.test("variables that kodama can read aren't read by sh", async () => {
  assert.deepEqual([...await variablesOf(["A"], () => "own")], [["A", "own"]]);
});

Deno.test("a local program gets its standard input, also if it doesn't read all of it", async () => {
  const run = (argv: string[], input?: string) =>
    world.run(argv, {
      environment: {},
      folder: "/",
      ...(input === undefined ? {} : { input }),
      signal: new AbortController().signal,
      maxOutputBytes: 100,
      onLine: () => {},
    });
  assert.deepEqual((await run(["cat"], "one\ntwo")).stdout, "one\ntwo");
  assert.deepEqual((await run(["cat"])).stdout, "");
  const ended = await run(["sh", "-c", "exit 3"], "x".repeat(1024 * 1024));
  assert.equal(ended.exitCode, 3);
});
