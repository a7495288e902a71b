import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createAuthority, loadAuthority } from "./authority.ts";
import { kubeconfig } from "./kubeconfig.ts";

const now = () => new Date("2026-01-02T03:04:05Z");

Deno.test("a client certificate carries user and groups, and the authority's signature", async () => {
  const authority = await createAuthority({ now });
  const { certificate } = await authority.issueClient({ user: "ann", groups: ["dev", "ops"] });
  const read = new X509Certificate(certificate);
  assert.deepEqual(read.subject.split("\n"), ["O=dev", "O=ops", "CN=ann"]);
  assert.ok(read.verify(new X509Certificate(authority.certificate).publicKey));
});

Deno.test("a client certificate expires at the requested time, even in the past", async () => {
  const authority = await createAuthority({ now });
  const notAfter = new Date("2025-01-01T00:00:00Z");
  const { certificate } = await authority.issueClient({ user: "ann", groups: [], notAfter });
  const read = new X509Certificate(certificate);
  assert.equal(new Date(read.validTo).getTime(), notAfter.getTime());
  assert.ok(new Date(read.validFrom) < notAfter);
});

Deno.test("the server's certificate names the machine's own addresses", async () => {
  const { certificate } = await (await createAuthority({ now })).issueServer();
  const read = new X509Certificate(certificate);
  assert.match(read.subjectAltName ?? "", /DNS:localhost/);
  assert.match(read.subjectAltName ?? "", /IP Address:127\.0\.0\.1/);
});

Deno.test("a stored authority issues what the first one's clients trust", async () => {
  const first = await createAuthority({ now });
  const second = await loadAuthority(first.secret, { now });
  const { certificate } = await second.issueServer();
  assert.ok(
    new X509Certificate(certificate).verify(new X509Certificate(first.certificate).publicKey),
  );
});

Deno.test("a kubeconfig names its context, server and credential", () => {
  const text = kubeconfig({
    name: "dev",
    server: "https://127.0.0.1:1",
    certificateAuthority: "CA",
    credential: { kind: "token", token: "t: #" },
  });
  const config = JSON.parse(text);
  assert.equal(config["current-context"], "dev");
  assert.deepEqual(config.users, [{ name: "dev", user: { token: "t: #" } }]);
  assert.equal(config.clusters[0].cluster["certificate-authority-data"], "Q0E=");
});
