import { action, hint, option } from "../base/hint.ts";
import assert from "node:assert/strict";
import { listContexts, openKubeClient } from "./open_client.ts";
import { proxyFromEnvironment } from "./config/proxy_environment.ts";
import { authorityOfServer } from "./testing/certificates.ts";
import { testHost } from "./testing/test_host.ts";

function config(context: string, cluster: Record<string, unknown> = {}): string {
  return JSON.stringify({
    "current-context": context,
    clusters: [{ name: "c", cluster: { server: `https://${context}.test`, ...cluster } }],
    contexts: [{ name: context, context: { cluster: "c", user: "" } }],
  });
}

Deno.test("which files count: the flag alone, then KUBECONFIG, then the home folder's", async () => {
  const files = {
    "/home/.kube/config": config("home"),
    "/a": config("a"),
    "/b": config("b"),
    "/flag": config("flag"),
  };
  const server = async (env: Record<string, string>, kubeconfig?: string) => {
    const host = testHost({ files, env: { HOME: "/home", ...env } });
    await using client = await openKubeClient(kubeconfig === undefined ? {} : { kubeconfig }, host);
    return client.server;
  };
  assert.equal(await server({}), "https://home.test");
  assert.equal(await server({ KUBECONFIG: "" }), "https://home.test");
  assert.equal(await server({ KUBECONFIG: "/missing::/b:/a:/b" }), "https://b.test");
  assert.equal(await server({ KUBECONFIG: "/a" }, "/flag"), "https://flag.test");
});

Deno.test("all contexts of all files are listed, in their order", async () => {
  const host = testHost({
    files: { "/a": config("a"), "/b": config("b") },
    env: { KUBECONFIG: "/a:/b" },
  });
  assert.deepEqual(await listContexts({}, host), {
    current: "a",
    contexts: [{ name: "a", server: "https://a.test" }, { name: "b", server: "https://a.test" }],
  });
});

Deno.test("a $KUBECONFIG that names nothing is what the hint is about", async () => {
  const host = testHost({ env: { HOME: "/home", KUBECONFIG: "/nope:/never" } });
  await assert.rejects(openKubeClient({}, host), {
    message: "no kubeconfig: /nope, /never do not exist",
    hint: "$KUBECONFIG names this: correct it, or unset it to use ~/.kube/config",
  });
});

Deno.test("no kubeconfig at all is one exact error with a way out", async () => {
  await assert.rejects(openKubeClient({}, testHost({ env: { HOME: "/home" } })), {
    kind: "config",
    message: "no kubeconfig: /home/.kube/config does not exist",
    hint: hint`set $KUBECONFIG or pass ${option("kubeconfig", "FILE")}; ${
      action("cluster.up")
    } starts a small cluster to try things in`,
  });
  await assert.rejects(openKubeClient({ kubeconfig: "/x" }, testHost()), {
    message: "kubeconfig /x does not exist",
  });
});

Deno.test("a server that is named needs no kubeconfig", async () => {
  const host = testHost({ env: { HOME: "/home" } });
  const options = { server: "https://api.test:6443", token: "t", namespace: "n" };
  await using client = await openKubeClient(options, host);
  assert.deepEqual([client.context, client.server, client.defaultNamespace], [
    "api.test:6443",
    "https://api.test:6443",
    "n",
  ]);
});

