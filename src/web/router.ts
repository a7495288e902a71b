/**
 * The routes of `api.ts`: a request that was let in becomes a validated call, and what answers it, or throws, becomes
 * the response. Questions of a change are bound to its request here, so that no route can forget it.
 */
import { type Context, Hono } from "hono";
import type { GenericSchema } from "valibot";
import type { Host } from "../actions/host.ts";
import { Deadline, orAborted } from "../base/abort.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { hint, option } from "../base/hint.ts";
import { toJson } from "../present/json.ts";
import type { Browser } from "./access.ts";
import type { Routes } from "./api.ts";
import { type Asking, Confirmations } from "./confirmations.ts";
import { errorData, httpStatus } from "./errors.ts";
import { eventBody, eventBytes } from "./event_stream.ts";
import { bodyValue, maxBodyBytes, type ReadQuery } from "./requests.ts";

/** Streams at the same time. */
const maxStreams = 1100;

/** A body that hasn't arrived within this time isn't waited for. */
const bodyLimitMs = 10_000;

/** An answer that isn't ready within this time isn't waited for: the page asks again. */
const requestLimitMs = 120_000;

const json = "application/json; charset=utf-8";

/**
 * Routes that are there in read-only mode although they are no reads: those of the browser and of this server's own runs,
 * and those whose commands are judged one by one.
 */
const readOnlyRoutes: ReadonlySet<keyof Routes> = new Set<keyof Routes & `POST ${string}`>([
  ...["POST api/links", "POST api/sign-out", "POST api/workflows/:name/plan"] as const,
  ...["POST api/runs", "POST api/runs/:id/rerun"] as const,
  ...["POST api/runs/:id/cancel", "POST api/runs/:id/answer"] as const,
]);

/** What a route's handler gets. */
export interface Call<R extends keyof Routes> {
  /** The decoded part of the path behind `:`. */
  name: string;
  query: Routes[R] extends { query: infer Q } ? Q : Record<string, never>;
  body: Routes[R] extends { request: infer B } ? B : undefined;
  browser: Browser;
  asking: Asking;
  /** Aborts when the answer is late, the browser is signed out, or the server ends. */
  signal: AbortSignal;
}

/** What it answers. */
export type Answer<R extends keyof Routes> = Routes[R] extends { answer: infer A } ? A : never;

/** What a stream gets. */
export type StreamCall<R extends keyof Routes> =
  & Pick<Call<R>, "name" | "query" | "signal">
  & {
    /** The id of the last event that the client has; 0 for none. */
    after: number;
  };

/** Yields the events of a stream, as they are sent. Its signal aborts when the client is gone. */
export type OpenStream<R extends keyof Routes> = (
  call: StreamCall<R>,
) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>;

type Handle<R extends keyof Routes> = (call: Call<R>) => Promise<Answer<R>> | Answer<R>;

/** The routes of a server. Disposing of it ends its streams, and awaits what its routes have started. */
export class Router implements AsyncDisposable {
  readonly #app = new Hono<{ Variables: { browser: Browser } }>();
  readonly #confirmations: Confirmations;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #streams = 0;

