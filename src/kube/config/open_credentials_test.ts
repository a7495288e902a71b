import assert from "node:assert/strict";
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
    "may not be run",
    plugin(),
    denied,
    "kodama won't run the credential plugin login: it is not on its allow-list",
    "allow it with KODAMA_ALLOW_RUN=login",
  ],
  [
    "fails",
    plugin(),
    { code: 3, stdout: "" },
    "the credential plugin login failed with exit code 3",
    "its output is above; to run it alone: login token",
  ],
  [
    "prints a page",
    plugin(),
    { code: 0, stdout: "<html>" },
    "the credential plugin login printed something other than JSON",
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
    await assert.rejects(credentials.current(signal), { name: "KodamaError", message, hint });
  });
}

Deno.test("a certificate file that isn't there is named", async () => {
  const missing = { certificate: { kind: "file", path: "/c" }, key: { kind: "file", path: "/k" } };
  await assert.rejects(open({ kind: "none" }, testHost(), { clientCertificate: missing }), {
    kind: "config",
    message: "client-certificate /c of the kubeconfig: no such file",
  });
});
