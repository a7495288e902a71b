import assert from "node:assert/strict";
import { systemAuthorities } from "./system_authorities.ts";
import { testHost } from "../testing/test_host.ts";

const debian = "/etc/ssl/certs/ca-certificates.crt";
const macos = "/etc/ssl/cert.pem";

Deno.test("a machine's authorities are those of its first file, or of the one that SSL_CERT_FILE names", async () => {
  const table: [files: Record<string, string>, named: string | undefined, found?: string][] = [
    [{ [debian]: "debian's", [macos]: "another's" }, undefined, "debian's"],
    [{ [macos]: "macOS's" }, undefined, "macOS's"],
    [{ [debian]: "debian's", "/company.pem": "the company's" }, "/company.pem", "the company's"],
    [{ [debian]: "debian's" }, "", "debian's"],
    [{}, undefined],
  ];
  for (const [files, named, found] of table) {
    const env = named === undefined ? {} : { SSL_CERT_FILE: named };
    assert.equal(await systemAuthorities(testHost({ files, env })), found);
  }
});

Deno.test("an unreadable file of authorities is an error, without a fallback", async () => {
  const host = testHost({ files: { [debian]: "debian's" }, env: { SSL_CERT_FILE: "/gone.pem" } });
  await assert.rejects(systemAuthorities(host), {
    kind: "config",
    message: "cannot read SSL_CERT_FILE /gone.pem: /gone.pem",
  });
});
