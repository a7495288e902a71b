/**
 * Certificates (X.509, RFC 5280) as far as a connection depends on them: no signature is checked here. `node:crypto` has
 * no version of a certificate, and takes 15 to 40 ms to load, in every command that dials a server with an authority.
 */

import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";

/** A certificate's own statements. */
interface Certificate {
  /** 1 has no extensions; current certificates have 3. */
  version: number;
  /** Milliseconds since 1970. */
  notAfterMs: number;
  /** The certificate names hosts or addresses, as a server's does. */
  hasAlternativeNames: boolean;
  /** The certificate may be a server's: it is for any use, or for this use. */
  isForServers: boolean;
  /** The certificate may sign others. */
  isAuthority: boolean;
  der: Uint8Array;
}

/** Returns the certificates of a PEM text, in order; other parts are left to TLS. */
export function readCertificates(pem: string): Certificate[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g);
  return [...blocks].flatMap(([, text = ""]) => {
    try {
      return [readCertificate(Uint8Array.fromBase64(text))];
    } catch {
      return [];
    }
  });
}

/**
 * Throws `config` for a client's certificate and key that can't be used: TLS would leave them out, or fail as if the
 * server refused them.
 */
export function requireUsable({ certificate, key }: { certificate: string; key: string }): void {
  const [own] = readCertificates(certificate);
  if (own === undefined) throw unusable("client certificate", "it is not a certificate in PEM");
  // Only node's TLS reads version 1.
  if (own.version < 3) return;
  try {
    Deno.createHttpClient({ caCerts: [certificate], cert: certificate, key }).close();
  } catch (error) {
    const reason = error instanceof Error ? plainText(error.message, 200) : "it can't be read";
    throw unusable(
      "client key",
      /\bKeyMismatch\b/.test(reason) ? "it isn't that of the client certificate" : reason,
      error,
    );
  }
}

function unusable(what: string, reason: string, cause?: unknown): KodamaError {
  return new KodamaError("config", `the ${what} of the kubeconfig can't be used: ${reason}`, {
    cause,
  });
}

/** Longer texts are the authorities of a whole system, none of which is a server. */
const maxOwnAuthority = 64 * 1024;

/**
 * Returns the authorities that count for kubectl, as PEM: those that may sign, aren't over, and can be read. The
 * runtime's TLS asks an authority for none of it, and refuses all if an authority can't be read.
 */
export function usableAuthorities(certificateAuthority: string, nowMs: number): string {
  if (certificateAuthority.length > maxOwnAuthority) return certificateAuthority;
  return readCertificates(certificateAuthority)
    .filter(({ isAuthority, notAfterMs }) => isAuthority && notAfterMs >= nowMs)
    .map(({ der }) => `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`)
    .join("");
}

/** Returns why none of the authorities can be an authority; undefined if any can, or may be the server itself. */
export function noAuthority(certificateAuthority: string, nowMs: number): string | undefined {
  const all = readCertificates(certificateAuthority);
  const usable = usableAuthorities(certificateAuthority, nowMs);
  if (usable !== "" || serversOwn(certificateAuthority).length > 0) return undefined;
  const over = all.find(({ isAuthority, notAfterMs }) => isAuthority && notAfterMs < nowMs);
  if (over !== undefined) return `it expired on ${new Date(over.notAfterMs).toISOString()}`;
  return all.length === 0 ? "it has no certificate in PEM" : "it is not an authority's certificate";
}

/** Returns the certificates of servers among the authorities: kubectl accepts each from its own server. */
export function serversOwn(certificateAuthority = ""): Uint8Array[] {
  if (certificateAuthority.length > maxOwnAuthority) return [];
  return readCertificates(certificateAuthority)
    .filter((one) => one.hasAlternativeNames && one.isForServers)
    .map(({ der }) => der);
}

/**
 * Returns whether the runtime's own TLS refuses certificates that kubectl accepts: a client's of version 1, as many
 * instructions with `openssl x509 -req` make it, and a server's in place of its authority's, as `openssl req -x509`
 * makes it. `link_node.ts` accepts both.
 */
export function needsNodeTls(
  { certificateAuthority = "", clientCertificate }: {
    certificateAuthority: string | undefined;
    clientCertificate: { certificate: string } | undefined;
  },
): boolean {
  const [own] = readCertificates(clientCertificate?.certificate ?? "");
  if (own !== undefined && own.version < 3) return true;
  return serversOwn(certificateAuthority).length > 0;
}

