import assert from "node:assert/strict";
import { closedPort } from "../../base/testing/closed_port.ts";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import { type Closable, dialLink, parseProxy, TlsClosers, tunnel } from "./dial_link.ts";
import { MemoryLink } from "../testing/memory_link.ts";

/** A connection that records its calls. */
class Connection implements Closable {
  readonly heard: string[] = [];

  closeWrite(): Promise<void> {
    this.heard.push("goodbye");
    return Promise.reject(new Error("the peer is gone"));
  }

  close(): void {
    this.heard.push("closed");
    throw new Deno.errors.BadResource("closed by its other end");
  }
}

function opened(closers: TlsClosers, count: number) {
  return Array.from({ length: count }, () => {
    const closer = closers.take();
    assert.ok(closer !== undefined);
    return { closer, connection: new Connection() };
  });
}

async function later(clock: ManualClock, ms: number): Promise<void> {
  await clock.runUntil(new Promise<void>((resolve) => clock.timer(ms, resolve)));
}

Deno.test("closing leaves threads for files: what has to wait has said goodbye, and keeps its order", async () => {
  const clock = new ManualClock();
  const closers = new TlsClosers(clock);
  await closers.drained();
  const all = opened(closers, 50);
  for (const { closer, connection } of all) closer.close(connection);
  let settled = false;
  const settling = closers.drained().then(() => settled = true);
  const heard = () => all.map(({ connection }) => connection.heard.join(", "));
  const atOnce = Array.from({ length: 24 }, () => "closed");
  const waiting = Array.from({ length: 26 }, () => "goodbye");
  assert.deepEqual(heard(), [...atOnce, ...waiting]);
  await later(clock, 101);
  const second = Array.from({ length: 24 }, () => "goodbye, closed");
  assert.deepEqual(heard(), [...atOnce, ...second, "goodbye", "goodbye"]);
  assert.equal(settled, false);
  await later(clock, 101);
  assert.deepEqual(heard().slice(-2), ["goodbye, closed", "goodbye, closed"]);
  await settling;
});

Deno.test("there are no more connections than 800, and one more when one is closed or came to nothing", async () => {
  const clock = new ManualClock();
  const closers = new TlsClosers(clock);
  const [first, second] = opened(closers, 800);
  assert.equal(closers.take(), undefined);
  first?.closer.close(first.connection);
  assert.equal(closers.take(), undefined, "its thread sleeps");
  await later(clock, 101);
  opened(closers, 1);
  second?.closer.close();
  opened(closers, 1);
  // Closing twice doesn't free a second slot.
  second?.closer.close();
  first?.closer.close(first.connection);
  await later(clock, 101);
  assert.equal(closers.take(), undefined);
});

const to = { hostname: "api.test", port: 6443 };
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);

Deno.test("an HTTP proxy is asked to connect, with the name and password of its address", async () => {
  const link = new MemoryLink();
  link.give(bytes("HTTP/1.1 200 Conn"), bytes("ection established\r\n\r\n"));
  await tunnel(link, parseProxy("http://jo:p%40w@proxy.test:3128"), to);
  assert.equal(
    text(link.written[0]),
    `CONNECT api.test:6443 HTTP/1.1\r\nHost: api.test:6443\r\nProxy-Authorization: Basic ${
      btoa("jo:p@w")
    }\r\n\r\n`,
  );
});

Deno.test("a refusal of an HTTP proxy is reported", async () => {
  const link = new MemoryLink();
  link.give(bytes("HTTP/1.1 407 Login\r\n\r\n"));
  await assert.rejects(tunnel(link, parseProxy("proxy.test"), to), {
    message: "refused with 407",
  });
});

Deno.test("a proxy that isn't there is what the error of a connection names", async () => {
  const target = { hostname: "api.test", port: 6443, tls: undefined };
  const proxyUrl = `http://jo:secret@127.0.0.1:${closedPort}`;
  const { signal } = new AbortController();
  await assert.rejects(dialLink({ ...target, proxyUrl }, { use: "prompt", signal }), {
    name: "ProxyError",
    proxy: `http://127.0.0.1:${closedPort}`,
  });
});

Deno.test("a SOCKS5 proxy is given the name of the host to look up itself", async () => {
  const link = new MemoryLink();
  const done = tunnel(link, parseProxy("socks5://jo:pw@proxy.test"), to);
  // The answers are split regardless of message boundaries.
  link.give(Uint8Array.of(5, 2, 1), Uint8Array.of(0, 5, 0, 0, 1, 1, 2), Uint8Array.of(3, 4, 0, 80));
  await done;
  assert.deepEqual(link.written.map((part) => [...part]), [
    [5, 1, 2],
    [1, 2, ...bytes("jo"), 2, ...bytes("pw")],
    [5, 1, 0, 3, 8, ...bytes("api.test"), 25, 43],
  ]);
});

Deno.test("a SOCKS5 proxy that can't connect is reported", async () => {
  const link = new MemoryLink();
  const done = tunnel(link, parseProxy("socks5://proxy.test"), to);
  link.give(Uint8Array.of(5, 0), Uint8Array.of(5, 5, 0, 1));
  await assert.rejects(done, { message: "refused with SOCKS reply 5" });
  await quiet();
});

Deno.test("the address of a proxy: its kind and port", () => {
  const read = (address: string) => {
    const { kind, hostname, port } = parseProxy(address);
    return `${kind} ${hostname} ${port}`;
  };
  assert.equal(read("proxy.test:3128"), "http proxy.test 3128");
  assert.equal(read("http://[::1]"), "http ::1 80");
  assert.equal(read("https://proxy.test"), "https proxy.test 443");
  assert.equal(read("socks5h://p"), "socks5 p 1080");
  assert.throws(() => parseProxy("ftp://jo:secret@p:1/"), {
    kind: "config",
    message: 'the proxy "ftp://p:1/" is neither an http, https nor socks5 address',
  });
  assert.throws(() => parseProxy("http://me:50%off@127.0.0.1:1"), {
    kind: "config",
    message:
      'the proxy "http://127.0.0.1:1" has a % in its user name or password that must be written %25',
  });
  assert.throws(() => parseProxy("me:secret@:x"), {
    kind: "config",
    message: /^the proxy ":x" is/,
  });
});
