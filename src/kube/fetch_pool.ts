/** HTTP by the runtime's `fetch`: one pool of connections, HTTP/2 where the server speaks it, bodies unpacked. */
import type { ClientCertificate, Proof } from "./credentials.ts";
import type { LinkRequest } from "./fetch_by_link.ts";
import type { HttpAnswer } from "./http_answer.ts";

/** Which connections a request may use. */
export type Pooling =
  /** One for many at a time, where the server speaks HTTP/2. */
  | "shared"
  /**
   * One of its own: what nobody reads for a while fills the window that all answers of an HTTP/2 connection share,
   * and the very answer that is waited for would never come.
   */
  | "alone";

interface Pool {
  client: Deno.HttpClient;
  certificate: ClientCertificate | undefined;
}

/** Opens no connection by itself. */
export class FetchPool implements Disposable {
  readonly #pools = new Map<Pooling, Pool>();

  constructor(private readonly certificateAuthority: string | undefined) {}

  /** Rejects as `fetch` does. */
  async fetch(
    url: string,
    { method, headers, body }: LinkRequest,
    { proof, pooling, signal }: { proof: Proof; pooling: Pooling; signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const response = await fetch(url, {
      method,
      headers: headers.map(([name, value]) => [name, value]),
      signal,
      redirect: "manual",
      client: this.#client(pooling, proof.clientCertificate),
      ...(body === undefined ? {} : { body }),
    });
    return {
      code: response.status,
      headers: response.headers,
      body: response.body ?? ReadableStream.from([]),
      // What is let go of may fail as it likes.
      drop: () => void response.body?.cancel().catch(() => {}),
    };
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#pools.values()) client.close();
    this.#pools.clear();
  }

  /** Made anew when the certificate was renewed. */
  #client(pooling: Pooling, certificate: ClientCertificate | undefined): Deno.HttpClient {
    const kept = this.#pools.get(pooling);
    if (kept !== undefined && kept.certificate?.certificate === certificate?.certificate) {
      return kept.client;
    }
    kept?.client.close();
    const { certificateAuthority } = this;
    const client = Deno.createHttpClient({
      ...(certificateAuthority === undefined ? {} : { caCerts: [certificateAuthority] }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
      ...(pooling === "alone" ? { http2: false } : {}),
    });
    this.#pools.set(pooling, { client, certificate });
    return client;
  }
}
