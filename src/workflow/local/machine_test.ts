import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { launcherVariables } from "../../base/launcher_variables.ts";
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

const world = localEnvironment({
  clock: systemClock,
  env: () => undefined,
  environment: { KUBECONFIG: "/k" },
  kube: unused,
  protectedPaths: ["/config"],
  locksFolder: "/config/turns",
  create: unused,
  readText: unused,
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
