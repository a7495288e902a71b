/** Requests to the server of this page, and the streams of its events. */
import type { ErrorAnswer, Routes, WebQuestion } from "../api.ts";
import { outagePolicy, retryDelayMs } from "../../base/retry.ts";
import { EventParser } from "./event_stream.ts";

/** A request that was refused, or couldn't be made. */
export class RequestError extends Error {
  constructor(readonly error: ErrorAnswer["error"], readonly status: number) {
    super(error.message);
  }
}

/** The parts of a request: parts of its path by name, its query, its body. */
export interface Params {
  path?: Readonly<Record<string, string>>;
  query?: object;
  body?: object;
  signal?: AbortSignal;
}

/** The routes with an answer, and those with events. */
export type Answered = {
  [Route in keyof Routes]: Routes[Route] extends { answer: unknown } ? Route : never;
}[keyof Routes];
export type Followed = {
  [Route in keyof Routes]: Routes[Route] extends { event: unknown } ? Route : never;
}[keyof Routes];
/** The answer of a route. */
export type AnswerOf<Route extends keyof Routes> = Routes[Route] extends { answer: infer A } ? A
  : never;
/** The event of a route. */
export type EventOf<Route extends keyof Routes> = Routes[Route] extends { event: infer E } ? E
  : never;

/** Shows a question before a change; resolves to whether it is made. */
export type Asker = (question: WebQuestion) => Promise<boolean>;

let asker: Asker = () => Promise.resolve(false);

/** Sets what shows questions. */
export function onQuestion(ask: Asker): void {
  asker = ask;
}

/** Returns the address of a route, relative to the page's. */
export function addressOf(route: keyof Routes, { path = {}, query = {} }: Params): string {
  const address = route.slice(route.indexOf(" ") + 1)
    .replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(path[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== false) search.append(name, String(one));
    }
  }
  return search.size === 0 ? address : `${address}?${search}`;
}

/**
 * Requests an answer. A change that must be confirmed is confirmed by the user, and then requested again.
 *
 * @throws RequestError, also of kind `unconfirmed`, if the user doesn't confirm it.
 */
export async function call<Route extends Answered>(
  route: Route,
  params: Params = {},
): Promise<AnswerOf<Route>> {
  try {
    return await request(route, params, {});
  } catch (error) {
    if (!(error instanceof RequestError) || error.error.kind !== "unconfirmed") throw error;
    const { question, confirm } = error.error;
    if (question === undefined || confirm === undefined || !await asker(question)) throw error;
    return await request(route, params, { "X-Kodama-Confirm": confirm });
  }
}

async function request<Route extends Answered>(
  route: Route,
  params: Params,
  headers: Record<string, string>,
): Promise<AnswerOf<Route>> {
  const isPost = route.startsWith("POST ");
  const response = await reached(addressOf(route, params), {
    method: isPost ? "POST" : "GET",
    headers: isPost
      ? { "Content-Type": "application/json", "X-Kodama": "1", ...headers }
      : { "Accept": "application/json" },
    ...(isPost ? { body: JSON.stringify(params.body ?? {}) } : {}),
    ...(params.signal === undefined ? {} : { signal: params.signal }),
  });
  return await response.json();
}

/** Fetches; whatever isn't a success is an {@link RequestError}. */
async function reached(address: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...init, redirect: "error", cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const message = "The server can't be reached. Does kodama web still run?";
    throw new RequestError({ kind: "unreachable", message }, 0);
  }
  if (response.ok) return response;
  throw new RequestError(await errorOf(response), response.status);
}

async function errorOf(response: Response): Promise<ErrorAnswer["error"]> {
  try {
    const { error } = await response.json() as ErrorAnswer;
    if (typeof error.message === "string") return error;
  } catch {
    // Not this server's answer, or cut.
  }
  return { kind: "unreachable", message: `The server answered ${response.status}.` };
}

/** What a follower is called with. */
export interface Follower<Event> {
  /** Events that arrived together. */
  onEvents(events: Event[]): void;
  /** The stream is connected, or it broke and is connected again later. */
  onState?(state: StreamState): void;
}

/** The state of a stream; after `ended` and `failed` nothing follows. */
export type StreamState =
  | { kind: "connecting" | "open" | "ended" }
  | { kind: "waiting"; reason: string }
  | { kind: "failed"; error: RequestError };

/** A hidden page gives its connections back: a browser has only six to a server. */
const hiddenMs = 30_000;

/** Follows a stream until the returned function is called; a broken one resumes after its last event. */
export function follow<Route extends Followed>(
  route: Route,
  params: Params,
  follower: Follower<EventOf<Route>>,
): () => void {
  const stopped = new AbortController();
  void new Following(addressOf(route, params), follower as Follower<unknown>, stopped.signal).run();
  return () => stopped.abort();
}

class Following {
  #lastId = "";
  #failures = 0;

  constructor(
    readonly address: string,
    readonly follower: Follower<unknown>,
    readonly signal: AbortSignal,
  ) {}

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      await becomesVisible(this.signal);
      if (this.signal.aborted) return;
      const hidden = new AbortController();
      using _watch = abortIfHidden(hidden);
      try {
        this.follower.onState?.({ kind: "connecting" });
        if (await this.#once(AbortSignal.any([this.signal, hidden.signal]))) return;
      } catch (error) {
        if (this.signal.aborted) return;
        if (hidden.signal.aborted) continue;
        if (!this.#mayRetry(error)) return;
        await delay(
          retryDelayMs(outagePolicy.follow, ++this.#failures, Math.random()),
          this.signal,
        );
      }
    }
  }

  /** Returns whether the stream is over. */
  async #once(signal: AbortSignal): Promise<boolean> {
    const response = await reached(this.address, {
      headers: {
        "Accept": "text/event-stream",
        ...(this.#lastId === "" ? {} : { "Last-Event-ID": this.#lastId }),
      },
      signal,
    });
    this.follower.onState?.({ kind: "open" });
    const parser = new EventParser();
    const body = response.body ?? new Blob().stream();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    // Not every browser can iterate over a stream.
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events: unknown[] = [];
      for (const { name, data, id } of parser.add(part.value)) {
        this.#failures = 0;
        this.#lastId = id;
        if (name === "failed") {
          this.follower.onEvents(events);
          const { error } = JSON.parse(data) as ErrorAnswer;
          this.follower.onState?.({ kind: "failed", error: new RequestError(error, 200) });
          return true;
        }
        if (name === "end") {
          this.follower.onEvents(events);
          this.follower.onState?.({ kind: "ended" });
          return true;
        }
        events.push(JSON.parse(data));
      }
      if (events.length > 0) this.follower.onEvents(events);
    }
    throw new RequestError({ kind: "unreachable", message: "The connection broke." }, 0);
  }

  #mayRetry(error: unknown): boolean {
    const known = error instanceof RequestError
      ? error
      : new RequestError({ kind: "unreachable", message: String(error) }, 0);
    const isTransient = known.status === 0 || known.status === 429 || known.status >= 502;
    this.follower.onState?.(
      isTransient ? { kind: "waiting", reason: known.message } : { kind: "failed", error: known },
    );
    return isTransient;
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

function becomesVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden) return resolve();
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check, { once: true });
  });
}

function abortIfHidden(controller: AbortController): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => controller.abort(), hiddenMs);
  };
  document.addEventListener("visibilitychange", check);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", check);
    },
  };
}
