import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { plainHint } from "../../base/hint.ts";
import type { Bearer, Connection } from "../connection.ts";
import { openCredentials } from "./open_credentials.ts";
import { type TestHost, testHost } from "../testing/test_host.ts";

const signal = new AbortController().signal;

function connection(bearer: Bearer, changes: Partial<Connection> = {}): Connection {
  return {
    context: "x",
    namespace: "default",
    server: "https://api.test",
    certificateAuthority: undefined,
    tlsServerName: undefined,
    insecure: false,
    proxyUrl: undefined,
    clientCertificate: undefined,
    bearer,
    impersonate: undefined,
    ...changes,
  };
}

function plugin(changes: Record<string, unknown> = {}): Bearer {
  return {
    kind: "exec",
    plugin: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "login",
      args: ["token"],
      env: [{ name: "A", value: "b" }],
      installHint: undefined,
      provideClusterInfo: false,
      interactiveMode: "IfAvailable",
      ...changes,
    },
  };
}

const answer = (status: unknown, version = "v1") => ({
  code: 0,
  stdout: JSON.stringify({
    kind: "ExecCredential",
    apiVersion: `client.authentication.k8s.io/${version}`,
    status,
  }),
});

const open = (bearer: Bearer, host: TestHost, changes = {}) =>
  openCredentials(connection(bearer, changes), host);

Deno.test("a token file is read again after a minute, and after a refusal", async () => {
  const host = testHost({ files: { "/t": "one\n" } });
  const credentials = await open({ kind: "tokenFile", path: "/t" }, host);
  const now = async () => (await credentials.current(signal)).authorization;
  assert.equal(await now(), "Bearer one");
  host.files["/t"] = "two";
  assert.equal(await now(), "Bearer one");
  host.clock.timer(60_000, () => {});
  host.clock.step();
  assert.equal(await now(), "Bearer two");
  host.files["/t"] = "three";
  assert.equal(credentials.rejected(), true);
  assert.equal(await now(), "Bearer three");
});

Deno.test("an empty token file is an error, and no empty token is sent", async () => {
  const credentials = await open(
    { kind: "tokenFile", path: "/t" },
    testHost({ files: { "/t": "\n" } }),
  );
  await assert.rejects(credentials.current(signal), {
    kind: "config",
    message: "tokenFile /t of the kubeconfig: it is empty",
  });
});

Deno.test("a name and password become basic authorization in UTF-8", async () => {
  const credentials = await open({ kind: "basic", username: "jö", password: "p:w" }, testHost());
  const { authorization } = await credentials.current(signal);
  assert.equal(authorization, "Basic asO2OnA6dw==");
});

Deno.test("a plugin runs once for many requests, and again near the end of its token", async () => {
  const expirationTimestamp = "2026-01-01T01:00:00Z";
  const host = testHost({
    answers: [answer({ token: "one", expirationTimestamp }), answer({ token: "two" })],
  });
  const credentials = await open(plugin(), host);
  const many = await Promise.all([1, 2, 3].map(() => credentials.current(signal)));
  assert.deepEqual(many.map((proof) => proof.authorization), Array(3).fill("Bearer one"));
  assert.deepEqual(host.runs.map(({ command, args }) => [command, ...args]), [["login", "token"]]);
  host.clock.timer(3_600_000 - 30_000, () => {});
  host.clock.step();
  assert.equal((await credentials.current(signal)).authorization, "Bearer two");
});

Deno.test("a plugin ends when no request waits for it any more, and runs again for the next", async () => {
  const host = testHost({ answers: ["hangs", answer({ token: "t" })] });
  const credentials = await open(plugin(), host);
  const [one, two] = [new AbortController(), new AbortController()];
  const waits = [one, two].map((stop) => credentials.current(stop.signal));
  assert.deepEqual(credentials.awaited, { text: "the credential plugin login", mayPrompt: false });
  const over = new Error("over");
  one.abort(over);
  await assert.rejects(waits[0] ?? Promise.resolve(), over);
  assert.equal(host.runs[0]?.signal.aborted, false);
  two.abort(over);
  await assert.rejects(waits[1] ?? Promise.resolve(), over);
  assert.equal(host.runs[0]?.signal.aborted, true);
  assert.equal(credentials.awaited, undefined);
  assert.equal((await credentials.current(signal)).authorization, "Bearer t");
  assert.equal(credentials.awaited, undefined);
});

Deno.test("a plugin gets the cluster's data only if it requests them", async () => {
  const info = async (changes: Record<string, unknown>) => {
    const host = testHost({ answers: [answer({ token: "t" })] });
    const authority = { certificateAuthority: { kind: "inline", pem: "PEM" } };
    await (await open(plugin(changes), host, authority)).current(signal);
    assert.equal(host.runs[0]?.env["A"], "b");
    return JSON.parse(host.runs[0]?.env["KUBERNETES_EXEC_INFO"] ?? "");
  };
  const apiVersion = "client.authentication.k8s.io/v1";
  assert.deepEqual(await info({}), {
    apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false },
  });
  assert.deepEqual((await info({ provideClusterInfo: true })).spec.cluster, {
    server: "https://api.test",
    "certificate-authority-data": btoa("PEM"),
  });
});

Deno.test("a plugin may give a certificate", async () => {
  const status = { clientCertificateData: "C", clientKeyData: "K" };
  const credentials = await open(plugin(), testHost({ answers: [answer(status)] }));
  assert.deepEqual(await credentials.current(signal), {
    authorization: undefined,
    clientCertificate: { certificate: "C", key: "K" },
  });
});

