/** Scripts that try to escape: each is stopped and reported with its cause; kodama continues. */
import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import type { Permissions } from "../workflow/model.ts";
import { writeProgram } from "../base/testing/program_file.ts";
import { runFixture, type ScriptFixture } from "./testing/script_fixture.ts";

/*
 * A repository whose workflow has folders with links: out of the repository, to kodama's own folder, through each other,
 * and to files that aren't there. `escaped()` compares everything outside with its state before.
 */
const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "kodama-hostile-" }));
const [home, outside, own] = [`${folder}/repo/workflows`, `${folder}/outside`, `${folder}/own`];
const secret = "s3cret";
for (const path of ["data/sub/deep", "empty", "plain", "links", "dangling", "moving", "self"]) {
  Deno.mkdirSync(`${home}/${path}`, { recursive: true });
}
for (const path of [outside, own]) Deno.mkdirSync(path);
Deno.writeTextFileSync(`${outside}/secret.json`, JSON.stringify({ secret }));
Deno.writeTextFileSync(`${outside}/module.ts`, `export const secret = "${secret}";`);
Deno.writeTextFileSync(`${own}/trust.json`, secret);
Deno.writeTextFileSync(`${home}/data/plain.txt`, "plain");
Deno.writeTextFileSync(`${home}/data/module.ts`, "export const plain = 1;");
Deno.writeTextFileSync(`${home}/data/sub/deep/file`, "deep");
Deno.writeTextFileSync(`${home}/plain/file`, "plain");
const links: Readonly<Record<string, string>> = {
  "data/away": outside,
  "data/up": "../../../outside",
  "data/file": `${outside}/secret.json`,
  "data/chain": "away/secret.json",
  "data/sub/behind": outside,
  "data/alias": "sub",
  "data/aliasOfAlias": "alias",
  "data/inside": "plain.txt",
  "data/round": "round",
  "data/root": "/",
  "data/proc": "/proc/self",
  "links/k": own,
  "dangling/new": `${outside}/made`,
  "moving/a": "",
  "self/inner": "file",
  whole: outside,
};
for (const [path, target] of Object.entries(links)) {
  if (target !== "") Deno.symlinkSync(target, `${home}/${path}`);
}
// It leads into its own folder from where it is, and out of it from the folder above.
Deno.mkdirSync(`${home}/moving/a/b`, { recursive: true });
Deno.symlinkSync("../../x", `${home}/moving/a/b/link`);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Returns the files outside of the repository, with their content and modes. */
function state(): string[] {
  return [outside, own].flatMap((path) => {
    const entries = [...Deno.readDirSync(path)].map(({ name }) => {
      const file = `${path}/${name}`;
      return `${file} ${Deno.lstatSync(file).mode} ${Deno.readTextFileSync(file)}`;
    });
    return entries.toSorted();
  });
}
const before = state();

/** Scripts with the same permissions, which a process tries in order. */
interface Probes {
  granted: string;
  permissions: Partial<Permissions>;
  /** Granted operations: none of them may fail, or the others would prove nothing. */
  allowed?: Readonly<Record<string, string>>;
  /** Operations that aren't granted, and the error: by its title, an expression or the body of a function. */
  denied: Readonly<Record<string, readonly [code: string, error: RegExp]>>;
}

const [read, write, env, net, run, sys] = ["read", "write", "env", "net", "run", "sys"].map((
  kind,
) => new RegExp(`Requires ${kind} access|unscoped --allow`)) as [
  RegExp,
  RegExp,
  RegExp,
  RegExp,
  RegExp,
  RegExp,
];
const ffi = /Requires ffi access/;
const fs = 'const fs = await import("node:fs");';
const child = 'const child = await import("node:child_process");';

