import assert from "node:assert/strict";
import { ofAuthority, ofServer, serverOfAuthority, version1 } from "../testing/certificates.ts";
import {
  needsNodeTls,
  noAuthority,
  readCertificates,
  requireUsable,
  usableAuthorities,
} from "./certificates.ts";

const unnamed = { hasAlternativeNames: false, isForServers: true, isAuthority: true };

Deno.test("readCertificates() returns version, end and names of each certificate", () => {
  const text = `subject=CN = jo\n${version1}\nissuer: x\r\n${ofServer}\n${ofAuthority}`;
  assert.deepEqual(
    readCertificates(text).map(({ notAfterMs, der, ...rest }) => ({
      ...rest,
      size: der.length,
      end: new Date(notAfterMs).toISOString(),
    })),
    [
      { version: 1, ...unnamed, size: 279, end: "2026-12-05T07:41:29.000Z" },
      {
        version: 3,
        ...unnamed,
        hasAlternativeNames: true,
        size: 389,
        end: "2126-11-01T07:41:29.000Z",
      },
      { version: 3, ...unnamed, size: 370, end: "2035-02-11T07:41:29.000Z" },
    ],
  );
});

Deno.test("requireUsable() refuses what TLS would leave out, or a server couldn't accept", () => {
  const { cert, key } = serverOfAuthority;
  requireUsable({ certificate: cert, key });
  requireUsable({ certificate: version1, key: "read by node's TLS" });
  const table: [certificate: string, key: string, message: string][] = [
    [
      "nothing",
      key,
      "the client certificate of the kubeconfig can't be used: it is not a certificate in PEM",
    ],
    [
      ofAuthority,
      key,
      "the client key of the kubeconfig can't be used: it isn't that of the client certificate",
    ],
    [cert, "nothing", "the client key of the kubeconfig can't be used: No keys found in key data"],
  ];
  for (const [certificate, key, message] of table) {
    assert.throws(() => requireUsable({ certificate, key }), { kind: "config", message });
  }
});

Deno.test("usableAuthorities() leaves out what may not sign, is over, or can't be read", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const { cert } = serverOfAuthority;
  const all = [broken, cert, ofAuthority, version1].join("\n");
  const countAt = (time: string) =>
    readCertificates(usableAuthorities(all, Date.parse(time))).length;
  assert.equal(countAt("2026-12-01"), 2);
  assert.equal(countAt("2026-12-31"), 1);
  assert.equal(countAt("2036-01-01"), 0);
  const nowMs = Date.parse("2026-12-31");
  const table: [pem: string, problem: string | undefined][] = [
    [all, undefined],
    // It may be the server's own.
    [ofServer, undefined],
    [version1, "it expired on 2026-12-05T07:41:29.000Z"],
    [broken, "it has no certificate in PEM"],
    ["", "it has no certificate in PEM"],
  ];
  for (const [pem, problem] of table) assert.equal(noAuthority(pem, nowMs), problem);
});

Deno.test("readCertificates() leaves what it can't read to TLS", () => {
  const block = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  const cut = version1.split("\n").slice(1, 4).join("");
  for (const text of ["", "x", block(""), block("!"), block("AAAA"), block("MIIB"), block(cut)]) {
    assert.deepEqual(readCertificates(text), [], text);
  }
});

Deno.test("node's TLS is needed for clients of version 1, and for authorities that may be the server", () => {
  const table: [authority: string | undefined, client: string | undefined, needed: boolean][] = [
    [undefined, undefined, false],
    [ofAuthority, ofAuthority, false],
    [ofAuthority, version1, true],
    [ofAuthority, `${version1}\n${ofAuthority}`, true],
    // A chain's others are checked by the server alone.
    [ofAuthority, `${ofAuthority}\n${version1}`, false],
    [ofServer, undefined, true],
    [`${ofAuthority}\n${ofServer}`, undefined, true],
    // The authorities of a machine.
    [`${ofAuthority}\n${ofServer}\n`.repeat(100), undefined, false],
    ["nothing", "nothing", false],
  ];
  for (const [certificateAuthority, certificate, needed] of table) {
    const clientCertificate = certificate === undefined ? undefined : { certificate };
    assert.equal(needsNodeTls({ certificateAuthority, clientCertificate }), needed);
  }
});
