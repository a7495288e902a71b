import assert from "node:assert/strict";
import fc from "fast-check";
import { KubeConfig } from "@kubernetes/client-node";
import { hint, option } from "../../base/hint.ts";
import { resolveContext } from "../connection.ts";
import type { KubeHost } from "../host.ts";
import type { KubeconfigFile } from "./kubeconfig.ts";
import { loadKubeconfig, mergeKubeconfigs } from "./load_kubeconfig.ts";

const file = (path: string, text: string): KubeconfigFile => ({ path, text });

Deno.test("between files the first wins, entry by entry and as a whole", async () => {
  const config = await mergeKubeconfigs([
    file(
      "/a",
      `{clusters: [{name: c, cluster: {server: "https://a"}}], users: [{name: u, user: {token: a}}]}`,
    ),
    file(
      "/b",
      `{current-context: b, clusters: [{name: c, cluster: {server: "https://b", tls-server-name: other}}],
        users: [{name: u, user: {token: b, username: x}}, {name: v, user: {token: v}}]}`,
    ),
    file("/c", `{current-context: c}`),
  ]);
  assert.equal(config.currentContext, "b");
  assert.equal(config.clusters.get("c")?.value.server, "https://a");
  // Not even the fields that the first omits are taken from the second.
  assert.equal(config.clusters.get("c")?.value.tlsServerName, undefined);
  assert.equal(config.users.get("u")?.value.username, undefined);
  assert.equal(config.users.get("v")?.path, "/b");
});

Deno.test("relative paths are relative to their own file", async () => {
  const text = `{clusters: [{name: c, cluster: {certificate-authority: ca.crt}}],
    users: [{name: u, user: {client-certificate: ./a.crt, client-key: /k, tokenFile: t,
      exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/login}}},
      {name: bare, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: login}}}]}`;
  const config = await mergeKubeconfigs([file("/home/me/.kube/config", text)]);
  const user = config.users.get("u")?.value;
  assert.deepEqual(config.clusters.get("c")?.value.certificateAuthority, {
    kind: "file",
    path: "/home/me/.kube/ca.crt",
  });
  assert.deepEqual(user?.clientCertificate, { kind: "file", path: "/home/me/.kube/./a.crt" });
  assert.deepEqual(user?.clientKey, { kind: "file", path: "/k" });
  assert.equal(user?.tokenFile, "/home/me/.kube/t");
  assert.equal(user?.exec?.command, "/home/me/.kube/./bin/login");
  assert.equal(config.users.get("bare")?.value.exec?.command, "login");
});

Deno.test("a kubeconfig that this user may not read: why, and the way out", async () => {
  const host = {
    readText: () =>
      Promise.reject(
        new Deno.errors.PermissionDenied("Permission denied (os error 13): open '/k'"),
      ),
  } as Pick<KubeHost, "readText"> as KubeHost;
  await assert.rejects(loadKubeconfig("/k", host), {
    message: "cannot read kubeconfig /k: Permission denied",
    hint: hint`make a copy that you may read, and pass ${option("kubeconfig", "FILE")}`,
  });
});