const probes: readonly Probes[] = [
  {
    granted: "nothing",
    permissions: {},
    denied: {
      // Files, by each way of Deno and of node.
      "reads a file": ['Deno.readTextFileSync("/etc/passwd")', read],
      "reads a file as node": [`${fs} fs.readFileSync("/etc/passwd")`, read],
      "reads a file as a promise": [
        'await (await import("node:fs/promises")).readFile("/etc/passwd")',
        read,
      ],
      "opens a file": ['await Deno.open("/etc/passwd")', read],
      "streams a file": [`${fs} await Array.fromAsync(fs.createReadStream("/etc/passwd"))`, read],
      "lists a folder": ["[...Deno.readDirSync('/root')]", read],
      "opens a folder as node": [`${fs} fs.opendirSync("/etc")`, read],
      "asks whether a file is there": ["Deno.statSync('/etc/passwd')", read],
      "resolves a path": ["Deno.realPathSync('/etc/passwd')", read],
      "reads a link": ["Deno.readLinkSync('/proc/self/exe')", read],
      "changes its folder": ["Deno.chdir('/etc')", read],
      "watches a folder": ["Deno.watchFs('/etc')", read],
      "fetches a file": [`await fetch("file://${outside}/secret.json")`, read],
      "imports a file": [`await import("file://${outside}/module.ts")`, read],
      "imports data of a file": [
        `await import("file://${outside}/secret.json", { with: { type: "json" } })`,
        read,
      ],
      "imports a file by an address that is put together": [
        `const a = "file://${outside}/"; await import(a + "module.ts")`,
        read,
      ],
      "requires a file": [
        "const { createRequire } = await import('node:module');" +
        `createRequire("file://${outside}/x.js")("./secret.json")`,
        read,
      ],
      "loads variables from a file": [`process.loadEnvFile("${outside}/secret.json")`, env],
      "opens a database": [
        `const { DatabaseSync } = await import("node:sqlite"); new DatabaseSync("${outside}/a.db")`,
        read,
      ],
      "reads its own memory": ["Deno.readFileSync('/proc/self/mem')", read],
      "reads its environment as a file": ["Deno.readTextFileSync('/proc/self/environ')", read],
      "reads its input as a file": ["Deno.openSync('/dev/stdin')", read],
      "writes a file": [`Deno.writeTextFileSync("${outside}/made", "x")`, write],
      "writes a file as node": [`${fs} fs.writeFileSync("${outside}/made", "x")`, write],
      "makes a folder": [`Deno.mkdirSync("${outside}/made")`, write],
      "makes a temporary file": ["Deno.makeTempFileSync()", write],
      "removes a file": [`Deno.removeSync("${outside}/secret.json")`, write],
      "renames a file": [`Deno.renameSync("${outside}/secret.json", "${outside}/made")`, /access/],
      "truncates a file": [`Deno.truncateSync("${outside}/secret.json")`, write],
      "changes the mode of a file": [`Deno.chmodSync("${outside}/secret.json", 0o777)`, write],
      "changes the time of a file": [`Deno.utimeSync("${outside}/secret.json", 1, 1)`, write],
      "makes a link": [`Deno.symlinkSync("/etc", "${outside}/made")`, write],
      "makes a hard link": [`Deno.linkSync("${outside}/secret.json", "${outside}/made")`, /access/],
      "writes a snapshot of its heap": [
        `(await import("node:v8")).writeHeapSnapshot("${outside}/made")`,
        /access|not implemented|is not a function/,
      ],
      // Variables.
      "reads a variable": ['Deno.env.get("HOME")', env],
      "asks whether a variable is there": ['Deno.env.has("HOME")', env],
      "reads the whole environment": ["Deno.env.toObject()", env],
      "reads a variable as node": ["process.env.HOME", env],
      "lists variables as node": ["Object.keys(process.env)", env],
      "sets a variable": ["Deno.env.set('LD_PRELOAD', '/x.so')", env],
      // The network.
      "dials": ["await Deno.connect({ hostname: '127.0.0.1', port: 8080 })", net],
      "dials with TLS": ["await Deno.connectTls({ hostname: '127.0.0.1', port: 8443 })", net],
      "fetches": ["await fetch('http://127.0.0.1:8080/')", net],
      "opens a WebSocket": [
        "await new Promise((ok, no) => { const s = new WebSocket('ws://127.0.0.1:8080');" +
        " s.onopen = ok; s.onerror = (e) => no(e.error ?? new Error(e.message)); })",
        net,
      ],
      "listens": ["Deno.listen({ port: 0 })", net],
      "serves": ["Deno.serve({ port: 0 }, () => new Response())", net],
      "resolves a name": ["await Deno.resolveDns('example.com', 'A')", net],
      "resolves a name at a server of its choice": [
        "await Deno.resolveDns('example.com', 'TXT', { nameServer: { ipAddr: '127.0.0.1' } })",
        net,
      ],
      "looks a name up as node": [
        "await (await import('node:dns/promises')).lookup('data.example.com')",
        /EPERM/,
      ],
      "resolves a name as node": [
        "await (await import('node:dns/promises')).resolve4('data.example.com')",
        /UNKNOWN/,
      ],
      "opens a socket of the file system": [
        "await Deno.connect({ transport: 'unix', path: '/var/run/docker.sock' })",
        /Requires (read|write|net) access/,
      ],
      // Programs, native code and the system.
      "runs a program": ["new Deno.Command('id').outputSync()", run],
      "runs a program as node": [`${child} child.execSync('id')`, /Requires (run|env) access/],
      "runs a file as node": [
        `${child} child.execFileSync('/usr/bin/id')`,
        /Requires (run|env) access/,
      ],
      "forks": [`${child} child.fork('x.js')`, /Requires (run|env|read) access/],
      "runs Deno again": ["new Deno.Command('deno', { args: ['-A'] }).spawn()", run],
      "signals kodama": ["Deno.kill(Deno.ppid, 'SIGTERM')", run],
      "signals kodama as node": ["process.kill(process.ppid)", run],
      "loads a native library": ["Deno.dlopen('libc.so.6', {})", ffi],
      "loads a native module": [
        "process.dlopen({ exports: {} }, '/x.node')",
        /Requires (ffi|read) access/,
      ],
      "makes a pointer": ["Deno.UnsafePointer.create(1n)", ffi],
      "asks for the machine's name": ["Deno.hostname()", sys],
      "asks for its addresses": ["Deno.networkInterfaces()", sys],
      "asks who it is": ["Deno.uid()", sys],
      "asks who it is as node": ["(await import('node:os')).userInfo()", sys],
      "asks for the processors": ["(await import('node:os')).cpus()", sys],
      "asks for the memory": ["Deno.systemMemoryInfo()", sys],
      // Code.
      "imports from the network": ['await import("https://example.com/a.ts")', /import access/],
      "imports from a host of Deno's own list": [
        'await import("https://deno.land/std/a.ts")',
        /import access/,
      ],
      "imports a package of npm": ['await import("npm:chalk")', /npm specifiers were requested/],
      "imports a package of jsr": ['await import("jsr:@std/fs")', /remote specifier|jsr/i],
      "imports a file as bytes": [
        `await import("file://${outside}/secret.json", { with: { type: "bytes" } })`,
        /Requires read access|is not a valid module type/,
      ],
      "imports a file as text": [
        `await import("file://${outside}/secret.json", { with: { type: "text" } })`,
        /Requires read access|is not a valid module type/,
      ],
      "requires node's module of files by its binding": [
        "process.binding('fs').open('/etc/passwd')",
        /not a function|not implemented|No such module|Cannot|undefined/,
      ],
      "reads in another context": [
        "const vm = await import('node:vm');" +
        "vm.runInNewContext('read(\"/etc/passwd\")', { read: Deno.readTextFileSync })",
        read,
      ],
      "reads in a function that is made of text": [
        "new Function('return Deno.readTextFileSync(\"/etc/passwd\")')()",
        read,
      ],
      "reads by the runtime's own operations": [
        "const ops = Deno[Deno.internal].core.ops; ops.op_fs_read_file_text_sync('/etc/passwd')",
        /not a function|undefined|Requires read access/,
      ],
      "listens for a debugger": [
        "(await import('node:inspector')).open(0, '127.0.0.1')",
        /Requires sys access to "inspector"|not implemented/,
      ],
      "listens for datagrams": [
        "Deno.listenDatagram({ port: 0, transport: 'udp' })",
        /Requires net access|not a function/,
      ],
      "listens on a socket of the file system": [
        `Deno.listen({ transport: "unix", path: "${outside}/made" })`,
        /Requires (?:read|write|net) access/,
      ],
      "follows a stream of events": [
        "await new Promise((ok, no) => { const s = new EventSource('http://127.0.0.1:8080');" +
        " s.onopen = ok; s.onerror = (e) => { s.close(); no(e.error ?? new Error(e.message)); }; })",
        /^$/,
      ],
      "uses HTTP/2 as node": [
        "await new Promise((ok, no) => import('node:http2').then((m) =>" +
        " m.connect('http://127.0.0.1:8080').on('connect', ok).on('error', no)))",
        net,
      ],
      "reads the machine's load": ["Deno.loadavg()", sys],
      "reads the system's version": ["Deno.osRelease()", sys],
      "reads how long the system runs": ["Deno.osUptime()", sys],
      "reads its group": ["Deno.gid()", sys],
      "reads a user's priority as node": ["(await import('node:os')).getPriority()", sys],
      "changes its user": ["process.setuid(0)", /Requires sys access|not a function|EPERM/],
      "changes its title for others": [
        "process.chdir('/')",
        /Requires (?:read|write) access/,
      ],
      // Data that would be there for the next script.
      "stores a value": ["localStorage.setItem('a', '1')", /os error|No such|Not a directory/],
      "stores an answer": [
        "const c = await caches.open('a'); await c.put('http://a/', new Response('x'))",
        /cache storage|os error/,
      ],
      "opens a database of Deno": ["await Deno.openKv()", /not a function/],
    },
  },
  {
    granted: "a folder to read, with links",
    permissions: { read: ["data"] },
    allowed: {
      "reads a file": "Deno.readTextFileSync('data/plain.txt')",
      "reads a file by its full path": `Deno.readTextFileSync("${home}/data/plain.txt")`,
      "reads a link inside": "Deno.readTextFileSync('data/inside')",
      "lists the folder": "[...Deno.readDirSync('data')].length",
    },
    denied: {
      "reads behind a link": ["Deno.readTextFileSync('data/away/secret.json')", read],
      "reads behind a link that goes up": ["Deno.readTextFileSync('data/up/secret.json')", read],
      "reads a linked file": ["Deno.readTextFileSync('data/file')", read],
      "reads by a link to a link": ["Deno.readTextFileSync('data/chain')", read],
      "reads by a linked folder that has a link": [
        "Deno.readTextFileSync('data/alias/behind/secret.json')",
        read,
      ],
      "reads by a link to a linked folder": [
        "Deno.readTextFileSync('data/aliasOfAlias/behind/secret.json')",
        read,
      ],
      "reads by a path with dots": ["Deno.readTextFileSync('data/sub/../away/secret.json')", read],
      "reads by a path with empty parts": [
        "Deno.readTextFileSync('data//.//away/secret.json')",
        read,
      ],
      "reads by a full path": [`Deno.readTextFileSync("${home}/data/away/secret.json")`, read],
      "reads by a URL": [
        `Deno.readTextFileSync(new URL("file://${home}/data/%61way/secret.json"))`,
        read,
      ],
      "reads as node": [`${fs} fs.readFileSync('data/away/secret.json')`, read],
      "reads all below a link": ["Deno.readTextFileSync('data/root/etc/passwd')", read],
      "reads processes by a link": ["Deno.readTextFileSync('data/proc/environ')", /Requires/],
      "lists a linked folder": ["[...Deno.readDirSync('data/away')]", read],
      "imports by a link": [`await import("file://${home}/data/away/module.ts")`, read],
      "fetches by a link": [`await fetch("file://${home}/data/away/secret.json")`, read],
      "opens a database by a link": [
        "const { DatabaseSync } = await import('node:sqlite');" +
        "new DatabaseSync('data/away/a.db', { readOnly: true })",
        read,
      ],
      "follows a link to itself": ["Deno.readTextFileSync('data/round')", /Requires|os error/],
      "reads above the folder": ["Deno.readTextFileSync('data/../plain/file')", read],
      "writes there": ["Deno.writeTextFileSync('data/plain.txt', 'x')", write],
      // The last: the paths of the others are relative.
      "reads after a change of its folder": [
        "Deno.chdir('data'); Deno.readTextFileSync('away/secret.json')",
        read,
      ],
    },
  },
  {
    granted: "a folder to write to, and another to read",
    permissions: { write: ["empty"], read: ["empty", "plain"] },
    allowed: {
      "writes a file": "Deno.writeTextFileSync('empty/made', 'x')",
      "renames it": "Deno.renameSync('empty/made', 'empty/other')",
    },
    denied: {
      "makes a link": ["Deno.symlinkSync('/etc', 'empty/link')", write],
      "makes a link as node": [`${fs} fs.symlinkSync('/etc', 'empty/link')`, write],
      "makes a hard link": [`Deno.linkSync("${outside}/secret.json", 'empty/hard')`, /Requires/],
      "copies from outside": [`Deno.copyFileSync("${outside}/secret.json", 'empty/copy')`, read],
      "moves a file out": [`Deno.renameSync('empty/other', "${outside}/made")`, write],
      "moves a file of the other folder in": ["Deno.renameSync('plain/file', 'empty/file')", write],
      "attaches a database outside": [
        "const { DatabaseSync } = await import('node:sqlite');" +
        `const db = new DatabaseSync('empty/a.db'); db.exec("attach '${outside}/made' as b; create table b.t(a)")`,
        /too many attached databases - max 0/,
      ],
      "copies a database outside": [
        "const { DatabaseSync } = await import('node:sqlite');" +
        `const db = new DatabaseSync('empty/a.db'); db.exec("vacuum into '${outside}/made'")`,
        /too many attached databases - max 0/,
      ],
      "loads an extension of a database": [
        "const { DatabaseSync } = await import('node:sqlite');" +
        "new DatabaseSync('empty/a.db', { allowExtension: true }).loadExtension('/x.so')",
        ffi,
      ],
    },
  },
  {
    granted: "a host",
    permissions: { net: ["127.0.0.1:9"] },
    denied: {
      "connects to another port": [
        "await Deno.connect({ hostname: '127.0.0.1', port: 8080 })",
        net,
      ],
      "connects by another name": ["await Deno.connect({ hostname: 'localhost', port: 9 })", net],
      "fetches of another host": ["await fetch('http://data.example.com/')", net],
      "resolves a name": ["await Deno.resolveDns('data.example.com', 'A')", net],
      "looks a name up": [
        "await (await import('node:dns/promises')).lookup('data.example.com')",
        /EPERM/,
      ],
      "listens": ["Deno.listen({ hostname: '127.0.0.1', port: 0 })", net],
    },
  },
  {
    granted: "a program",
    permissions: { run: ["cat"], env: ["LANG"] },
    denied: {
      "runs another": ["new Deno.Command('id').outputSync()", run],
      "runs a file of the same name": [`new Deno.Command("${outside}/cat").outputSync()`, run],
      "gives it a library": [
        "new Deno.Command('cat', { env: { LD_PRELOAD: '/x.so' } }).outputSync()",
        /LD_PRELOAD|Requires run access/,
      ],
      "signals kodama": ["Deno.kill(Deno.ppid, 'SIGTERM')", run],
      "reads another variable": ["Deno.env.get('HOME')", env],
      "sets another variable": ["Deno.env.set('PATH', '/')", env],
    },
  },
];

