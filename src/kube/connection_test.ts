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

Deno.test("the server's address: its path stays, and a missing scheme means no TLS", async () => {
  const server = async (cluster: unknown) => (await withCluster(cluster)).server;
  assert.equal(
    await server({ server: "https://r.test/k8s/clusters/c-1" }),
    "https://r.test/k8s/clusters/c-1",
  );
  assert.equal(await server({ server: "h:80" }), "http://h");
  assert.equal(await server({ server: "https://::1:6443" }), "https://[::1]:6443");
  assert.equal(await server({ server: "https://[fd00::1]:6443/a" }), "https://[fd00::1]:6443/a");
  assert.equal(await server({ server: "https://fd00::1:6443/a" }), "https://[fd00::1]:6443/a");
  assert.equal(
    await server({ server: "h:6443", "insecure-skip-tls-verify": true }),
    "http://h:6443",
  );
});

Deno.test("which credential counts, where there are several", async () => {
  const kind = async (user: unknown) => (await withUser(user)).bearer;
  assert.deepEqual(await kind({ token: "a", tokenFile: "/t" }), {
    kind: "tokenFile",
    path: "/t",
    token: "a",
  });
  assert.deepEqual(await kind({ username: "a" }), { kind: "basic", username: "a", password: "" });
  assert.deepEqual(await kind({}), { kind: "none" });
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "x" };
  assert.equal((await kind({ exec })).kind, "exec");
  assert.deepEqual(await kind({ exec, token: "a" }), { kind: "token", token: "a" });
  const pair = { "client-certificate": "/c", "client-key": "/k" };
  assert.deepEqual(await kind({ exec, ...pair }), { kind: "none" });
  assert.deepEqual(await kind({ token: "a", ...pair }), { kind: "token", token: "a" });
  const login = { server: "https://jo:p%40w@api.test" };
  const { bearer, server } = await withCluster(login);
  assert.deepEqual([bearer, server], [
    { kind: "basic", username: "jo", password: "p@w" },
    "https://api.test",
  ]);
});

Deno.test("impersonation: the flag before the kubeconfig", async () => {
  const user = { token: "t", as: "jane", "as-groups": ["dev"], "as-user-extra": { scope: ["a"] } };
  assert.deepEqual((await withUser(user)).impersonate, {
    user: "jane",
    uid: undefined,
    groups: ["dev"],
    extra: { scope: ["a"] },
  });
  const given = async (own: Record<string, unknown>, overrides: Record<string, unknown>) =>
    (await resolve({ users: [{ name: "u", user: { token: "t", ...own } }] }, undefined, overrides))
      .impersonate;
  const none = { uid: undefined, groups: [], extra: {} };
  assert.deepEqual(await given({}, { as: "joe", asGroups: ["ops"], asUid: "7" }), {
    ...none,
    user: "joe",
    groups: ["ops"],
    uid: "7",
  });
  // Each flag overrides its own field alone, as with kubectl.
  const own = {
    as: "jane",
    "as-groups": ["dev"],
    "as-uid": "1",
    "as-user-extra": { scope: ["a"] },
  };
  const jane = { user: "jane", uid: "1", groups: ["dev"], extra: { scope: ["a"] } };
  assert.deepEqual(await given(own, {}), jane);
  assert.deepEqual(await given(own, { as: "joe" }), { ...jane, user: "joe" });
  assert.deepEqual(await given(own, { asGroups: ["ops"] }), { ...jane, groups: ["ops"] });
  assert.deepEqual(await given(own, { asUid: "2" }), { ...jane, uid: "2" });
  for (const alone of [{ asGroups: ["ops"] }, { asUid: "2" }]) {
    await assert.rejects(given({}, alone), {
      kind: "usage",
      message: "impersonated groups and uids need an impersonated user",
    });
  }
});

Deno.test("options in place of the kubeconfig's server and credentials", async () => {
  const cluster = {
    server: "https://api.test",
    "tls-server-name": "x",
    "certificate-authority": "/ca",
  };
  const changes = {
    clusters: [{ name: "c", cluster }, { name: "d", cluster: { server: "https://d.test" } }],
    users: [{ name: "u", user: { tokenFile: "/t" } }, { name: "v", user: { token: "v" } }],
  };
  const of = async (overrides: Record<string, unknown>) => {
    const { server, tlsServerName, certificateAuthority, bearer } = await resolve(
      changes,
      undefined,
      overrides,
    );
    return [server, tlsServerName, certificateAuthority?.kind, bearer];
  };
  const tokenFile = { kind: "tokenFile", path: "/t" };
  assert.deepEqual(await of({ server: "https://o.test" }), [
    "https://o.test",
    undefined,
    "file",
    tokenFile,
  ]);
  assert.deepEqual(await of({ cluster: "d" }), ["https://d.test", undefined, undefined, tokenFile]);
  assert.deepEqual((await of({ user: "v" }))[3], { kind: "token", token: "v" });
  assert.deepEqual((await of({ token: "flag" }))[3], { kind: "token", token: "flag" });
});

