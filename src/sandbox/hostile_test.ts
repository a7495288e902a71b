/** Scripts that try to escape: each is stopped and reported with its cause; kodama continues. */
import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { runFixture, type ScriptFixture } from "./testing/script_fixture.ts";

const folder = Deno.makeTempDirSync({ prefix: "kodama-hostile-" });
Deno.writeTextFileSync(`${folder}/secret.json`, '{"secret": "s3cret"}');
Deno.writeTextFileSync(`${folder}/module.ts`, 'export const secret = "s3cret";');
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** What a script tries, and what it isn't granted. A substring of the message is enough. */
const denied: readonly (readonly [title: string, code: string, what: RegExp])[] = [
  ["reads a file", 'Deno.readTextFileSync("/etc/passwd")', /read access to "\/etc\/passwd"/],
  ["lists a folder", "for (const _ of Deno.readDirSync('/root')) {}", /read access/],
  ["writes a file", `Deno.writeTextFileSync("${folder}/made", "x")`, /write access/],
  ["makes a link", `Deno.symlinkSync("/etc", "${folder}/link")`, /requires unscoped/],
  ["reads a variable", 'Deno.env.get("HOME")', /env access to "HOME"/],
  ["reads the whole environment", "Deno.env.toObject()", /env access/],
  ["reads a variable as node", "process.env.HOME", /env access to "HOME"/],
  ["dials", "await Deno.connect({ hostname: '127.0.0.1', port: 1 })", /net access/],
  ["fetches", "await fetch('http://127.0.0.1:8080/')", /net access/],
  ["listens", "Deno.listen({ port: 0 })", /net access/],
  ["resolves a name", "await Deno.resolveDns('example.com', 'A')", /net access/],
  ["opens a socket of node", "(await import('node:net')).connect(8080, '127.0.0.1')", /net access/],
  ["runs a program", "new Deno.Command('id').outputSync()", /run access to "id"/],
  [
    "runs a program as node",
    "(await import('node:child_process')).execSync('id')",
    /run access|env access/,
  ],
  ["runs Deno again", "new Deno.Command(Deno.execPath(), { args: ['-A'] }).spawn()", /run access/],
  ["signals kodama", "Deno.kill(Deno.ppid, 'SIGTERM')", /run access/],
  ["loads a native library", "Deno.dlopen('libc.so.6', {})", /ffi access/],
  ["asks about the machine", "Deno.hostname()", /sys access/],
  ["reads a file by node:fs", "import fs from 'node:fs'; fs.readFileSync('/etc/passwd')", /read/],
  [
    "imports a file that is there",
    `await import("file://${folder}/module.ts")`,
    /read access to ".*module.ts"/,
  ],
  [
    "imports data of a file",
    `import d from "file://${folder}/secret.json" with { type: "json" }; kodama.output(d)`,
    /read access to ".*secret.json"/,
  ],
  [
    "imports a file by an address that is put together",
    `const a = "file://${folder}/"; await import(a + "module.ts")`,
    /read access/,
  ],
  ["imports from the network", 'await import("https://example.com/a.ts")', /import of https:/],
  ["imports a package of npm", 'await import("npm:chalk")', /the import of a package/],
  ["imports a package of jsr", 'await import("jsr:@std/fs")', /the import of/],
  [
    "requires a file",
    "import { createRequire } from 'node:module';" +
    `createRequire("file://${folder}/x.js")("./secret.json")`,
    /read access/,
  ],
];

for (const [title, code, what] of denied) {
  Deno.test(`a script that ${title} is denied, with the reason`, async () => {
    const { end } = await runFixture(code);
    assert.equal(end.kind, "denied", JSON.stringify(end));
    assert.match(end.kind === "denied" ? end.what : "", what);
  });
}