/** The kinds of Deno's documentation. https://docs.deno.com/runtime/fundamentals/security/ */
const kinds = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

Deno.test("a script has no permission of any kind that it isn't granted, and gets none on request", async () => {
  const code = `
    const ends = [];
    for (const name of ${JSON.stringify(kinds)}) {
      const { state } = await Deno.permissions.query({ name });
      if (state === "granted") ends.push(name);
      const requested = await Deno.permissions.request({ name });
      if (requested.state !== "denied") ends.push(name);
    }
    kodama.output(ends);`;
  const { end } = await runFixture(code, { folder: home });
  assert.deepEqual(end, { kind: "ok", output: [] });
  const granted = { net: ["127.0.0.1:9"], read: ["plain"], env: ["LANG"], run: ["cat"] };
  const { end: some } = await runFixture(code, { folder: home, permissions: granted });
  assert.deepEqual(some, { kind: "ok", output: [] });
});

const probeCount = probes.reduce((sum, { denied }) => sum + Object.keys(denied).length, 0);
assert.ok(probeCount >= 120, `${probeCount} probes`);

for (const { granted, permissions, allowed = {}, denied } of probes) {
  Deno.test(`a script that is granted ${granted} can't do more`, async () => {
    const codes = [...Object.values(allowed), ...Object.values(denied).map(([code]) => code)];
    const code = `const tries = [${codes.map((one) => `async () => { ${one}; }`).join(",\n")}];
      const ends = [];
      for (const one of tries) {
        try { await one(); ends.push("escaped"); }
        catch (error) { ends.push(String(error?.message ?? error)); }
      }
      kodama.output(ends);`;
    const { end } = await runFixture(code, {
      permissions,
      folder: home,
      protectedPaths: [own],
      // A snapshot of the heap needs more than itself.
      memoryMiB: 256,
    });
    assert.equal(end.kind, "ok", JSON.stringify(end));
    const ends = end.kind === "ok" ? end.output as string[] : [];
    const titles = Object.keys(denied);
    const expected = Object.values(denied);
    const escapes = ends.slice(Object.keys(allowed).length).flatMap((text, index) =>
      expected[index]?.[1].test(text) ? [] : [`${titles[index]}: ${text}`]
    );
    assert.deepEqual(escapes, []);
    const failures = ends.slice(0, Object.keys(allowed).length).filter((text) =>
      text !== "escaped"
    );
    assert.deepEqual(failures, [], "what is granted works");
    assert.deepEqual(state(), before, "nothing outside has changed");
  });
}

