/**
 * The certificate authorities that this machine trusts, for a server without one in the kubeconfig. They are read from
 * the paths that kubectl and curl use, and not taken from Deno's own list: a company's authority is in the machine's.
 * https://go.dev/src/crypto/x509/root_linux.go
 */
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeHost } from "../host.ts";

/** The paths where systems store them, each in one file. */
const files: readonly string[] = [
  // Debian, Arch, Gentoo
  "/etc/ssl/certs/ca-certificates.crt",
  // Fedora, RHEL
  "/etc/pki/tls/certs/ca-bundle.crt",
  // openSUSE
  "/etc/ssl/ca-bundle.pem",
  // macOS, Alpine, the BSDs
  "/etc/ssl/cert.pem",
];

/**
 * Returns their certificates as PEM, those of `SSL_CERT_FILE` if that is set; undefined if this machine has none.
 * Throws `config` if the file that is set can't be read.
 */
export async function systemAuthorities(
  { env, readText }: Pick<KubeHost, "env" | "readText">,
): Promise<string | undefined> {
  const named = env("SSL_CERT_FILE");
  if (named) return await readText(named).catch((error: unknown) => refuse(named, error));
  for (const path of files) {
    const text = await readText(path).catch(ignoreMissing);
    if (text !== undefined) return text;
  }
  return undefined;
}

function refuse(path: string, error: unknown): never {
  const reason = plainText(error instanceof Error ? error.message : String(error), 200);
  throw new KodamaError("config", `cannot read SSL_CERT_FILE ${path}: ${reason}`, {
    hint: "it names the file of the certificate authorities that this machine trusts",
    cause: error,
  });
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