/** What a script tries, and how it ends. */
const stopped:
  readonly (readonly [title: string, code: string, end: object, scene?: ScriptFixture])[] = [
    [
      "never ends",
      'console.log("begun"); for (;;);',
      { kind: "limit", which: "time" },
      { timeIsUpAt: "begun" },
    ],
    [
      "waits for ever",
      'console.log("begun"); await new Promise(() => {});',
      { kind: "limit", which: "time" },
      { timeIsUpAt: "begun" },
    ],
    [
      "is cancelled in the middle of a loop",
      'console.log("begun"); for (;;);',
      { kind: "cancelled" },
      { cancelAt: "begun" },
    ],
    [
      "fills the heap",
      "const a = []; for (;;) a.push(new Array(1e5).fill(1.5));",
      { kind: "limit", which: "memory" },
    ],
    [
      "makes a buffer of 2 GB",
      "new Uint8Array(2e9).fill(1);",
      { kind: "limit", which: "memory" },
    ],
    [
      "makes many buffers",
      "const a = []; for (;;) a.push(new Uint8Array(1e7).fill(1));",
      { kind: "limit", which: "memory" },
    ],
    [
      "has memory of WebAssembly",
      "new WebAssembly.Memory({ initial: 30000 });",
      { kind: "limit", which: "memory" },
    ],
    [
      "starts a worker for more memory",
      "new Worker('data:application/javascript,for(;;);', { type: 'module' });" +
      "await new Promise(() => {});",
      { kind: "limit", which: "memory" },
    ],
    [
      "logs without end",
      "for (;;) console.log('x');",
      { kind: "limit", which: "output" },
    ],
    [
      "logs long lines without end",
      "const line = 'x'.repeat(60000); for (;;) console.log(line);",
      { kind: "limit", which: "output" },
    ],
    [
      "gives output after output",
      "const value = 'x'.repeat(1e6); for (;;) kodama.output(value);",
      { kind: "limit", which: "output" },
    ],
    [
      "asks without end, past the program around it",
      'const line = new TextEncoder().encode(\'{"kind":"call","id":1,"name":"logs","request":1}\\n\');' +
      "for (;;) Deno.stdout.writeSync(line);",
      { kind: "limit", which: "output" },
    ],
    [
      "gives more than a message holds",
      "kodama.output('x'.repeat(9e6));",
      { kind: "limit", which: "output" },
    ],
    [
      "nests its output beyond measure",
      "let a = []; for (let i = 0; i < 3000; i++) a = [a]; kodama.output(a);",
      { kind: "failed" },
    ],
    [
      "recurses without end",
      "function f() { return f() + 1; } f();",
      { kind: "failed", message: "RangeError: Maximum call stack size exceeded" },
    ],
    [
      "ends its process",
      "Deno.exit(0);",
      {
        kind: "failed",
        message: "the script's process ended with exit code 0 before the script did",
      },
    ],
    [
      "writes to standard output itself",
      "Deno.stdout.writeSync(new TextEncoder().encode('{}\\n'));",
      { kind: "failed" },
    ],
    [
      "throws null",
      "throw null;",
      { kind: "failed", message: "null" },
    ],
  ];

for (const [title, code, expected, scene] of stopped) {
  Deno.test(`a script that ${title} is stopped`, async () => {
    const { end } = await runFixture(code, scene);
    for (const [name, value] of Object.entries(expected)) {
      assert.equal((end as unknown as Record<string, unknown>)[name], value, JSON.stringify(end));
    }
  });
}

Deno.test("processes that a script started end with it", async () => {
  const pipe = `${folder}/held`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  // Ends when no process holds the other end of the pipe open any more; the limit covers a process that does.
  const late = new AbortController();
  const holder = new Deno.Command("cat", { args: [pipe], signal: late.signal }).output();
  const code = `
    const child = new Deno.Command("sh", {
      args: ["-c", "exec 3> ${pipe}; echo up; exec sleep 1000"], stdout: "piped",
    }).spawn();
    await child.stdout.getReader().read();
    console.log("begun");
    for (;;);`;
  const { end } = await runFixture(code, { permissions: { run: ["sh"] }, timeIsUpAt: "begun" });
  assert.deepEqual(end, { kind: "limit", which: "time" });
  using _limit = systemClock.timer(20_000, () => late.abort());
  assert.ok((await holder).success, "the program still runs");
});

Deno.test("a script with write permission can't change the trusted files", async () => {
  const { end } = await runFixture(`Deno.writeTextFileSync("${folder}/own/trust.json", "{}")`, {
    permissions: { write: true },
    protectedPaths: [`${folder}/own`],
  });
  assert.equal(end.kind, "denied", JSON.stringify(end));
});

Deno.test("a script can't request more permissions", async () => {
  const code = `
    const state = await Deno.permissions.request({ name: "read" });
    kodama.output(state.state);
    Deno.readTextFileSync("/etc/passwd");`;
  const { end } = await runFixture(code);
  assert.deepEqual(end, { kind: "denied", what: 'read access to "/etc/passwd"' });
});