const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "x" };
const unusable: [problem: string, changes: Record<string, unknown>, message: string][] = [
  [
    "a misspelled namespace",
    { contexts: [{ name: "prod", context: { cluster: "c", user: "u", Namespace: "web" } }] },
    "contexts[0].context.Namespace: unknown field; expected cluster, user, namespace or extensions",
  ],
  [
    "a misspelled context",
    { contexts: [{ name: "prod", contexts: {} }] },
    "contexts[0].contexts: unknown field; expected name or context",
  ],
  [
    "another user's name in an unknown field",
    { users: [{ name: "u", user: { token: "t", as_user: "jane" } }] },
    "users[0].user.as_user: unknown field; expected client-certificate, client-certificate-data, client-key, client-key-data, token, tokenFile, as, as-uid, as-groups, as-user-extra, username, password, auth-provider, exec or extensions",
  ],
  [
    "groups without a user",
    { users: [{ name: "u", user: { token: "t", "as-groups": ["ops"] } }] },
    `users[0].user.as-groups: needs "as" beside it`,
  ],
  [
    "a plugin of an old version",
    { users: [{ name: "u", user: { exec: { ...exec, apiVersion: "v1alpha1" } } }] },
    "users[0].user.exec.apiVersion: expected client.authentication.k8s.io/v1 or /v1beta1: the credential plugin is too old or too new",
  ],
  [
    "a plugin of the current version without its mode",
    { users: [{ name: "u", user: { exec } }] },
    "users[0].user.exec.interactiveMode: must be there",
  ],
  [
    "a certificate as data and as a file",
    {
      users: [{
        name: "u",
        user: {
          "client-certificate": "/c",
          "client-certificate-data": btoa("c"),
          "client-key": "/k",
        },
      }],
    },
    'users[0].user.client-certificate-data: "client-certificate" is there too, and only one of them can count',
  ],
  [
    "a plugin's misspelled variables",
    { users: [{ name: "u", user: { exec: { ...exec, envs: [] } } }] },
    "users[0].user.exec.envs: unknown field; expected apiVersion, command, args, env, installHint, provideClusterInfo or interactiveMode",
  ],
];

Deno.test("what can't be used in an entry stops those alone who use it", async () => {
  const other = {
    clusters: [...base.clusters, { name: "other", cluster: { server: "https://other.test" } }],
    users: [{ name: "other", user: { token: "o" } }],
    contexts: [{ name: "other", context: { cluster: "other", user: "other" } }],
  };
  for (const [problem, changes, message] of unusable) {
    await assert.rejects(resolve(changes), {
      kind: "config",
      message: `kubeconfig /k: line 1: ${message}`,
    }, problem);
    const both = Object.fromEntries(
      Object.entries({ ...base, ...changes }).map(([name, entries]) => {
        const more = name === "clusters" ? [] : other[name as keyof typeof other] ?? [];
        return [name, Array.isArray(entries) ? [...entries, ...more] : entries];
      }),
    );
    const clusters = { clusters: other.clusters };
    assert.equal((await resolve({ ...both, ...clusters }, "other")).server, "https://other.test");
  }
});

Deno.test("what tools store in extensions, and what has no effect any more, is ignored", async () => {
  const extensions = [{ name: "minikube", extension: { provider: "minikube" } }];
  const cluster = { server: "https://api.test", "api-version": "v1", extensions };
  assert.equal((await withCluster(cluster)).server, "https://api.test");
});

Deno.test("a context whose own file says something else than earlier files is noted", async () => {
  const file = (name: string, server: string, user: Record<string, string>) => ({
    path: `/${name}`,
    text: JSON.stringify({
      clusters: [{ name: "kubernetes", cluster: { server } }],
      users: [{ name: "admin", user }],
      contexts: [{ name, context: { cluster: "kubernetes", user: "admin" } }],
    }),
  });
  const notesOf = async (name: string, ...files: ReturnType<typeof file>[]) => {
    const notes: string[] = [];
    const config = await mergeKubeconfigs(files);
    await resolveContext(config, name, { note: (text) => void notes.push(text) });
    return notes;
  };
  const staging = file("staging", "https://staging.test", { token: "s" });
  const prod = file("prod", "https://prod.test", { token: "p" });
  assert.deepEqual(await notesOf("staging", staging, prod), []);
  assert.deepEqual(await notesOf("prod", staging, prod), [
    'context "prod" of /prod: earlier files overrule its cluster "kubernetes" (by /staging) and its user "admin" (by /staging)',
  ]);
  const sameServer = file("prod", "https://staging.test", { token: "p" });
  assert.deepEqual(await notesOf("prod", staging, sameServer), [
    'context "prod" of /prod: earlier files overrule its user "admin" (by /staging)',
  ]);
  assert.deepEqual(
    await notesOf("prod", staging, { ...staging, path: "/copy" }, {
      ...file("prod", "https://staging.test", { token: "s" }),
    }),
    [],
  );
  const twice = {
    path: "/two",
    text: `${prod.text}
---
${staging.text}`,
  };
  assert.deepEqual(await notesOf("prod", twice), [
    "kubeconfig /two: only the first of its YAML documents counts",
  ]);
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
    `kubeconfig /k: user "u" has both a token and a username or password`,
  ],
  [
    "a token beside a password",
    () => withUser({ token: "a", password: "b" }),
    `kubeconfig /k: user "u" has both a token and a username or password`,
  ],
  [
    "another version",
    () => resolve({ apiVersion: "v2" }),
    `kubeconfig /k: line 1: apiVersion: expected "v1", found "v2"`,
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
