/** The server of `kodama web` in the test's process, and a browser that is signed in. */
import assert from "node:assert/strict";
import type { Host } from "../../src/actions/host.ts";
import { serveWeb } from "../../src/host/web.ts";

/** The server, as the page uses it. Disposing of it ends it. */
export interface ServedPage extends AsyncDisposable {
  /** Where it is, with the port. */
  readonly origin: URL;
  /** `/w/ID/`. */
  readonly base: string;
  readonly cookie: string;
  newLink(): URL;
  // deno-lint-ignore no-explicit-any -- a test asserts what it reads
  get(path: string): Promise<any>;
  /** Returns the answer, whose status has to be this. @param confirm the token of a question that is confirmed. */
  // deno-lint-ignore no-explicit-any -- a test asserts what it reads
  post(path: string, body: unknown, status?: number, confirm?: string): Promise<any>;
  /** Yields the events of a stream until its end. */
  events<T>(path: string): AsyncGenerator<T, void>;
  socket(path: string): WebSocket;
}

/** Starts it. */
export async function servedPage(
  host: Host,
  options: { metricsToken?: string } = {},
): Promise<ServedPage> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<() => { url: string }>();
  const serving = serveWeb({
    ...options,
    host,
    port: 0,
    address: "127.0.0.1",
    names: ["127.0.0.1", "localhost"],
    open: false,
    onListen: listening.resolve,
    signal: stop.signal,
  });
  const link = await Promise.race([listening.promise, serving.then(() => undefined)]);
  assert.ok(link);
  const newLink = () => new URL(link().url);
  const signIn = await fetch(newLink());
  await signIn.body?.cancel();
  const set = signIn.headers.get("set-cookie") ?? "";
  const [, cookie = "", base = "", attributes = ""] =
    /^(kodama=\w{64}); Path=(\/w\/\w+\/);(.*)$/.exec(set) ?? [];
  assert.match(attributes, /HttpOnly; SameSite=Strict/);
  const { origin } = newLink();
  const address = (path: string) => new URL(path, `${origin}${base}`);
  return {
    origin: new URL(origin),
    base,
    cookie,
    newLink,
    async get(path) {
      const answer = await fetch(address(path), { headers: { cookie } });
      assert.equal(answer.status, 200, path);
      return await answer.json();
    },
    async post(path, body, status = 200, confirm) {
      const headers = {
        ...{ cookie, origin, "content-type": "application/json", "x-kodama": "1" },
        ...(confirm === undefined ? {} : { "x-kodama-confirm": confirm }),
      };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      const answer = await fetch(address(path), init);
      const text = await answer.text();
      assert.equal(answer.status, status, text);
      return JSON.parse(text);
    },
    async *events<T>(path: string) {
      const headers = { cookie, accept: "text/event-stream" };
      const answer = await fetch(address(path), { headers });
      assert.equal(answer.status, 200, path);
      let text = "";
      for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const parts = (text + chunk).split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) {
          const data = part.split("\n").find((line) => line.startsWith("data: "));
          if (data !== undefined && !part.startsWith("event: ")) {
            yield JSON.parse(data.slice(6)) as T;
          }
        }
      }
    },
    socket: (path) =>
      new WebSocket(`${address(path)}`.replace(/^http/, "ws"), { headers: { cookie, origin } }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await serving;
    },
  };
}