const denied = new Deno.errors.NotCapable(`Requires run access to "login", run again with …`);
const failures: [string, Bearer, { code: number; stdout: string } | Error, string, string?][] = [
  [
    "isn't installed",
    plugin({ installHint: "get it at x" }),
    new Deno.errors.NotFound(),
    "the credential plugin login is not installed",
    "get it at x",
  ],
  [
    "isn't executable",
    plugin(),
    new Deno.errors.PermissionDenied(),
    "the credential plugin login can't be started",
    "is it an executable file?",
  ],
  [
    "may not be run",
    plugin(),
    denied,
    "kodama won't run the credential plugin login: it is not on its allow-list",
    "`config.set (key: credentials.plugins, value: [login])` allows it; so does the variable KODAMA_ALLOW_RUN=login",
  ],
  [
    "fails",
    plugin(),
    { code: 3, stdout: "" },
    "the credential plugin login failed with exit code 3",
    "its output is above, and its command line is in the kubeconfig",
  ],
  [
    "prints a page",
    plugin(),
    { code: 0, stdout: "{<html>" },
    "the credential plugin login printed something other than JSON or YAML",
  ],
  [
    "prints an object",
    plugin(),
    { code: 0, stdout: "{}" },
    "the credential plugin login printed no ExecCredential",
  ],
  [
    "answers in another version",
    plugin(),
    answer({ token: "t" }, "v1beta1"),
    "the credential plugin login answered with another version than client.authentication.k8s.io/v1",
  ],
  [
    "gives nothing",
    plugin(),
    answer({}),
    "the credential plugin login gave neither token nor certificate",
  ],
  [
    "gives half a certificate",
    plugin(),
    answer({ clientKeyData: "K" }),
    "the credential plugin login gave a client certificate without its key, or a key alone",
  ],
  [
    "needs a person",
    plugin({ interactiveMode: "Always" }),
    new Error(),
    "the credential plugin login needs a terminal",
  ],
];

for (const [name, bearer, result, message, hint] of failures) {
  Deno.test(`one exact error for a plugin that ${name}`, async () => {
    const credentials = await open(bearer, testHost({ answers: [result] }));
    await assert.rejects(credentials.current(signal), (error: unknown) => {
      assert.ok(error instanceof KodamaError);
      assert.deepEqual([error.message, error.hint && plainHint(error.hint)], [message, hint]);
      return true;
    });
  });
}

Deno.test("a plugin that the user allows is started by the shell, with the same args", async () => {
  const yaml =
    "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus: {token: t}\n";
  const host = testHost({ answers: [denied, { code: 0, stdout: yaml }] });
  const asked: string[] = [];
  host.allowsPlugin = ({ command }) => Promise.resolve(asked.push(command) > 0);
  const credentials = await open(plugin(), host);
  assert.equal((await credentials.current(signal)).authorization, "Bearer t");
  assert.deepEqual(asked, ["login"]);
  assert.deepEqual(host.runs.map(({ command, args }) => [command, ...args]), [
    ["login", "token"],
    ["sh", "-c", 'exec "$0" "$@"', "login", "token"],
  ]);
  const missing = testHost({ answers: [denied, { code: 127, stdout: "" }] });
  missing.allowsPlugin = () => Promise.resolve(true);
  await assert.rejects((await open(plugin(), missing)).current(signal), {
    message: "the credential plugin login is not installed",
  });
});

Deno.test("a program that kodama may start for other purposes needs the user's yes as a plugin", async () => {
  const bash = plugin({ command: "sh", args: ["-c", "id"] });
  const refused = testHost({ answers: [answer({ token: "t" })] });
  await assert.rejects((await open(bash, refused)).current(signal), (error: unknown) => {
    assert.ok(error instanceof KodamaError && error.hint !== undefined);
    assert.match(error.message, /^kodama won't run the credential plugin sh with these args/);
    assert.match(plainHint(error.hint), /credentials.plugins.*\[sh#[0-9a-f]{16}\]/);
    return true;
  });
  assert.deepEqual(refused.runs, []);
  const allowed = testHost({ answers: [answer({ token: "t" })] });
  allowed.allowsPlugin = () => Promise.resolve(true);
  assert.equal((await (await open(bash, allowed)).current(signal)).authorization, "Bearer t");
  assert.deepEqual(allowed.runs.map(({ command, args }) => [command, ...args]), [[
    "sh",
    "-c",
    "id",
  ]]);
});

Deno.test("an auth-provider starts no program", async () => {
  for (const name of ["gcp", "azure"]) {
    const config = { "cmd-path": "/bin/sh", "cmd-args": "-c id", expiry: "2020-01-01T00:00:00Z" };
    const credentials = await open({ kind: "authProvider", name, config }, testHost());
    await assert.rejects(credentials.current(signal), { message: /Token is expired!$/ });
  }
});

Deno.test("a token beside a token file counts while the file can't be read, as for kubectl", async () => {
  const host = testHost();
  const credentials = await open({ kind: "tokenFile", path: "/t", token: "own" }, host);
  assert.equal((await credentials.current(signal)).authorization, "Bearer own");
  host.files["/t"] = "from the file";
  credentials.rejected();
  assert.equal((await credentials.current(signal)).authorization, "Bearer from the file");
});

Deno.test("a certificate file that isn't there is named", async () => {
  const missing = { certificate: { kind: "file", path: "/c" }, key: { kind: "file", path: "/k" } };
  await assert.rejects(open({ kind: "none" }, testHost(), { clientCertificate: missing }), {
    kind: "config",
    message: "client-certificate /c of the kubeconfig: no such file",
  });
});
