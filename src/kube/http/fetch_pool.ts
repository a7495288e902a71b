/** HTTP by the runtime's `fetch`: one pool of connections, HTTP/2 if the server supports it, bodies unpacked. */
import type { ClientCertificate, Proof } from "../credentials.ts";
import type { LinkRequest } from "../link/fetch_by_link.ts";
import type { HttpAnswer } from "../link/http_response.ts";

interface Pool {
  client: Deno.HttpClient;
  certificate: ClientCertificate | undefined;
}

/** Opens no connection by itself. */
export class FetchPool implements Disposable {
  #pool: Pool | undefined;

  constructor(private readonly certificateAuthority: string | undefined) {}

  /** Rejects as `fetch` does. */
  async fetch(
    url: string,
    { method, headers, body }: LinkRequest,
    { proof, signal }: { proof: Proof; signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const response = await fetch(url, {
      method,
      headers: headers.map(([name, value]) => [name, value]),
      signal,
      redirect: "manual",
      client: this.#client(proof.clientCertificate),
      ...(body === undefined ? {} : { body }),
    });
    return {
      code: response.status,
      headers: response.headers,
      body: response.body ?? ReadableStream.from([]),
      // The failure of a dropped body doesn't matter.
      drop: () => void response.body?.cancel().catch(() => {}),
    };
  }

  [Symbol.dispose](): void {
    this.#pool?.client.close();
    this.#pool = undefined;
  }

  /** Created again when the certificate was renewed. */
  #client(certificate: ClientCertificate | undefined): Deno.HttpClient {
    if (
      this.#pool !== undefined && this.#pool.certificate?.certificate === certificate?.certificate
    ) {
      return this.#pool.client;
    }
    this.#pool?.client.close();
    const { certificateAuthority } = this;
    const client = Deno.createHttpClient({
      ...(certificateAuthority === undefined ? {} : { caCerts: [certificateAuthority] }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
    this.#pool = { client, certificate };
    return client;
  }
}