/* DER, the encoding of certificates: a tag, a length, and the content. ITU-T X.690. */

interface Element {
  tag: number;
  content: Uint8Array;
  /** The bytes behind it. */
  rest: Uint8Array;
}

/** Tags of the parts of a certificate. */
const [booleanTag, versionTag, utcTime, generalizedTime] = [0x01, 0xa0, 0x17, 0x18];

/** The identifier of the extension that names hosts: 2.5.29.17. */
const alternativeNames = [0x06, 0x03, 0x55, 0x1d, 0x11];
/** The identifier of the extension that limits the use (2.5.29.37), and of two uses: by a server, and any. */
const extendedUse = [0x06, 0x03, 0x55, 0x1d, 0x25];
const serverUse = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const anyUse = [0x06, 0x04, 0x55, 0x1d, 0x25, 0x00];
/** The identifiers of the extensions that make an authority (2.5.29.19), and that name a key's uses (2.5.29.15). */
const basicConstraints = [0x06, 0x03, 0x55, 0x1d, 0x13];
const keyUsage = [0x06, 0x03, 0x55, 0x1d, 0x0f];

function readCertificate(der: Uint8Array): Certificate {
  const signed = element(element(der).content).content;
  const first = element(signed);
  const hasVersion = first.tag === versionTag;
  // Behind the version: serial number, signature's algorithm, issuer, validity.
  let part = hasVersion ? element(first.rest) : first;
  for (let skipped = 0; skipped < 3; skipped++) part = element(part.rest);
  const notAfter = element(element(part.content).rest);
  const version = hasVersion ? (element(first.content).content[0] ?? 0) + 1 : 1;
  return {
    version,
    notAfterMs: timeOf(notAfter),
    hasAlternativeNames: includes(signed, alternativeNames),
    isForServers: !includes(signed, extendedUse) || includes(signed, serverUse) ||
      includes(signed, anyUse),
    isAuthority: version < 3 || maySign(signed),
    der,
  };
}

/** https://pkg.go.dev/crypto/x509#Certificate.CheckSignatureFrom */
function maySign(signed: Uint8Array): boolean {
  const constraints = extension(signed, basicConstraints);
  // A sequence that starts with `TRUE`.
  if (constraints === undefined || !includes(constraints.subarray(2, 5), [1, 1, 0xff])) {
    return false;
  }
  const usage = extension(signed, keyUsage);
  // A bit string: its tag, its length, the number of unused bits, the bits. The sixth is "signs certificates".
  return usage === undefined || ((usage[3] ?? 0) & 0x04) !== 0;
}

/** Returns the value of an extension, without the mark of a critical extension. */
function extension(signed: Uint8Array, identifier: readonly number[]): Uint8Array | undefined {
  const at = signed.findIndex((_, index) =>
    identifier.every((byte, offset) => signed[index + offset] === byte)
  );
  if (at < 0) return undefined;
  const next = element(signed.subarray(at + identifier.length));
  return next.tag === booleanTag ? element(next.rest).content : next.content;
}

function includes(bytes: Uint8Array, part: readonly number[]): boolean {
  return bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));
}

/** Throws if the bytes end too early. */
function element(bytes: Uint8Array): Element {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) throw new Error("the certificate is cut off");
  const longBytes = short < 0x80 ? 0 : short & 0x7f;
  const start = 2 + longBytes;
  const length = longBytes === 0
    ? short
    : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  if (start + length > bytes.length) throw new Error("the certificate is cut off");
  return {
    tag,
    content: bytes.subarray(start, start + length),
    rest: bytes.subarray(start + length),
  };
}

/** `YYMMDDhhmmssZ` until 2049, `YYYYMMDDhhmmssZ` for later. */
function timeOf({ tag, content }: Element): number {
  if (tag !== utcTime && tag !== generalizedTime) throw new Error("the certificate has no end");
  const text = new TextDecoder().decode(content);
  const full = tag === generalizedTime ? text : `${Number(text.slice(0, 2)) < 50 ? 20 : 19}${text}`;
  const iso = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const notAfterMs = Date.parse(iso);
  if (Number.isNaN(notAfterMs)) throw new Error("the certificate has no end");
  return notAfterMs;
}