/** Operations that end the script, and the text of the reason. */
const denied: readonly (readonly [
  title: string,
  code: string,
  what: RegExp,
  scene?: ScriptFixture,
])[] = [
  ["reads a file by node:fs", "import fs from 'node:fs'; fs.readFileSync('/etc/passwd')", /read/],
  [
    "opens a socket as node",
    "(await import('node:net')).connect(8080, '127.0.0.1'); await new Promise(() => {})",
    /net access to "127.0.0.1:8080"/,
  ],
  [
    "sends a request as node",
    "(await import('node:http')).get('http://127.0.0.1:8080'); await new Promise(() => {})",
    /net access to "127.0.0.1:8080"/,
  ],
  [
    "imports data of a file",
    `import d from "file://${outside}/secret.json" with { type: "json" }; kodama.output(d)`,
    /read access to ".*secret.json"/,
  ],
  [
    "sends a datagram as node",
    "(await import('node:dgram')).createSocket('udp4').send('x', 53, '127.0.0.1');" +
    "await new Promise(() => {})",
    /net access to "0\.0\.0\.0:0"/,
  ],
  [
    "imports from the network",
    'await import("https://example.com/a.ts")',
    /import of example.com:443/,
  ],
  ["imports a package of npm", 'await import("npm:chalk")', /the import of a package/],
  ["imports a package of jsr", 'await import("jsr:@std/fs")', /the import of/],
  [
    "has a worker with more permissions",
    "new Worker('data:application/javascript,', { type: 'module'," +
    " deno: { permissions: { read: true } } }); await new Promise(() => {});",
    /Unstable API 'Worker.deno.permissions'/,
    { memoryMiB: 512 },
  ],
  [
    "has a worker that reads",
    "const code = 'postMessage(1);Deno.readTextFileSync(\"/etc/passwd\")';" +
    "const worker = new Worker(`data:application/javascript,${encodeURIComponent(code)}`," +
    " { type: 'module' }); worker.onerror = (e) => { throw new Error(e.message); };" +
    "await new Promise(() => {});",
    /Requires read access to "\/etc\/passwd"/,
    { memoryMiB: 512 },
  ],
  // Folders that a script could write to.
  [
    "is granted a link to write to",
    "",
    /write access to whole, whose link whole leads to .*outside/,
    {
      permissions: { write: ["whole"] },
    },
  ],
  ["is granted a link to read", "", /read access to whole, whose link whole leads to .*outside/, {
    permissions: { read: ["whole"] },
  }],
  [
    "has a link to kodama's folder where it writes",
    'Deno.writeTextFileSync("links/k/trust.json", "{}")',
    /write access to links, whose link links\/k leads to .*own/,
    { permissions: { write: ["links"] } },
  ],
  [
    "has a link to a missing file where it writes",
    'Deno.writeTextFileSync("dangling/new", "{}")',
    /write access to dangling, whose link dangling\/new leads to .*outside\/made/,
    { permissions: { write: ["dangling"] } },
  ],
  [
    "could move a link with `..` up",
    "Deno.renameSync('moving/a/b/link', 'moving/link');",
    /write access to moving, whose link moving\/a\/b\/link has `..`/,
    { permissions: { read: ["moving"], write: ["moving"] } },
  ],
  [
    "could move a link by which it reads more",
    "Deno.renameSync('self', 'plain/self'); Deno.readTextFileSync('plain/self/inner');",
    /write access to self, whose link self\/inner leads to .*self\/file/,
    { permissions: { read: ["self/inner", "plain"], write: ["self", "plain"] } },
  ],
  [
    "may write to the folder of kodama's folder",
    "Deno.renameSync('own', 'other'); Deno.writeTextFileSync('other/trust.json', '')",
    /write access to \..*, in which kodama's own .*own is/,
    { permissions: { read: ["../.."], write: ["../.."] } },
  ],
  [
    "may write everywhere, and writes to kodama's folder",
    `Deno.writeTextFileSync("${own}/trust.json", "{}")`,
    /write access to ".*trust.json"/,
    { permissions: { write: true } },
  ],
  [
    "requests more permissions",
    `await Deno.permissions.request({ name: "read" }); Deno.readTextFileSync("/etc/passwd")`,
    /read access to "\/etc\/passwd"/,
  ],
];