Deno.test("in a pod without a kubeconfig, the service account counts", async () => {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const host = testHost({
    env: { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" },
    files: {
      [`${folder}/token`]: "t",
      [`${folder}/ca.crt`]: authorityOfServer,
      [`${folder}/namespace`]: "mine\n",
    },
  });
  await using client = await openKubeClient({}, host);
  assert.deepEqual([client.context, client.server, client.defaultNamespace], [
    "in-cluster",
    "https://[fd00::1]:443",
    "mine",
  ]);
});

Deno.test("credentials don't leave this machine without TLS", async () => {
  const warningsOf = async (server: string, user: Record<string, unknown>) => {
    const files = {
      "/k": JSON.stringify({
        "current-context": "x",
        clusters: [{ name: "c", cluster: { server } }],
        users: [{ name: "u", user }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      }),
    };
    const host = testHost({ files });
    await using _client = await openKubeClient({ kubeconfig: "/k" }, host);
    return host.warnings;
  };
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "login" };
  for (const user of [{ token: "t" }, { exec }, { username: "a", password: "b" }]) {
    // A program on this machine isn't the cluster either.
    for (const server of ["http://api.test", "http://127.0.0.1:8001"]) {
      assert.deepEqual(await warningsOf(server, user), [
        `context x: ${server} has no TLS, so no credentials are sent`,
      ]);
    }
    assert.deepEqual(await warningsOf("https://api.test", user), []);
  }
  assert.deepEqual(await warningsOf("http://api.test", {}), []);
});

Deno.test("an unverified server is reported once", async () => {
  const files = { "/k": config("x", { "insecure-skip-tls-verify": true }) };
  const host = testHost({ files });
  await using _client = await openKubeClient({ kubeconfig: "/k" }, host);
  assert.deepEqual(host.warnings, [
    "context x: the server's certificate is not verified (insecure-skip-tls-verify)",
  ]);
});

const proxy = "http://proxy.test:3128";
const proxies: [string, Record<string, string>, string | undefined][] = [
  ["https://api.test", {}, undefined],
  ["https://api.test", { HTTPS_PROXY: proxy }, proxy],
  ["https://api.test", { https_proxy: proxy }, proxy],
  ["https://api.test", { HTTP_PROXY: proxy }, undefined],
  ["http://api.test", { HTTP_PROXY: proxy }, proxy],
  ["https://localhost:6443", { HTTPS_PROXY: proxy }, undefined],
  ["https://127.0.0.1:6443", { HTTPS_PROXY: proxy }, undefined],
  ["https://127.example.test", { HTTPS_PROXY: proxy }, proxy],
  ["https://[::1]:6443", { HTTPS_PROXY: proxy }, undefined],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: "x, .test" }, undefined],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: "pi.test" }, proxy],
  ["https://api.test:6443", { HTTPS_PROXY: proxy, NO_PROXY: "api.test:443" }, proxy],
  ["https://10.1.2.3", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, undefined],
  ["https://11.1.2.3", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, proxy],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: "*" }, undefined],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: "api.test:443" }, undefined],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: ".api.test" }, proxy],
  ["https://api.test", { HTTPS_PROXY: proxy, NO_PROXY: "*.api.test" }, proxy],
  ["https://a.api.test", { HTTPS_PROXY: proxy, NO_PROXY: "*.api.test" }, undefined],
  ["https://10.1.2.3", { HTTPS_PROXY: proxy, NO_PROXY: ".2.3" }, proxy],
  ["https://10.1.2.3:80", { HTTPS_PROXY: proxy, NO_PROXY: "10.1.2.3:443" }, proxy],
  ["https://[fd00::12]", { HTTPS_PROXY: proxy, NO_PROXY: "fd00:0::12" }, undefined],
  ["https://[fd00::12]:80", { HTTPS_PROXY: proxy, NO_PROXY: "[fd00::12]:80" }, undefined],
  ["https://[fd00:1::]", { HTTPS_PROXY: proxy, NO_PROXY: "fd00::/16" }, undefined],
  ["https://[fd00:1::]", { HTTPS_PROXY: proxy, NO_PROXY: "fd00::/32" }, proxy],
  ["https://[fd00:1::]", { HTTPS_PROXY: proxy, NO_PROXY: "0.0.0.0/0, x/, 1/2, :80, /" }, proxy],
  ["https://10.1.2.3", { HTTPS_PROXY: proxy, NO_PROXY: "0.0.0.0/0" }, undefined],
];

for (const [server, env, expected] of proxies) {
  Deno.test(`${server} with ${JSON.stringify(env)} goes ${expected ? "through the proxy" : "straight"}`, () => {
    assert.equal(proxyFromEnvironment(server, (name) => env[name]), expected);
  });
}
