/** TLS over a link of kodama's own, against a TLS server. */
import assert from "node:assert/strict";
import { createAuthority } from "../packages/cluster/tls/authority.ts";
import type { Link } from "../src/kube/link/link.ts";
import { secureByNode } from "../src/kube/tls/link_node.ts";

/** A connection that at some moment takes no more, as after the peer's reset; what came before it can be read. */
class FailingLink implements Link {
  takesNoMore = false;
  #open = true;

  constructor(private readonly connection: Deno.TcpConn) {}

  async read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(65_536);
    const count = await this.connection.read(buffer);
    return count === null ? null : buffer.subarray(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.takesNoMore) throw new Deno.errors.BrokenPipe("Broken pipe");
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.connection.write(rest));
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) this.connection.close();
    this.#open = false;
  }
}

Deno.test("what a peer said before it took no more is read", async () => {
  const authority = await createAuthority({ now: () => new Date() });
  const { certificate, key } = await authority.issueServer();
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1));
    await connection.write(new TextEncoder().encode("the reason"));
    // Until the client is done.
    await connection.read(new Uint8Array(1)).catch(() => null);
  })();
  const plain = new FailingLink(
    await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  );
  const link = await secureByNode(plain, "127.0.0.1", {
    certificateAuthority: authority.certificate,
    clientCertificate: undefined,
    serverName: undefined,
    insecure: false,
    needsNode: false,
  }, new AbortController().signal);
  // With it goes the end of the handshake, without which the server says nothing.
  await link.write(new Uint8Array(1));
  plain.takesNoMore = true;
  await link.write(new Uint8Array(100_000)).catch(() => {});
  assert.equal(new TextDecoder().decode(await link.read() ?? undefined), "the reason");
  link[Symbol.dispose]();
  await serving;
});
