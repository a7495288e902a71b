/** The embedded cluster's own certificate authority: one server, any number of client certificates. */
// The x509 package resolves its algorithms by decorators, and needs this loaded before it.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A certificate with its private key, both PEM. */
export interface CertificateAndKey {
  certificate: string;
  key: string;
}

/** The identity of a client certificate: the common name is the user, each organisation a group. */
interface ClientSubject {
  user: string;
  groups: readonly string[];
  /** Its expiry. The authority's own if it is absent. */
  notAfter?: Date;
}

/** Issues certificates that a server with {@link Authority.certificate} as its CA trusts. */
export interface Authority {
  /** PEM: a kubeconfig's certificate-authority-data, before base64. */
  readonly certificate: string;
  /** Both, to be stored in a folder that only its owner reads, and passed to {@link loadAuthority}. */
  readonly secret: CertificateAndKey;
  /** For the API server. Names that are IP addresses become IP entries. */
  issueServer(names?: readonly string[]): Promise<CertificateAndKey>;
  issueClient(subject: ClientSubject): Promise<CertificateAndKey>;
}

/** The names under which clients on this machine and processes of pods reach the server. */
const serverNames = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
  "127.0.0.1",
  "::1",
  "10.96.0.1",
];

const curve = { name: "ECDSA", namedCurve: "P-256" };
const signing = { name: "ECDSA", hash: "SHA-256" };
const lifetimeMs = 10 * 365 * 24 * 3_600_000;

/** Clocks of two machines differ a little: a new certificate must be valid already. */
const headStartMs = 5 * 60_000;

/** Returns a new authority. ECDSA P-256: a key costs a millisecond, an RSA key a second. */
export async function createAuthority(options: { now: () => Date }): Promise<Authority> {
  const keys = await newKeys();
  const { notBefore, notAfter } = lifetime(options.now());
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=kodama-ca",
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign |
          x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const secret = {
    certificate: certificate.toString("pem"),
    key: await privatePem(keys.privateKey),
  };
  return new Issuer(certificate, keys.privateKey, secret, options.now);
}

/** Returns the authority of an {@link Authority.secret}. Throws if either text is invalid. */
export async function loadAuthority(
  secret: CertificateAndKey,
  options: { now: () => Date },
): Promise<Authority> {
  const der = x509.PemConverter.decodeFirst(secret.key);
  const key = await crypto.subtle.importKey("pkcs8", der, curve, true, ["sign"]);
  return new Issuer(new x509.X509Certificate(secret.certificate), key, secret, options.now);
}

class Issuer implements Authority {
  readonly certificate: string;

  constructor(
    readonly issuer: x509.X509Certificate,
    readonly signingKey: CryptoKey,
    readonly secret: CertificateAndKey,
    readonly now: () => Date,
  ) {
    this.certificate = secret.certificate;
  }

  issueServer(names: readonly string[] = serverNames): Promise<CertificateAndKey> {
    const entries = names.map((name) => ({ type: isAddress(name) ? "ip" : "dns", value: name }));
    return this.#issue([{ CN: ["kube-apiserver"] }], "1.3.6.1.5.5.7.3.1", {
      extensions: [new x509.SubjectAlternativeNameExtension(entries as x509.JsonGeneralName[])],
    });
  }

  issueClient({ user, groups, notAfter }: ClientSubject): Promise<CertificateAndKey> {
    const subject = [...groups.map((group) => ({ O: [group] })), { CN: [user] }];
    return this.#issue(subject, "1.3.6.1.5.5.7.3.2", notAfter ? { notAfter } : {});
  }

  async #issue(
    subject: x509.JsonName,
    usage: string,
    options: { notAfter?: Date; extensions?: x509.Extension[] },
  ): Promise<CertificateAndKey> {
    const keys = await newKeys();
    const { notBefore, notAfter } = lifetime(this.now());
    const end = options.notAfter ?? notAfter;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: this.issuer.subject,
      // The start of a certificate that has already expired must precede that.
      notBefore: end > notBefore ? notBefore : new Date(end.getTime() - headStartMs),
      notAfter: end,
      publicKey: keys.publicKey,
      signingKey: this.signingKey,
      signingAlgorithm: signing,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage], false),
        await x509.AuthorityKeyIdentifierExtension.create(this.issuer),
        ...(options.extensions ?? []),
      ],
    });
    return { certificate: certificate.toString("pem"), key: await privatePem(keys.privateKey) };
  }
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(curve, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

async function privatePem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function lifetime(now: Date): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - headStartMs),
    notAfter: new Date(now.getTime() + lifetimeMs),
  };
}

/** 16 random bytes in hexadecimal, positive (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f | 0x01;
  return bytes.toHex();
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(":");
}
