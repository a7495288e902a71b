/**
 * The `auth-provider` entries of older kubeconfigs (OIDC, gcp, azure), handled by the official client, including their
 * token refresh. Loaded only for a kubeconfig that has one.
 */
import { KubeConfig } from "@kubernetes/client-node";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Bearer, Connection, Credentials, Proof } from "../connection.ts";

/** Fields by which a provider names a program that prints a token: the library would give them to a shell. */
const programFields: ReadonlySet<string> = new Set(["cmd-path", "cmd-args"]);

/** Returns the credentials of a provider, which stores and refreshes its tokens itself, but starts no program. */
export function providerCredentials(
  connection: Connection,
  provider: Extract<Bearer, { kind: "authProvider" }>,
  clientCertificate: Proof["clientCertificate"],
): Credentials {
  const config = new KubeConfig();
  const fields = Object.entries(provider.config).filter(([name]) => !programFields.has(name));
  config.loadFromOptions({
    clusters: [{ name: "it", server: connection.server, skipTLSVerify: false }],
    users: [{
      name: "it",
      authProvider: { name: provider.name, config: Object.fromEntries(fields) },
    }],
    contexts: [{ name: "it", cluster: "it", user: "it" }],
    currentContext: "it",
  });
  return {
    async current() {
      const options: { headers: Record<string, string> } = { headers: {} };
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        const reason = error instanceof Error ? plainText(error.message, 300) : "no reason given";
        throw new KodamaError(
          "unauthorized",
          `the auth-provider "${provider.name}" of context ${connection.context}: ${reason}`,
          {
            hint: "log in again with the cloud's own program, or use its credential plugin",
            cause: error,
          },
        );
      }
      return { authorization: options.headers["Authorization"], clientCertificate };
    },
    rejected: () => false,
  };
}
