import { KodamaError } from "../base/errors.ts";
import { plainHint } from "../base/hint.ts";
import assert from "node:assert/strict";
import { type Connection, resolveContext } from "./connection.ts";
import { mergeKubeconfigs } from "./config/load_kubeconfig.ts";

const base = {
  "current-context": "prod",
  clusters: [{ name: "c", cluster: { server: "https://api.test:6443/" } }],
  users: [{ name: "u", user: { token: "t" } }],
  contexts: [
    { name: "prod", context: { cluster: "c", user: "u" } },
    { name: "staging", context: { cluster: "c", user: "u", namespace: "web" } },
  ],
};

async function resolve(
  changes: Record<string, unknown> = {},
  name?: string,
  overrides = {},
): Promise<Connection> {
  const text = JSON.stringify({ ...base, ...changes });
  return await resolveContext(await mergeKubeconfigs([{ path: "/k", text }]), name, overrides);
}

const withUser = (user: unknown) => resolve({ users: [{ name: "u", user }] });
const withCluster = (cluster: unknown) => resolve({ clusters: [{ name: "c", cluster }] });

Deno.test("the current context, or the one that is named", async () => {
  const current = await resolve();
  assert.deepEqual([current.context, current.namespace, current.server], [
    "prod",
    "default",
    "https://api.test:6443",
  ]);
  assert.equal((await resolve({}, "staging")).namespace, "web");
  assert.equal((await resolve({}, "staging", { namespace: "db" })).namespace, "db");
});

Deno.test("the server's address: its path stays, a missing scheme follows TLS", async () => {
  const server = async (cluster: unknown) => (await withCluster(cluster)).server;
  assert.equal(
    await server({ server: "https://r.test/k8s/clusters/c-1" }),
    "https://r.test/k8s/clusters/c-1",
  );
  assert.equal(await server({ server: "h:80" }), "http://h");
  assert.equal(
    await server({ server: "h:6443", "insecure-skip-tls-verify": true }),
    "https://h:6443",
  );
});

Deno.test("which credential counts, where there are several", async () => {
  const kind = async (user: unknown) => (await withUser(user)).bearer;
  assert.deepEqual(await kind({ token: "a", tokenFile: "/t" }), { kind: "tokenFile", path: "/t" });
  assert.deepEqual(await kind({ username: "a" }), { kind: "basic", username: "a", password: "" });
  assert.deepEqual(await kind({}), { kind: "none" });
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "x" };
  assert.equal((await kind({ exec })).kind, "exec");
  assert.deepEqual(await kind({ exec, token: "a" }), { kind: "token", token: "a" });
});

Deno.test("impersonation: the flag before the kubeconfig", async () => {
  const user = { token: "t", as: "jane", "as-groups": ["dev"], "as-user-extra": { scope: ["a"] } };
  assert.deepEqual((await withUser(user)).impersonate, {
    user: "jane",
    uid: undefined,
    groups: ["dev"],
    extra: { scope: ["a"] },
  });
  const flags = await resolve({}, undefined, { as: "joe", asGroups: ["ops"] });
  assert.deepEqual(flags.impersonate, { user: "joe", uid: undefined, groups: ["ops"], extra: {} });
});

const wrong: [string, () => Promise<Connection>, string, string?][] = [
  [
    "an unknown context",
    () => resolve({}, "stagin"),
    `no context "stagin" in /k`,
    `did you mean "staging"? the contexts are: prod, staging`,
  ],
  [
    "no current context",
    () => resolve({ "current-context": "" }),
    "no current context in /k",
    'kubectl config use-context prod, or "context" with one of: prod, staging',
  ],
  [
    "an empty file",
    () => resolve({ "current-context": "", contexts: [] }),
    "no current context in /k",
    'the file has no contexts: $KUBECONFIG or "kubeconfig" can name another; cluster.up starts a small cluster to try things in',
  ],
  [
    "a user that isn't there",
    () => resolve({ users: [{ name: "uu" }] }),
    `kubeconfig /k: context "prod" names the user "u", which does not exist`,
    `did you mean "uu"?`,
  ],
  ["a cluster without a server", () => withCluster({}), `kubeconfig /k: cluster "c" has no server`],
  [
    "a server of another scheme",
    () => withCluster({ server: "ftp://x" }),
    `kubeconfig /k: cluster "c" has a server that is not an http or https address: "ftp://x"`,
  ],
  [
    "an authority that isn't asked",
    () =>
      withCluster({ server: "h", "certificate-authority": "ca", "insecure-skip-tls-verify": true }),
    `kubeconfig /k: cluster "c" has both a certificate authority and insecure-skip-tls-verify`,
  ],
  [
    "a certificate without its key",
    () => withUser({ "client-certificate": "c" }),
    `kubeconfig /k: user "u" has a client certificate without a key`,
  ],
  [
    "a token beside a username",
    () => withUser({ token: "a", username: "b" }),
    `kubeconfig /k: user "u" has both a token and a username`,
  ],
];

for (const [name, attempt, message, hint] of wrong) {
  Deno.test(`one exact error for ${name}`, async () => {
    const error: unknown = await attempt().catch((error: unknown) => error);
    assert.ok(error instanceof KodamaError);
    assert.equal(error.kind, "config");
    assert.equal(error.message, message);
    assert.equal(error.hint && plainHint(error.hint), hint);
  });
}
