/** `kodama web` as its users start it: the installed program with the page, `--open`, TLS, and what can't be served. */
import assert from "node:assert/strict";
import { createAuthority } from "../packages/cluster/tls/authority.ts";
import { runCommand, RunningCommand } from "./harness/command.ts";
import { testEnvironment, writeDeadKubeconfig } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";
import { TestFolder } from "./harness/test_folder.ts";
import { writeProgram } from "../src/base/testing/program_file.ts";

/** An installed kodama with a home of its own; no cluster is reached before a page asks for one. */
async function withKodama(
  use: (kodama: SourceKodama, folder: string) => Promise<void>,
): Promise<void> {
  await using folder = await TestFolder.open("kodama-web-command-");
  await Deno.mkdir(`${folder.path}/home`);
  const env = testEnvironment(folder.path, await writeDeadKubeconfig(folder.path));
  await use(await SourceKodama.on({ env, folder: folder.path }), folder.path);
}

/** Returns the link that a server has printed. */
async function linkOf(server: RunningCommand): Promise<URL> {
  await server.writes(({ stdout }) => stdout.includes("\n"));
  return new URL(server.stdout.trim());
}

/** Opens a link; returns its text, and the cookie and the path that it gives. */
async function open(link: URL, init: RequestInit & { client?: Deno.HttpClient } = {}) {
  const answer = await fetch(link, init);
  const [, cookie = "", path = "", attributes = ""] =
    /^(kodama=\w+); Path=(\/w\/\w+\/);(.*)$/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
  return { status: answer.status, text: await answer.text(), cookie, path, attributes };
}

Deno.test("an installed kodama serves its page and all that it loads, and ends by a signal", async () => {
  await withKodama(async (kodama) => {
    await using server = kodama.start(["web"]);
    const link = await linkOf(server);
    const { cookie, path } = await open(link);
    const get = async (name: string, accepted = "gzip") => {
      const headers = { cookie, "accept-encoding": accepted };
      const answer = await fetch(new URL(path + name, link), { headers });
      assert.equal(answer.status, 200, name);
      return { text: await answer.text(), headers: answer.headers };
    };
    const { text: html } = await get("");
    const named = [...html.matchAll(/(?:src|href)="(assets\/.*?)"/g)].map(([, name]) => name ?? "");
    assert.ok(named.length >= 3, html);
    for (const name of named) {
      const { text, headers } = await get(name);
      assert.match(headers.get("cache-control") ?? "", /immutable/);
      assert.equal((await get(name, "identity")).text, text, name);
    }
    assert.deepEqual(JSON.parse((await get("api/about")).text).contexts, ["dead"]);
    const again = await open(link);
    assert.equal(again.status, 401);
    assert.match(again.text, /used already, or has expired/);
    server.signal("SIGTERM");
    assert.equal(await server.ended(), 130);
    const files = await Array.fromAsync(Deno.readDir(kodama.configFolder), ({ name }) => name);
    assert.deepEqual(files.filter((name) => name.startsWith("web-")), []);
  });
});

Deno.test("--open gives the browser the link, by a file of this user, and serves while the browser runs", async () => {
  await withKodama(async (kodama, folder) => {
    const bin = `${folder}/bin`;
    await Deno.mkdir(bin);
    // As a browser that wasn't running: the program that opens it becomes it.
    const opener = `#!/bin/sh
stat -c %a "$1" >"${folder}/mode"
cat "$1" >"${folder}/page" && echo "$$ $*" >"${folder}/new" && mv "${folder}/new" "${folder}/opened"
exec sleep 2147483647
`;
    const write = (text: string) => writeProgram(`${bin}/xdg-open`, text);
    await write(opener);
    const env = { ...kodama.env, PATH: `${bin}:${kodama.env["PATH"]}` };
    {
      using watcher = Deno.watchFs(folder, { recursive: false });
      await using server = new RunningCommand(kodama.args(["web", "--open"]), { env });
      const printed = await linkOf(server);
      for await (const { paths } of watcher) {
        if (paths.some((path) => path.endsWith("/opened"))) break;
      }
      const [pid = "", file = "", ...more] = (await Deno.readTextFile(`${folder}/opened`)).trim()
        .split(" ");
      try {
        assert.deepEqual(more, []);
        assert.equal(await Deno.readTextFile(`${folder}/mode`), "600\n");
        const html = await Deno.readTextFile(`${folder}/page`);
        const link = /url=(http:.*?)"/.exec(html)?.[1] ?? "";
        assert.notEqual(link, printed.href, "each link is for one browser");
        assert.equal((await open(new URL(link))).status, 200);
        assert.equal((await open(printed)).status, 200);
      } finally {
        Deno.kill(Number(pid), "SIGKILL");
      }
      server.signal("SIGINT");
      assert.equal(await server.ended(), 130);
      await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
    }
    await write("#!/bin/sh\nexit 3\n");
    await using server = new RunningCommand(kodama.args(["web", "--open"]), { env });
    await server.writes(({ stderr }) =>
      /xdg-open can't open a browser here: open the/.test(stderr)
    );
    assert.equal((await open(await linkOf(server))).status, 200);
  });
});

