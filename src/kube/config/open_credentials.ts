/** Turns a kubeconfig's user into the proof for each request. */
import { KodamaError } from "../../base/errors.ts";
import type { ClientCertificate, Connection, Credentials, Proof } from "../connection.ts";
import { permissionError } from "../failures.ts";
import type { KubeHost } from "../host.ts";
import type { PemSource } from "./kubeconfig.ts";

/** A token file is read again when its copy is older: kubelet renews tokens long before their end. */
const tokenAgeMs = 60_000;

/** Returns the credentials of a connection. Throws `config` if a file can't be read. */
export async function openCredentials(
  connection: Connection,
  host: KubeHost,
): Promise<Credentials> {
  const pair = connection.clientCertificate;
  const clientCertificate = pair === undefined ? undefined : {
    certificate: await readPem(pair.certificate, "client-certificate", host),
    key: await readPem(pair.key, "client-key", host),
  };
  const { bearer } = connection;
  switch (bearer.kind) {
    case "none":
      return fixed({ authorization: undefined, clientCertificate });
    case "token":
      return fixed({ authorization: `Bearer ${bearer.token.trim()}`, clientCertificate });
    case "basic": {
      const text = new TextEncoder().encode(`${bearer.username}:${bearer.password}`);
      return fixed({ authorization: `Basic ${text.toBase64()}`, clientCertificate });
    }
    case "tokenFile":
      return fromFile(bearer, clientCertificate, host);
    case "exec": {
      const { PluginCredentials } = await import("./exec_plugin.ts");
      const source = connection.certificateAuthority;
      const certificateAuthority = source === undefined
        ? undefined
        : await readPem(source, "certificate-authority", host);
      const cluster = { ...connection, certificateAuthority };
      return new PluginCredentials(bearer.plugin, cluster, host);
    }
    case "authProvider": {
      const { providerCredentials } = await import("./auth_provider.ts");
      return providerCredentials(connection, bearer, clientCertificate);
    }
  }
}

/** Returns the text of a certificate or key. */
export async function readPem(source: PemSource, what: string, host: KubeHost): Promise<string> {
  if (source.kind === "inline") return source.pem;
  return await readFile(source.path, what, host);
}

function fixed(proof: Proof): Credentials {
  return { current: () => Promise.resolve(proof), rejected: () => false };
}

function fromFile(
  { path, token }: Extract<Connection["bearer"], { kind: "tokenFile" }>,
  clientCertificate: ClientCertificate | undefined,
  host: KubeHost,
): Credentials {
  let cached: { token: string; atMs: number } | undefined;
  return {
    async current() {
      const nowMs = host.clock.elapsedMs();
      if (cached === undefined || nowMs - cached.atMs >= tokenAgeMs) {
        const text = await readFile(path, "tokenFile", host).catch((error: unknown) => {
          if (token === undefined) throw error;
          return token;
        });
        cached = { token: requireToken(text.trim(), path), atMs: nowMs };
      }
      return { authorization: `Bearer ${cached.token}`, clientCertificate };
    },
    rejected() {
      cached = undefined;
      return true;
    },
  };
}

function requireToken(token: string, path: string): string {
  if (token !== "") return token;
  throw new KodamaError("config", `tokenFile ${path} of the kubeconfig: it is empty`);
}

async function readFile(path: string, what: string, host: KubeHost): Promise<string> {
  try {
    return await host.readText(path);
  } catch (error) {
    const denied = permissionError(error);
    if (denied !== undefined) throw denied;
    const reason = error instanceof Deno.errors.NotFound ? "no such file" : "can't be read";
    throw new KodamaError("config", `${what} ${path} of the kubeconfig: ${reason}`, {
      cause: error,
    });
  }
}
