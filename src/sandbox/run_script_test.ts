/** The abilities of a script, and the limits that kodama sets. */
import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import type { ScriptApi } from "../workflow/model.ts";
import { runFixture } from "./testing/script_fixture.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { LogRate } from "./run_script.ts";

const everything = { cluster: [{ verbs: ["*"], namespaces: ["*"] }] };

Deno.test("`runScript()` passes input, output and log lines", async () => {
  const code = `
    const numbers = kodama.input.numbers as number[];
    console.log("of", numbers.length, { targets: kodama.targets });
    kodama.output(numbers.reduce((a: number, b: number): number => a + b, 0));`;
  const { end, log } = await runFixture(code, { input: { numbers: [1, 2, 39] } });
  assert.deepEqual(end, { kind: "ok", output: 42 });
  assert.deepEqual(log, ['of 3 { targets: [ "web-0", "db-0" ] }']);
});

Deno.test("the last output of a script counts; without one it is null", async () => {
  assert.deepEqual((await runFixture("kodama.output(1); kodama.output([2]);")).end, {
    kind: "ok",
    output: [2],
  });
  assert.deepEqual((await runFixture("")).end, { kind: "ok", output: null });
});

Deno.test("an error of a script has its line in the file", async () => {
  const { end } = await runFixture("const a: number = 1;\n  missing(a);");
  assert.deepEqual(end, {
    kind: "failed",
    message: "ReferenceError: missing is not defined",
    line: 11,
    column: 3,
  });
});

Deno.test("a syntax error of a script has its line in the file, and nothing runs", async () => {
  const { end, log } = await runFixture('console.log("begun");\nlet x: = 3;');
  assert.equal(end.kind, "failed");
  if (end.kind !== "failed") return;
  assert.match(end.message, /^SyntaxError: Unexpected token/);
  assert.doesNotMatch(end.message, /\n|data:/);
  assert.deepEqual([end.line, end.column], [11, 8]);
  assert.deepEqual(log, []);
});

Deno.test("a script that imports other modules fails with a message", async () => {
  const cases = [
    ['import { a } from "./a.ts"; a();', "other files"],
    ['await import("./a.ts");', "other files"],
    ['import chalk from "chalk"; chalk();', '"chalk"'],
  ] as const;
  for (const [code, wanted] of cases) {
    const { end } = await runFixture(code);
    assert.equal(
      end.kind === "failed" ? end.message : end.kind,
      `a script is one module, and can't import ${wanted}; node: modules are there`,
    );
  }
});

Deno.test("an error message of a script is one line", async () => {
  const { end } = await runFixture('throw new Error("enough\\n\\nfix  ok, 1ms\\r\\n");');
  assert.equal(end.kind === "failed" ? end.message : "", "enough fix  ok, 1ms");
});

Deno.test("an error in a promise that isn't awaited fails the script", async () => {
  for (
    const code of [
      "setTimeout(() => { throw new Error('late'); }, 1); await new Promise(() => {});",
      "Promise.reject(new Error('late')); await new Promise(() => {});",
    ]
  ) {
    const { end } = await runFixture(code);
    assert.equal(end.kind === "failed" ? end.message : end.kind, "late");
  }
});

Deno.test("a call that isn't awaited completes before the script ends", async () => {
  const { end, calls } = await runFixture('void kodama.exec(["id"]);', { permissions: everything });
  assert.deepEqual(end, { kind: "ok", output: null });
  assert.deepEqual(calls, [{ exec: { command: ["id"] } }]);
});

Deno.test("calls pass if permissions.cluster grants verb and namespace", async () => {
  const code = `
    await kodama.exec(["id"], { targets: ["web-0"], timeoutMs: 1000 });
    await kodama.get("pods", { namespace: "shop", selector: "app=web" });
    kodama.output(await kodama.logs("web-0", { tail: 5 }));`;
  const { end, calls } = await runFixture(code, {
    permissions: { cluster: [{ verbs: ["exec", "list", "logs"], namespaces: ["shop"] }] },
  });
  assert.deepEqual(end, { kind: "ok", output: ["a line"] });
  assert.deepEqual(calls, [
    { exec: { command: ["id"], targets: ["web-0"], timeoutMs: 1000 } },
    { get: { resource: "pods", namespace: "shop", selector: "app=web" } },
  ]);
});

