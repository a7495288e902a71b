/** Where a context's links go. */
import type { Connection } from "./connection.ts";
import type { Proof } from "./credentials.ts";
import type { LinkTarget } from "./link.ts";

/** @param certificateAuthority the server's, as PEM. */
export function linkTarget(
  { server, tlsServerName: serverName, insecure, proxyUrl }: Connection,
  { clientCertificate }: Proof,
  certificateAuthority: string | undefined,
): LinkTarget {
  const url = new URL(server);
  const secure = url.protocol === "https:";
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    tls: secure ? { certificateAuthority, clientCertificate, serverName, insecure } : undefined,
    proxyUrl,
  };
}
