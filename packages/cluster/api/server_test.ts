/** Authentication over the socket, and the audit log. */
import assert from "node:assert/strict";
import { type Running, start } from "./testing/server.ts";

async function get(
  { server, authority }: Running,
  path: string,
  credential: { token?: string; client?: { user: string; groups: string[]; notAfter?: Date } } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const pair = credential.client && await authority.issueClient(credential.client);
  using client = Deno.createHttpClient({
    caCerts: [authority.certificate],
    ...(pair ? { cert: pair.certificate, key: pair.key } : {}),
  });
  const headers = credential.token ? { authorization: `Bearer ${credential.token}` } : {};
  const response = await fetch(server.url + path, { client, headers });
  return { status: response.status, body: await response.json() };
}

const masters = ["system:masters"];
const entrances: [string, Parameters<typeof get>[2], number][] = [
  ["nobody", {}, 401],
  ["an unknown token", { token: "x" }, 401],
  ["a token that has ended", { token: "late" }, 401],
  ["a token without rights", { token: "nobody" }, 403],
  ["a token with rights", { token: "admin" }, 200],
  ["a certificate with rights", { client: { user: "a", groups: masters } }, 200],
  ["a certificate without rights", { client: { user: "a", groups: [] } }, 403],
  ["a certificate that has expired", {
    client: { user: "a", groups: masters, notAfter: new Date(86_400_000) },
  }, 401],
];

for (const [name, credential, status] of entrances) {
  Deno.test(`${name} gets ${status}`, async () => {
    await using running = await start();
    const answer = await get(running, "/api/v1/namespaces/default/pods", credential);
    assert.equal(answer.status, status);
    if (status !== 200) assert.equal(answer.body["kind"], "Status");
    assert.equal(running.audit.at(-1)?.responseStatus.code, status);
  });
}

Deno.test("health and version are open to those without a credential, and to no wrong one", async () => {
  await using running = await start();
  using client = Deno.createHttpClient({ caCerts: [running.authority.certificate] });
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(running.server.url + path, { client, headers });
    await response.body?.cancel();
    return response.status;
  };
  for (const path of ["/healthz", "/livez", "/readyz", "/version"]) {
    assert.deepEqual([path, await status(path)], [path, 200]);
  }
  assert.equal(await status("/apis"), 401);
  assert.equal(await status("/healthz", { authorization: "Bearer x" }), 401);
  const headers = { authorization: "Bearer admin", "impersonate-group": "system:masters" };
  assert.equal(await status("/api/v1/pods", headers), 500);
});

Deno.test("the audit log records who did what to which object", async () => {
  await using running = await start();
  await get(running, "/api/v1/namespaces/default/pods/web", { token: "admin" });
  const [event] = running.audit;
  assert.equal(event?.verb, "get");
  assert.equal(event?.user.username, "admin");
  assert.deepEqual(event?.objectRef, {
    resource: "pods",
    namespace: "default",
    name: "web",
    apiVersion: "v1",
  });
});

Deno.test("the server listens on loopback alone", async () => {
  await using running = await start();
  assert.equal(new URL(running.server.url).hostname, "127.0.0.1");
});

Deno.test("an address may be long: it holds the arguments of a command", async () => {
  await using running = await start();
  const words = "x".repeat(60_000);
  const { status } = await get(running, `/version?word=${words}`, { token: "admin" });
  assert.equal(status, 200);
});

Deno.test("idle connections outlive those that clients hold", async () => {
  await using running = await start();
  const options = { hostname: "127.0.0.1", port: running.server.port };
  using link = await Deno.connectTls({ ...options, caCerts: [running.authority.certificate] });
  await link.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"));
  const head = new Uint8Array(4096);
  const text = new TextDecoder().decode(head.subarray(0, await link.read(head) ?? 0));
  assert.match(text, /keep-alive: timeout=90\r\n/i);
});