Deno.test("a call beyond permissions.cluster is denied before it is made", async () => {
  const rules = [{ verbs: ["exec"], namespaces: ["shop"] }];
  const cases: readonly (readonly [code: string, what: string])[] = [
    ['await kodama.exec(["id"])', "cluster access: exec in namespace data"],
    ['await kodama.logs("web-0")', "cluster access: logs in namespace shop"],
    [
      'await kodama.get("pods", { name: "a", namespace: "shop" })',
      "cluster access: get in namespace shop",
    ],
    [
      'await kodama.get("pods", { namespace: "kube-system" })',
      "cluster access: list in namespace kube-system",
    ],
  ];
  for (const [code, what] of cases) {
    const { end, calls } = await runFixture(code, { permissions: { cluster: rules } });
    assert.deepEqual(end, { kind: "denied", what });
    assert.deepEqual(calls, []);
  }
});

Deno.test("a rule without namespaces grants only those of the selection", async () => {
  const permissions = { cluster: [{ verbs: ["exec", "list"], namespaces: [] }] };
  assert.equal((await runFixture('await kodama.exec(["id"])', { permissions })).end.kind, "ok");
  const { end } = await runFixture('await kodama.get("pods", { namespace: "other" })', {
    permissions,
  });
  assert.deepEqual(end, { kind: "denied", what: "cluster access: list in namespace other" });
});

Deno.test("a script that catches a denial continues", async () => {
  const code = `
    try { await kodama.exec(["id"]); } catch (error) { kodama.output(error.message); }`;
  assert.deepEqual((await runFixture(code)).end, {
    kind: "ok",
    output: "the workflow's permissions don't grant cluster access: exec in namespace shop",
  });
});

Deno.test("many parallel calls are queued and answered", async () => {
  let [atOnce, most] = [0, 0];
  const exec = async () => {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setTimeout(resolve));
    atOnce--;
    return {};
  };
  const code = `
    const all = await Promise.all(Array.from({ length: 200 }, () => kodama.exec(["id"])));
    kodama.output(all.length);`;
  const { end } = await runFixture(code, { permissions: everything, api: { exec } });
  assert.deepEqual(end, { kind: "ok", output: 200 });
  assert.ok(most > 1 && most <= 32, `${most} at once`);
});

Deno.test("a too large answer is refused, not cut", async () => {
  const logs = () => Promise.resolve(["x".repeat(33 * 1024 * 1024)]);
  const { end } = await runFixture('await kodama.logs("web-0")', {
    permissions: everything,
    api: { logs },
  });
  assert.deepEqual(end, {
    kind: "failed",
    message: "kodama.logs: the answer is larger than 32 Mi",
  });
});

Deno.test("requests are validated before they are executed", async () => {
  const cases: readonly (readonly [code: string, message: RegExp])[] = [
    ['await kodama.exec("id")', /^kodama.exec: command: .*Array/],
    ["await kodama.exec([])", /^kodama.exec: command: a command with at least one argument/],
    ['await kodama.exec(["id"], { target: "web-0" })', /^kodama.exec: target: /],
    ['await kodama.exec(["id"], { targets: ["web-1"] })', /not a target.*did you mean "web-0"/],
    ['await kodama.get("pods")', /pass \{ namespace \} to kodama.get/],
    ['await kodama.logs("web-0", { tail: -1 })', /^kodama.logs: tail: /],
  ];
  for (const [code, message] of cases) {
    const { end, calls } = await runFixture(code, { permissions: everything });
    assert.match(end.kind === "failed" ? end.message : JSON.stringify(end), message);
    assert.deepEqual(calls, []);
  }
});

Deno.test("a KodamaError is passed to the script; another error is kodama's bug", async () => {
  const expected = { exec: () => Promise.reject(new KodamaError("notFound", "no such pod")) };
  const { end } = await runFixture('await kodama.exec(["id"])', {
    permissions: everything,
    api: expected,
  });
  assert.equal(end.kind === "failed" ? end.message : "", "no such pod");
  const wrong = { exec: () => Promise.reject(new TypeError("a slip of kodama's")) };
  await assert.rejects(
    runFixture('await kodama.exec(["id"])', { permissions: everything, api: wrong }),
    /TypeError: a slip of kodama's/,
  );
});

