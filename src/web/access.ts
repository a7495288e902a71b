/**
 * Who may use the server: a link that works once, then a cookie. And which requests are let through at all: those that
 * name this server, come from its own page, and aren't too many.
 *
 * A browser sends the cookies of 127.0.0.1 to every port of it, so also to an app that a forward opens. That is why the
 * page is below a path that only this server and its users know: the cookie is sent with no other path.
 */
import type { Clock } from "../base/clock.ts";

/** A link that wasn't opened stops working after this time. */
const linkMs = 10 * 60_000;

/** Links that work at the same time. */
const maxLinks = 16;

/** A browser stays signed in for this time. */
const signedInMs = 12 * 3_600_000;

/** Browsers that are signed in at the same time; the oldest is signed out. */
const maxBrowsers = 32;

/**
 * Requests that are let through at once, and each second after them: of one browser, and of all that aren't signed in.
 */
const rates = { browser: { burst: 300, perSecond: 50 }, strangers: { burst: 60, perSecond: 5 } };

/** A browser that is signed in. */
export interface Browser {
  /** Aborted when it is signed out. */
  readonly signal: AbortSignal;
  /** Identifies it within this process; not a secret. */
  readonly id: string;
}

/** A request that is refused, before anything else is known of it. */
export interface RefusedRequest {
  status: 400 | 401 | 403 | 404 | 421 | 429;
  reason: string;
}

interface KnownBrowser extends Browser {
  end: AbortController;
  endsAtMs: number;
  rate: Rate;
}

/** The access to one server. */
export class Access {
  /** The page's path: `/w/ID/`. */
  readonly base = `/w/${secret(16)}/`;
  readonly #links = new Map<string, number>();
  readonly #browsers = new Map<string, KnownBrowser>();
  readonly #strangers: Rate;
  #hosts: ReadonlySet<string> = new Set();
  #url = "";

  /** @param scheme of the server's addresses. */
  constructor(private readonly clock: Clock, private readonly scheme: "http" | "https") {
    this.#strangers = new Rate(clock, rates.strangers);
  }

  /** Sets the names by which browsers reach the server, the one of its links first, and its port. */
  listens(names: readonly string[], port: number): void {
    const usual = this.scheme === "https" ? 443 : 80;
    const written = (name: string) => name.includes(":") ? `[${name}]` : name.toLowerCase();
    const hosts = names.flatMap((name) => [
      `${written(name)}:${port}`,
      ...(port === usual ? [written(name)] : []),
    ]);
    this.#hosts = new Set(hosts);
    this.#url = `${this.scheme}://${hosts[0]}`;
  }

  /** Returns a link that signs a browser in, once. */
  newLink(): { url: string; expiresAt: Date } {
    const token = secret(32);
    this.#forget(this.#links, maxLinks);
    this.#links.set(token, this.clock.elapsedMs() + linkMs);
    return {
      url: `${this.#url}/sign-in?token=${token}`,
      expiresAt: new Date(this.clock.now().getTime() + linkMs),
    };
  }

  /** Returns the cookie for a link's token; undefined if it was used, has expired or never existed. */
  signIn(token: string): string | undefined {
    // Tokens are compared by a hash table: 256 bits can't be guessed from the time that it takes.
    const endsAtMs = this.#links.get(token);
    this.#links.delete(token);
    if (endsAtMs === undefined || endsAtMs <= this.clock.elapsedMs()) return undefined;
    const key = secret(32);
    const end = new AbortController();
    const expired = [...this.#browsers].filter(([, one]) => this.#isOver(one));
    const surplus = [...this.#browsers].slice(
      0,
      Math.max(0, this.#browsers.size + 1 - maxBrowsers),
    );
    for (const [old] of [...expired, ...surplus]) this.#signOut(old);
    this.#browsers.set(key, {
      id: secret(8),
      end,
      signal: end.signal,
      endsAtMs: this.clock.elapsedMs() + signedInMs,
      rate: new Rate(this.clock, rates.browser),
    });
    return [
      `kodama=${key}`,
      `Path=${this.base}`,
      `Max-Age=${signedInMs / 1000}`,
      "HttpOnly",
      "SameSite=Strict",
      ...(this.scheme === "https" ? ["Secure"] : []),
    ].join("; ");
  }

