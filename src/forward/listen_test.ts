import assert from "node:assert/strict";
import { type Duplex, listen } from "./listen.ts";

/** Answers a connection with a text. */
async function answerOne(connections: AsyncIterator<Duplex>, text: string): Promise<void> {
  const { done, value } = await connections.next();
  assert(done !== true);
  await value.write(new TextEncoder().encode(text));
  value.close();
}

async function readAll(connection: Deno.Conn): Promise<string> {
  return await new Response(connection.readable).text();
}

const localhost = {
  kind: "tcp",
  hostname: "localhost",
  port: 0,
  isFallbackAllowed: false,
} as const;

Deno.test("listen(): localhost is the loopback of both families, and no other address of this machine", async () => {
  using listener = await listen(localhost);
  assert(listener.address.kind === "tcp");
  const { port } = listener.address;
  const connections = listener.connections()[Symbol.asyncIterator]();
  for (const hostname of ["127.0.0.1", "::1"]) {
    let connection: Deno.Conn;
    try {
      connection = await Deno.connect({ hostname, port });
    } catch (error) {
      // A machine without IPv6.
      assert(hostname === "::1", String(error));
      continue;
    }
    const answering = answerOne(connections, "loopback");
    assert.equal(await readAll(connection), "loopback");
    await answering;
  }
  // 127.0.0.2 is this machine too, as its address in a network would be: a listener on all addresses has it.
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.2", port }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("listen(): a socket is its owner's alone, a stale one is replaced, and the end removes it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/db.sock`;
    {
      using listener = await listen({ kind: "unix", path });
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      const connections = listener.connections()[Symbol.asyncIterator]();
      const answering = answerOne(connections, "socket");
      assert.equal(await readAll(await Deno.connect({ transport: "unix", path })), "socket");
      await answering;
      await assert.rejects(listen({ kind: "unix", path }), { kind: "conflict" });
    }
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    // A killed process leaves its socket behind: no one listens there any more. Of a socket that this process closes,
    // one that starts meanwhile in another thread has a copy until it executes its program.
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", `Deno.listen({ transport: "unix", path: Deno.args[0] }); Deno.exit()`, path],
    }).output();
    assert(success && (await Deno.stat(path)).isSocket);
    using _again = await listen({ kind: "unix", path });
    await Deno.writeTextFile(`${folder}/file`, "mine");
    await assert.rejects(listen({ kind: "unix", path: `${folder}/file` }), {
      message: `${folder}/file exists, and is not a socket`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
