/**
 * Strangers at the page's server: clients that aren't signed in, never finish, and come back when they are turned away.
 * As a worker, because their work isn't the server's: it gets a {@link StrangersOrder}, and answers when all are there.
 */

/** What the worker is sent. */
export interface StrangersOrder {
  port: number;
  count: number;
}

/** What it answers: how many connections there were so far. */
export interface StrangersReport {
  connections: number;
}

const encoder = new TextEncoder();

/** What a stranger sends at once, and what it sends then, each time after a while. */
interface Stranger {
  start: string;
  then: string;
  /** It doesn't read the answer. */
  deaf?: boolean;
}

const head = (line: string, ...headers: readonly string[]) =>
  [line, "host: 127.0.0.1", ...headers, "", ""].join("\r\n");

/** Each state in which a connection can be for a long time. */
const strangers: readonly Stranger[] = [
  { start: "", then: "" },
  { start: "G", then: "" },
  { start: "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ", then: "x" },
  { start: "\r\n\r\n", then: "G" },
  { start: "\x16\x03\x01\x02\x00\x01", then: "\x00" },
  { start: head("GET / HTTP/1.1"), then: "" },
  { start: head("GET / HTTP/1.1"), then: "GET / HTTP/1.1\r\n" },
  { start: head("GET /favicon.ico HTTP/1.1", "content-length: 1000000"), then: "x" },
  { start: head("POST /sign-in HTTP/1.1", "content-length: 1000000"), then: "x", deaf: true },
  { start: head("POST /w/ HTTP/1.1", "transfer-encoding: chunked") + "fffff\r\n", then: "x" },
  { start: head("POST / HTTP/1.1", "expect: 100-continue", "content-length: 9"), then: "x" },
  { start: head("GET /w/ HTTP/1.1", "connection: upgrade", "upgrade: websocket"), then: "x" },
  { start: head("CONNECT 127.0.0.1:1 HTTP/1.1"), then: "x" },
  { start: head("GET / HTTP/1.0", "connection: keep-alive"), then: "x", deaf: true },
  { start: head("HEAD / HTTP/1.1", "accept: text/event-stream"), then: "x" },
  { start: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", then: "\x00" },
];

const everyMs = 1000;

/** One stranger: it connects again whenever its connection ends. */
async function haunt(port: number, stranger: Stranger, connected: () => void): Promise<never> {
  for (;;) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connected();
      await connection.write(encoder.encode(stranger.start));
      const block = new Uint8Array(1024);
      const ended = stranger.deaf === true ? new Promise<never>(() => {}) : (async () => {
        while (await connection.read(block) !== null);
      })().catch(() => {});
      for (let isOver = false; !isOver;) {
        const passed = new Promise<false>((resolve) => setTimeout(() => resolve(false), everyMs));
        isOver = await Promise.race([ended.then(() => true), passed]);
        if (!isOver) await connection.write(encoder.encode(stranger.then || ""));
      }
    } catch {
      // It was reset, or there was no room.
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** The worker's own side; the types of a page's worker aren't these. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<StrangersOrder>) => void;
  postMessage: (report: StrangersReport) => void;
};

scope.onmessage = ({ data: { port, count } }) => {
  let connections = 0;
  const connected = () => {
    connections++;
    if (connections === count) scope.postMessage({ connections });
  };
  for (let at = 0; at < count; at++) {
    const stranger = strangers[at % strangers.length];
    if (stranger !== undefined) void haunt(port, stranger, connected);
  }
};