  /** Ends the access of a browser, with its streams. */
  signOut({ id }: Browser): void {
    for (const [key, one] of this.#browsers) if (one.id === id) this.#signOut(key);
  }

  /**
   * Returns why a request isn't for this server, or isn't from its page; undefined if it is let through. A page of
   * another server can send requests here, and a name of it may lead here (DNS rebinding): both are refused whether or
   * not the request has a cookie.
   */
  refusal(request: Request): RefusedRequest | undefined {
    const { headers, method } = request;
    const host = headers.get("host")?.toLowerCase();
    // The absolute form of a request's target overrides the header, and can differ from it.
    const isOwn = host !== undefined && this.#hosts.has(host) &&
      URL.parse(request.url)?.host === URL.parse(`${this.scheme}://${host}`)?.host;
    if (!isOwn) {
      return { status: 421, reason: "this server isn't known by that name" };
    }
    const origin = headers.get("origin");
    if (origin !== null && origin !== `${this.scheme}://${host}`) {
      return { status: 403, reason: "the request comes from another page" };
    }
    const needsOrigin = method !== "GET" && method !== "HEAD" ||
      headers.get("upgrade") !== null;
    if (origin === null && needsOrigin) {
      return { status: 403, reason: "the request names no page that it comes from" };
    }
    // Absent in requests of programs that aren't browsers. A link of another page may open this one.
    const site = headers.get("sec-fetch-site");
    const isOpened = headers.get("sec-fetch-mode") === "navigate" &&
      headers.get("sec-fetch-dest") === "document";
    if (site !== null && site !== "same-origin" && site !== "none" && !isOpened) {
      return { status: 403, reason: "the request comes from another page" };
    }
    return undefined;
  }

  /** Returns whether another request of a browser, or of one that isn't signed in, is too many. */
  isTooMany(browser: Browser | undefined): boolean {
    const known = [...this.#browsers.values()].find((one) => one === browser);
    return !(known?.rate ?? this.#strangers).take();
  }

  /** Returns the browser that a request's cookie belongs to; undefined if it isn't signed in. */
  browserOf(request: Request): Browser | undefined {
    return this.#browserOf(request.headers.get("cookie") ?? "");
  }

  /** Returns whether the head of a request is of a browser that is signed in. */
  knows(head: string): boolean {
    return [...head.matchAll(/^cookie:(.*)$/gim)]
      .some(([, cookies = ""]) => this.#browserOf(cookies) !== undefined);
  }

  #browserOf(cookies: string): Browser | undefined {
    for (const part of cookies.split(";")) {
      const [name, value = ""] = part.trim().split("=", 2);
      const known = name === "kodama" ? this.#browsers.get(value) : undefined;
      if (known !== undefined && !this.#isOver(known)) return known;
    }
    return undefined;
  }

  #isOver({ endsAtMs }: KnownBrowser): boolean {
    return endsAtMs <= this.clock.elapsedMs();
  }

  #signOut(key: string): void {
    this.#browsers.get(key)?.end.abort();
    this.#browsers.delete(key);
  }

  /** Removes what has expired, and the oldest if there would be too many. */
  #forget(links: Map<string, number>, most: number): void {
    const now = this.clock.elapsedMs();
    for (const [token, endsAtMs] of links) {
      if (endsAtMs <= now || links.size >= most) links.delete(token);
    }
  }
}

/** Requests within a rate: a bucket that fills again. */
class Rate {
  #tokens: number;
  #atMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly limit: { burst: number; perSecond: number },
  ) {
    this.#tokens = limit.burst;
    this.#atMs = clock.elapsedMs();
  }

  /** Returns false if there were too many. */
  take(): boolean {
    const now = this.clock.elapsedMs();
    const { burst, perSecond } = this.limit;
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#atMs) / 1000 * perSecond);
    this.#atMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Returns random bytes as text. */
function secret(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