  /** @param base the path that all routes are below. */
  constructor(readonly host: Host, private readonly base: string) {
    this.#confirmations = new Confirmations(host.clock);
    this.#app.onError((error) => this.failure(error));
    this.#app.notFound(({ req }) => {
      const { routes } = this.#app;
      const isKnown = routes.some(({ path }) => path.split("/")[3] === req.path.split("/")[3]);
      const how = isKnown ? "not found, or not by this method" : "not found";
      return errorResponse(404, "notFound", how);
    });
  }

  /** Aborts when the server ends. */
  get ends(): AbortSignal {
    return this.#stop.signal;
  }

  /** Answers a request of a browser that is signed in. */
  async fetch(request: Request, browser: Browser): Promise<Response> {
    try {
      return await this.#app.fetch(request, { browser });
    } catch (error) {
      return this.failure(error);
    }
  }

  /** Awaits something at the server's end, which outlives its request. It has to end with {@link ends}. */
  track(running: Promise<unknown>): void {
    const tracked = running.catch((error: unknown) => void errorData(error, this.host))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** A route that only reads. */
  get<R extends keyof Routes & `GET ${string}`>(
    route: R,
    query: ReadQuery<Call<R>["query"]>,
    handle: Handle<R>,
  ): void {
    this.raw(route, (c) => this.#answer(c, query, handle));
  }

  /** A route whose answer is an event stream; with `handle` only if one is requested. */
  stream<R extends keyof Routes & `GET ${string}`>(
    route: R,
    query: ReadQuery<Call<R>["query"]>,
    open: OpenStream<R>,
    handle?: Handle<R>,
  ): void {
    this.raw(route, async (c) => {
      if (!/\btext\/event-stream\b/.test(c.req.header("accept") ?? "")) {
        if (handle !== undefined) return await this.#answer(c, query, handle);
        throw new UsageError("this is an event stream", { hint: "Accept: text/event-stream" });
      }
      const call = {
        name: nameOf(c),
        query: await query(searchOf(c)),
        after: Number(/^\d{1,15}$/.exec(c.req.header("last-event-id") ?? "0")?.[0] ?? 0),
      };
      return this.#streaming(c, (signal) => open({ ...call, signal } as StreamCall<R>));
    });
  }

  /** A route that may change something: in read-only mode it is refused, unless it is one of {@link readOnlyRoutes}. */
  post<R extends keyof Routes & `POST ${string}`>(
    route: R,
    query: ReadQuery<Call<R>["query"]>,
    body: GenericSchema<unknown, Call<R>["body"]>,
    handle: Handle<R>,
  ): void {
    this.#app.post(this.#path(route), async (c) => {
      // A form, or an image of another page, can't send these: the browser asks this server first, which doesn't answer.
      const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
      if (type !== "application/json" || c.req.header("x-kodama") !== "1") {
        return errorResponse(403, "forbidden", "not a request of the page");
      }
      if (this.host.readOnly && !readOnlyRoutes.has(route)) {
        throw new KodamaError("readOnly", "nothing may be changed through this server", {
          hint: hint`it was started with ${option("readOnly")} or the variable KODAMA_READ_ONLY`,
        });
      }
      using deadline = this.#deadline(c);
      const { signal } = deadline;
      const text = await this.#bodyOf(c, signal);
      if (text === undefined) {
        return errorResponse(413, "usage", `a request has at most ${maxBodyBytes} bytes`);
      }
      const browser = browserOf(c);
      const identity = [browser.id, c.req.method, c.req.url, text];
      const call = {
        name: nameOf(c),
        query: await query(searchOf(c)),
        body: bodyValue(body, text),
        browser,
        asking: this.#confirmations.of(identity, c.req.header("x-kodama-confirm")),
        signal,
      } as Call<R>;
      return jsonResponse(await handle(call));
    });
  }

  /** A route that answers otherwise: a file, a WebSocket. */
  raw(route: `GET ${string}`, handle: (c: Context) => Promise<Response>): void {
    this.#app.get(this.#path(route), handle);
  }

  /** Returns an error as a response. */
  failure(error: unknown): Response {
    return new Response(JSON.stringify({ error: errorData(error, this.host) }), {
      status: httpStatus(error),
      headers: { "content-type": json },
    });
  }

  #path(route: string): string {
    return `${this.base}${route.slice(route.indexOf(" ") + 1).replace(":name", ":id")}`;
  }

  async #answer<R extends keyof Routes>(
    c: Context,
    query: ReadQuery<Call<R>["query"]>,
    handle: Handle<R>,
  ): Promise<Response> {
    using deadline = this.#deadline(c);
    const call = {
      name: nameOf(c),
      query: await query(searchOf(c)),
      body: undefined,
      browser: browserOf(c),
      asking: this.#confirmations.of([], undefined),
      signal: deadline.signal,
    } as Call<R>;
    return jsonResponse(await handle(call));
  }

  /** Returns a body's text; undefined if it is too large. @throws KodamaError `timeout` if it doesn't arrive. */
  async #bodyOf(c: Context, signal: AbortSignal): Promise<string | undefined> {
    if (Number(c.req.header("content-length") ?? 0) > maxBodyBytes) return undefined;
    using deadline = new Deadline(this.host.clock, bodyLimitMs, signal);
    const { body } = c.req.raw;
    if (body === null) return "";
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await orAborted(reader.read(), deadline.signal);
        if (done) return text + decoder.decode();
        bytes += value.length;
        if (bytes > maxBodyBytes) return undefined;
        text += decoder.decode(value, { stream: true });
      }
    } catch (error) {
      if (!deadline.expired) throw error;
      throw new KodamaError("timeout", "the body of the request didn't arrive");
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** A client that is gone meanwhile isn't noticed: Deno's server reports that only to handlers that it warns about. */
  #deadline(c: Context): Deadline {
    const ended = AbortSignal.any([this.#stop.signal, browserOf(c).signal]);
    const late = new KodamaError("timeout", "the cluster didn't answer in time");
    return new Deadline(this.host.clock, requestLimitMs, ended, late);
  }

  /** Answers with an event stream. What throws before its first event is an event too: a stream isn't retried for it. */
  #streaming(
    c: Context,
    open: (signal: AbortSignal) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  ): Response {
    if (this.#streams >= maxStreams) {
      throw new KodamaError("conflict", `${maxStreams} event streams are open`);
    }
    const failed = (error: unknown) => {
      const data = { error: errorData(error, this.host) };
      return eventBytes(JSON.stringify(data), { name: "failed" });
    };
    this.#streams += 1;
    const body = eventBody(open, {
      clock: this.host.clock,
      signal: AbortSignal.any([this.#stop.signal, browserOf(c).signal]),
      failed,
      onEnd: () => this.#streams -= 1,
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  }
}

/** Returns the browser that a request is of. */
export function browserOf(c: Context): Browser {
  return (c.env as { browser: Browser }).browser;
}

/** Returns the parameters behind `?`. */
export function searchOf(c: Context): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

/** Returns an error that isn't one of the program: as JSON, without anything of the request in it. */
export function errorResponse(
  status: number,
  kind: "unauthorized" | "forbidden" | "notFound" | "usage",
  message: string,
): Response {
  return new Response(JSON.stringify({ error: { kind, message } }), {
    status,
    headers: { "content-type": json },
  });
}

function jsonResponse(value: unknown): Response {
  return new Response(JSON.stringify(toJson(value)), { headers: { "content-type": json } });
}

function nameOf(c: Context): string {
  return c.req.param("id") ?? "";
}