Deno.test("calls of a script are aborted and awaited when the script ends", async () => {
  let ended = "";
  const exec: ScriptApi["exec"] = async (_request, signal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await new Promise((resolve) => setTimeout(resolve));
    ended = "in the pods too";
    throw signal.reason;
  };
  const code = 'void kodama.exec(["sleep", "1000"]); throw new Error("enough");';
  const { end } = await runFixture(code, { permissions: everything, api: { exec } });
  assert.equal(end.kind === "failed" ? end.message : "", "enough");
  assert.equal(ended, "in the pods too");
});

Deno.test("a script has exactly the granted permissions", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.txt`, "here");
    const permissions = { read: ["."], env: ["HOME"] };
    const { end } = await runFixture(
      `const text = Deno.readTextFileSync("a.txt") + Deno.readTextFileSync("${folder}/a.txt");
      kodama.output([text, Deno.env.get("HOME") !== ""]);`,
      { permissions, folder },
    );
    assert.deepEqual(end, { kind: "ok", output: ["herehere", true] });
    const other = await runFixture('Deno.env.get("PATH")', { permissions });
    assert.deepEqual(other.end, { kind: "denied", what: 'env access to "PATH"' });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a program run by a script sees the granted variables and few others", async () => {
  const code = `
    const { stdout } = new Deno.Command("env").outputSync();
    kodama.output(new TextDecoder().decode(stdout).trim().split("\\n").map((l) => l.split("=")[0]));`;
  const { end } = await runFixture(code, { permissions: { run: ["env"], env: ["PWD"] } });
  assert.equal(end.kind, "ok", JSON.stringify(end));
  const names = end.kind === "ok" ? end.output as string[] : [];
  const known = ["NO_COLOR", "PATH", "HOME", "DENO_DIR", "PWD", "KODAMA_COMMAND"];
  assert.deepEqual(names.filter((name) => !known.includes(name)), []);
});

Deno.test("variables can be granted by wildcards", async () => {
  const code = 'kodama.output([Deno.env.get("HOME") !== undefined, Deno.env.has("PATH")]);';
  const { end } = await runFixture(code, { permissions: { env: ["HOM*", "PATH"] } });
  assert.deepEqual(end, { kind: "ok", output: [true, true] });
  const other = await runFixture('Deno.env.get("USER")', { permissions: { env: ["HOM*"] } });
  assert.deepEqual(other.end, { kind: "denied", what: 'env access to "USER"' });
});

Deno.test("a permission that Deno can't express is an error, not a wider one", async () => {
  await assert.rejects(
    runFixture("", { permissions: { read: ["/a,/b"] } }),
    /permissions.read: "\/a,\/b" can't be granted/,
  );
  const refused = await runFixture("", { permissions: { net: ["http://example.com/"] } });
  assert.match(
    refused.end.kind === "failed" ? refused.end.message : "",
    /ended with exit code 1 before the script did: error: invalid value/,
  );
  const { end } = await runFixture("Deno.readTextFileSync('/etc/passwd')", {
    permissions: { read: ["/nowhere --allow-read", "--allow-read"] },
  });
  assert.equal(end.kind, "denied", JSON.stringify(end));
});

Deno.test("long log lines are cut, and texts of several lines are split", async () => {
  const { log } = await runFixture('console.log("a\\nb"); console.log("x".repeat(20000));');
  assert.deepEqual(log.slice(0, 2), ["a", "b"]);
  assert.equal(log[2]?.length, 10_001);
});

const perSecond = 10_000;

/** Adds as many lines as a second allows, after each of these times; returns whether each passed. */
function passing(timesMs: readonly number[]): boolean[] {
  const clock = new ManualClock();
  const rate = new LogRate(clock, () => {});
  return timesMs.map((atMs) => {
    clock.timer(atMs - clock.elapsedMs(), () => {});
    clock.step();
    return rate.add(Array(perSecond).fill("x").join("\n"));
  });
}

Deno.test("the log is limited to a number of lines a second", () => {
  assert.deepEqual(passing([500, 1500, 2500]), [true, true, true]);
  assert.deepEqual(passing([500, 900]), [true, false]);
});