Deno.test("other machines connect by TLS, to the names that are allowed", async () => {
  await withKodama(async (kodama, folder) => {
    const authority = await createAuthority({ now: () => new Date() });
    const { certificate, key } = await authority.issueServer();
    await Deno.writeTextFile(`${folder}/cert.pem`, certificate);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
    const args = ["web", "--address", "0.0.0.0", "--allow-remote", "localhost"];
    const files = ["--tls-cert", `${folder}/cert.pem`, "--tls-key", `${folder}/key.pem`];
    await using server = kodama.start([...args, ...files]);
    const link = await linkOf(server);
    assert.match(link.href, /^https:\/\/localhost:\d+\/sign-in\?token=/);
    using client = Deno.createHttpClient({ caCerts: [authority.certificate] });
    const other = new URL(link);
    other.hostname = "127.0.0.1";
    assert.equal((await open(other, { client })).status, 421);
    const { status, attributes } = await open(link, { client });
    assert.equal(status, 200);
    assert.match(attributes, /; Secure$/);
    // A client that doesn't know the certificate, and one without TLS.
    await assert.rejects(fetch(link), ({ cause }) => /UnknownIssuer/.test(String(cause)));
    await assert.rejects(fetch(link.href.replace("https:", "http:")), TypeError);
  });
});

Deno.test("what can't be served is refused, with the reason", async () => {
  await withKodama(async (kodama, folder) => {
    const authority = await createAuthority({ now: () => new Date() });
    const [one, other] = [await authority.issueServer(), await authority.issueServer()];
    const files = { cert: one.certificate, key: one.key, other: other.key, empty: "" };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const tls = (cert: string, key: string) =>
      ["--address", "0.0.0.0", "--allow-remote", "localhost"]
        .concat(["--tls-cert", `${folder}/${cert}`, "--tls-key", `${folder}/${key}`]);
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const cases: [args: string[], code: number, message: RegExp, env?: Record<string, string>][] = [
      [["--port", `${port}`], 1, new RegExp(`port ${port} is in use`)],
      [tls("empty", "key"), 1, /certificate and its key can't be used: No certificates found/],
      [tls("cert", "empty"), 1, /certificate and its key can't be used: No keys found/],
      [tls("cert", "other"), 1, /certificate and its key can't be used: .*KeyMismatch/],
      [tls("nothing", "key"), 2, /there is no file .*nothing/],
      [tls("home", "key"), 1, /cannot read .*home: Is a directory/],
      [
        ["--address", "192.0.2.1", ...tls("cert", "key").slice(2)],
        1,
        /can't listen on 192\.0\.2\.1/,
      ],
      [[], 1, /path of a socket can't be as long as [^]*KODAMA_CONFIG_DIR/, {
        KODAMA_CONFIG_DIR: `${folder}/${"x".repeat(100)}`,
      }],
    ];
    await Promise.all(cases.map(async ([args, code, message, env = {}]) => {
      const { stderr, ...ended } = await runCommand(kodama.args(["web", ...args]), {
        env: { ...kodama.env, ...env },
      });
      assert.deepEqual([ended.code, ended.stdout], [code, ""], stderr);
      assert.match(stderr, message);
    }));
  });
});
