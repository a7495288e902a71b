import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { frontLimits, passConnections } from "./web_front.ts";

const encoder = new TextEncoder();
const head = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

interface Front {
  clock: ManualClock;
  connect(): Promise<Deno.Conn>;
}

const knownHead = head.replace("\r\n\r\n", "\r\ncookie: known\r\n\r\n");
/** The server doesn't answer it. */
const unanswered = head.replace("GET", "PUT");

/** A front before a server that returns every byte. */
async function withFront(
  use: (front: Front) => Promise<void>,
  changes: Partial<typeof frontLimits> = {},
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-front-" });
  const path = `${folder}/server`;
  const server = Deno.listen({ transport: "unix", path });
  const echoes = (async () => {
    for await (const connection of server) {
      const answered = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(bytes, controller) {
          if (new TextDecoder().decode(bytes) !== unanswered) controller.enqueue(bytes);
        },
      });
      connection.readable.pipeThrough(answered).pipeTo(connection.writable).catch(() => {});
    }
  })();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new ManualClock();
  const stop = new AbortController();
  const limits = { ...frontLimits, connections: 2, ...changes };
  const passing = passConnections(listener, {
    ...{ path, limits, clock, signal: stop.signal },
    isKnown: (head) => head.includes("\r\ncookie: known\r\n"),
  });
  try {
    const { port } = listener.addr as Deno.NetAddr;
    await use({ clock, connect: () => Deno.connect({ hostname: "127.0.0.1", port }) });
  } finally {
    stop.abort();
    await passing;
    server.close();
    await echoes;
    await Deno.remove(folder, { recursive: true });
  }
}

async function readText(connection: Deno.Conn): Promise<string | null> {
  const block = new Uint8Array(1000);
  try {
    const count = await connection.read(block);
    return count === null ? null : new TextDecoder().decode(block.subarray(0, count));
  } catch {
    // It was reset.
    return null;
  }
}

Deno.test("passConnections() ends a connection whose first head doesn't arrive in time", async () => {
  await withFront(async ({ clock, connect }) => {
    using slow = await connect();
    await slow.write(encoder.encode(head.slice(0, 20)));
    await clock.waitedFor(frontLimits.headMs);
    clock.advance(frontLimits.headMs);
    assert.equal(await readText(slow), null);
  });
});

Deno.test("passConnections() passes bytes, and ends a connection without any for long", async () => {
  await withFront(async ({ clock, connect }) => {
    using client = await connect();
    await client.write(encoder.encode(head.slice(0, 20)));
    await client.write(encoder.encode(head.slice(20)));
    assert.equal(await readText(client), head);
    await client.write(encoder.encode("more"));
    assert.equal(await readText(client), "more");
    await clock.waitedFor(frontLimits.idleMs);
    clock.advance(frontLimits.idleMs);
    assert.equal(await readText(client), null);
  });
});

Deno.test("passConnections() ends a connection after its last answer, whatever the client still sends", async () => {
  const status = ["403 Forbidden", "204 No Content", "200 OK", "304 Not Modified"];
  for (const answer of status) {
    await withFront(async ({ clock, connect }) => {
      using client = await connect();
      const last = `HTTP/1.1 ${answer}\r\nConnection: close\r\n\r\n`;
      await client.write(encoder.encode(last));
      assert.equal(await readText(client), last);
      await clock.waitedFor(frontLimits.headMs);
      clock.advance(frontLimits.headMs);
      assert.equal(await readText(client), null);
    });
  }
});

Deno.test("passConnections() takes only a head for the last answer, and no text of a body", async () => {
  await withFront(async ({ clock, connect }) => {
    using client = await connect();
    const text = "HTTP/1.1 200 OK\r\nx: y\r\n\r\na\r\nconnection: close\r\n";
    await client.write(encoder.encode(text));
    assert.equal(await readText(client), text);
    await clock.waitedFor(frontLimits.idleMs);
    clock.advance(frontLimits.headMs);
    await client.write(encoder.encode("more"));
    assert.equal(await readText(client), "more");
  });
});

Deno.test("passConnections() ends a refused connection, whether its request is complete or not", async () => {
  for (const interim of ["", "HTTP/1.1 100 Continue\r\n\r\n"]) {
    await withFront(async ({ clock, connect }) => {
      using client = await connect();
      // The server returns it: this is also its answer.
      const refused = `${interim}HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n`;
      await client.write(encoder.encode(refused));
      assert.equal(await readText(client), refused);
      await clock.waitedFor(frontLimits.headMs);
      clock.advance(frontLimits.headMs);
      assert.equal(await readText(client), null);
    });
  }
});

Deno.test("passConnections() ends the oldest connection without a request, if there are too many", async () => {
  await withFront(async ({ connect }) => {
    using active = await connect();
    await active.write(encoder.encode(head));
    assert.equal(await readText(active), head);
    using silent = await connect();
    using next = await connect();
    assert.equal(await readText(silent), null);
    await next.write(encoder.encode(head));
    assert.equal(await readText(next), head);
    await active.write(encoder.encode("still"));
    assert.equal(await readText(active), "still");
  });
});

Deno.test("passConnections() lets strangers wait for each other, and no client that is signed in", async () => {
  await withFront(async ({ clock, connect }) => {
    using busy = await connect();
    await busy.write(encoder.encode(unanswered));
    await clock.waitedFor(frontLimits.idleMs);
    using waiting = await connect();
    await waiting.write(encoder.encode(head));
    using known = await connect();
    await known.write(encoder.encode(knownHead));
    assert.equal(await readText(known), knownHead);
    busy.close();
    assert.equal(await readText(waiting), head);
  }, { strangers: 1, connections: 3 });
});

Deno.test("passConnections() ends strangers that wait before clients whose request isn't known yet", async () => {
  await withFront(async ({ clock, connect }) => {
    using busy = await connect();
    await busy.write(encoder.encode(unanswered));
    await clock.waitedFor(frontLimits.idleMs);
    using unread = await connect();
    await unread.write(encoder.encode(knownHead.slice(0, 20)));
    using stranger = await connect();
    await stranger.write(encoder.encode(head));
    // Bytes sent after the stranger's request, and returned, were read after it.
    using known = await connect();
    for (const text of [knownHead, "1", "2", "3"]) {
      await known.write(encoder.encode(text));
      assert.equal(await readText(known), text);
    }
    using next = await connect();
    assert.equal(await readText(stranger), null);
    for (const [client, rest] of [[unread, knownHead.slice(20)], [next, knownHead]] as const) {
      await client.write(encoder.encode(rest));
      assert.equal(await readText(client), knownHead);
    }
  }, { strangers: 1, connections: 4 });
});

Deno.test("passConnections() ends what isn't HTTP/1, and surplus connections, and no other", async () => {
  await withFront(async ({ connect }) => {
    using first = await connect();
    await first.write(encoder.encode(head));
    assert.equal(await readText(first), head);
    using other = await connect();
    await other.write(encoder.encode("PRI * HTTP/2.0\r\n\r\n"));
    assert.equal(await readText(other), null);
    using second = await connect();
    await second.write(encoder.encode(head));
    assert.equal(await readText(second), head);
    using third = await connect();
    assert.equal(await readText(third), null);
    await first.write(encoder.encode("still"));
    assert.equal(await readText(first), "still");
  });
});