for (const [title, code, what, scene] of denied) {
  Deno.test(`a script that ${title} is denied, with the reason`, async () => {
    const { end } = await runFixture(code, { folder: home, protectedPaths: [own], ...scene });
    const reason = end.kind === "denied" ? end.what : end.kind === "failed" ? end.message : "";
    assert.match(reason, what, JSON.stringify(end));
    assert.deepEqual(state(), before, "nothing outside has changed");
  });
}

Deno.test("a folder that becomes a link while its script starts is denied", async () => {
  const deno = `${folder}/deno`;
  // The process has its permissions, and hasn't yet got its code.
  await writeProgram(
    deno,
    `#!/bin/sh
mv "$PWD/plain" "$PWD/moved" && ln -s "${outside}" "$PWD/plain"
exec "${Deno.execPath()}" "$@"
`,
  );
  try {
    for (const permissions of [{ read: ["plain"] }, { write: ["plain"] }]) {
      const code = "kodama.output(Deno.readTextFileSync('plain/secret.json'))";
      const { end } = await runFixture(code, { folder: home, permissions, deno });
      assert.match(
        end.kind === "denied" ? end.what : JSON.stringify(end),
        /access to plain, whose link plain leads to .*outside/,
      );
      Deno.removeSync(`${home}/plain`);
      Deno.renameSync(`${home}/moved`, `${home}/plain`);
    }
  } finally {
    Deno.removeSync(deno);
  }
});