const broken: [string, string, string][] = [
  ["a list as the whole", "[1]", "kubeconfig /k: expected a mapping, found a list"],
  ["a text as the whole", "hello", "kubeconfig /k: expected a mapping, found a text"],
  [
    "another kind of object",
    "kind: Pod",
    `kubeconfig /k: line 1: kind: expected "Config", found "Pod"`,
  ],
  ["no list", "clusters: 3", "kubeconfig /k: line 1: clusters: expected a list, found number 3"],
  ["no name", "users:\n- user: {}", "kubeconfig /k: line 2: users[0].name: must be there"],
  [
    "a name twice",
    "users:\n- {name: a}\n- {name: a}",
    `kubeconfig /k: line 3: users[1].name: "a" is there twice`,
  ],
  [
    "a number for a server",
    "clusters:\n- name: a\n  cluster:\n    server: 1",
    "kubeconfig /k: line 4: clusters[0].cluster.server: expected a text, found number 1",
  ],
  [
    "a text for a flag",
    `clusters: [{name: a, cluster: {insecure-skip-tls-verify: "true"}}]`,
    "kubeconfig /k: line 1: clusters[0].cluster.insecure-skip-tls-verify: expected true or false, found a text",
  ],
  [
    "data that isn't base64",
    `clusters: [{name: a, cluster: {certificate-authority-data: "!"}}]`,
    "kubeconfig /k: line 1: clusters[0].cluster.certificate-authority-data: not base64",
  ],
  [
    "a field of the top that nearly decides something",
    "current_context: a",
    `kubeconfig /k: line 1: current_context: unknown field; did you mean "current-context"?`,
  ],
  ["bytes", "a: \0", "kubeconfig /k: line 1: not a text file"],
  [
    "a file of punctuation, before the parser has seen all of it",
    "- a\n".repeat(1 << 17),
    "kubeconfig /k: line 5883: more punctuation than text",
  ],
  ["depth", "[\n".repeat(1 << 17), "kubeconfig /k: line 64: nested too deeply"],
  ["too much", "#".repeat(5 << 20), "kubeconfig /k: line 1: larger than 2 MiB"],
];

for (const [name, text, message] of broken) {
  Deno.test(`one exact error for ${name}`, async () => {
    await assert.rejects(mergeKubeconfigs([file("/k", text)]), { kind: "config", message });
  });
}

Deno.test("garbage and alias bombs end in one config error", async () => {
  const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let level = 1; level < 10; level++) {
    bomb.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(",")}]`);
  }
  const garbage = [
    "{".repeat(1 << 17),
    "a: b: c\n".repeat(1 << 17),
    "[[[[".repeat(1 << 14),
    bomb.join("\n"),
  ];
  for (const text of garbage) {
    await assert.rejects(mergeKubeconfigs([file("/k", text)]), { kind: "config" });
  }
});

Deno.test("any text gives a kubeconfig or a config error", async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
    try {
      await mergeKubeconfigs([file("/k", text)]);
    } catch (error) {
      assert.equal((error as { kind?: unknown }).kind, "config");
    }
  }));
});

Deno.test("the official client reads the same server, authority, certificate and token", async () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const data = fc.string({ minLength: 1, maxLength: 20 }).map((text) => btoa(encodeURI(text)));
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  // A host's name can't start with `xn--`, except for that of an international one.
  const host = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const cluster = fc.record({
    server: host.map((name) => `https://${name}.test:6443`),
    "certificate-authority-data": optional(data),
    "tls-server-name": optional(word),
  });
  const user = fc.oneof(
    fc.record({ "client-certificate-data": data, "client-key-data": data }),
    fc.record({ token: word }),
    fc.record({ username: word, password: word }),
  );
  await fc.assert(
    fc.asyncProperty(cluster, user, optional(word), async (cluster, user, namespace) => {
      const text = JSON.stringify({
        "current-context": "x",
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace } }],
      });
      const oracle = new KubeConfig();
      oracle.loadFromString(text);
      const [theirs, them] = [oracle.getCurrentCluster(), oracle.getCurrentUser()];
      const ours = await resolveContext(await mergeKubeconfigs([file("/k", text)]));
      const inline = (source: typeof ours.certificateAuthority) =>
        source?.kind === "inline" ? btoa(source.pem) : undefined;
      assert.equal(ours.server, theirs?.server);
      assert.equal(inline(ours.certificateAuthority), theirs?.caData);
      assert.equal(ours.tlsServerName, theirs?.tlsServerName);
      assert.equal(inline(ours.clientCertificate?.certificate), them?.certData);
      assert.equal(inline(ours.clientCertificate?.key), them?.keyData);
      assert.equal(ours.bearer.kind === "token" ? ours.bearer.token : undefined, them?.token);
      assert.equal(ours.bearer.kind === "basic" ? ours.bearer.username : undefined, them?.username);
      assert.equal(ours.namespace, oracle.getContextObject("x")?.namespace ?? "default");
    }),
  );
});