Deno.test("scripts share no stored values, and leave no files", async () => {
  const code = `
    let stored = [];
    try { stored.push(localStorage.getItem("a")); localStorage.setItem("a", "1"); } catch {}
    try { stored.push(await caches.has("a")); await caches.open("a"); } catch {}
    sessionStorage.setItem("a", "1");
    kodama.output(stored);`;
  for (let times = 0; times < 2; times++) {
    const { end } = await runFixture(code, { folder: home });
    assert.deepEqual(end, { kind: "ok", output: [] });
  }
});

/** The script's operations, and how it ends. */
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

// Only /proc shows processes that have left the script's group.
const programs = [
  "echo up; exec sleep 1000",
  // It has left the group when it says so.
  ...Deno.build.os === "linux" ? ["setsid sh -c 'echo up; exec sleep 1000' & wait"] : [],
];
for (const [at, program] of programs.entries()) {
  Deno.test(`processes that a script started end with it: ${program}`, async () => {
    const pipe = `${folder}/held-${at}`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    // Ends when no process holds the other end of the pipe open any more; the limit covers a process that does.
    const late = new AbortController();
    const holder = new Deno.Command("cat", { args: [pipe], signal: late.signal }).output();
    const code = `
      const child = new Deno.Command("sh", {
        args: ["-c", "exec 3> ${pipe}; ${program}"], stdout: "piped",
      }).spawn();
      await child.stdout.getReader().read();
      console.log("begun");
      for (;;);`;
    const { end } = await runFixture(code, { permissions: { run: ["sh"] }, timeIsUpAt: "begun" });
    assert.deepEqual(end, { kind: "limit", which: "time" });
    using _limit = systemClock.timer(20_000, () => late.abort());
    assert.ok((await holder).success, "the program still runs");
  });
}
