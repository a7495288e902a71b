/**
 * The server of `kodama web`: who is let in, and with which headers. What is answered then is by the routes of
 * `api.ts`: the same actions as those of every other front end, with the rights of the user's kubeconfig.
 *
 * Everything from pods, logs and other people's objects is sent as JSON that no browser takes for anything else; the page
 * shows it as text.
 */
import type { Context } from "hono";
import type { Host } from "../actions/host.ts";
import { Access, type Browser, type RefusedRequest } from "./access.ts";
import type { About } from "./api.ts";
import { addAgentRoutes } from "./agent_routes.ts";
import { Metrics } from "./metrics.ts";
import { addPodRoutes } from "./pod_routes.ts";
import { bodies, queries } from "./requests.ts";
import { errorResponse, Router } from "./router.ts";
import { addRunRoutes } from "./run_routes.ts";
import { addSessionRoutes } from "./session_routes.ts";
import type { Socket } from "./terminal.ts";

/** A file of the page. */
export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** The encoding of `bytes`; absent if they aren't compressed. */
  encoding?: "gzip";
}

/** What the server is given. */
export interface WebOptions {
  host: Host;
  version: string;
  /** `https` if the connections are. */
  scheme: "http" | "https";
  /** Returns a file of the built page: `index.html`, `assets/NAME`; undefined if there is none. */
  page: (path: string, gzip: boolean) => Promise<PageFile | undefined>;
  /** Answers the request for a WebSocket. */
  upgrade: (request: Request) => { socket: Socket; response: Response };
  /** What a scraper of `/metrics` has to send; without it there are none. */
  metricsToken?: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/** The policy of the page: it loads nothing from anywhere else, and no text of a pod becomes a script. */
const pagePolicy = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "img-src", "font-src"].map((one) =>
    `${one} 'self'`
  ),
  ...["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"],
].join("; ");

/** The policy of everything else, which loads nothing. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

const headers = {
  "content-security-policy": dataPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-store",
};

/** The server. Disposing of it ends its runs and streams. */
export class WebServer implements AsyncDisposable {
  readonly access: Access;
  readonly #router: Router;
  readonly #metrics: Metrics | undefined;
  readonly #parts: readonly AsyncDisposable[];

  constructor(private readonly options: WebOptions) {
    const { host, scheme } = options;
    this.access = new Access(host.clock, scheme);
    this.#router = new Router(host, this.access.base);
    const { metricsToken: token } = options;
    this.#metrics = token === undefined ? undefined : new Metrics(host, token, this.#router.ends);
    this.#ownRoutes();
    this.#parts = [addSessionRoutes(this.#router), addRunRoutes(this.#router)];
    addAgentRoutes(this.#router);
    addPodRoutes(this.#router, options.upgrade);
  }

  /** Answers a request. */
  async handle(request: Request): Promise<Response> {
    const response = await this.#answer(request).catch((error: unknown) =>
      onlyOne(this.#router.failure(error))
    );
    if (response.status === 101) return response;
    for (const [name, value] of Object.entries(headers)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [this.#router, ...this.#parts];
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
  }

  async #answer(request: Request): Promise<Response> {
    const { access } = this;
    const refusal = access.refusal(request);
    if (refusal !== undefined) return onlyOne(refused(refusal));
    const browser = access.browserOf(request);
    const response = await this.#answerOf(request, browser);
    return browser === undefined ? onlyOne(response) : response;
  }

  async #answerOf(request: Request, browser: Browser | undefined): Promise<Response> {
    const { access } = this;
    if (access.isTooMany(browser)) {
      const response = refused({ status: 429, reason: "too many requests" });
      response.headers.set("retry-after", "1");
      return response;
    }
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/metrics" && this.#metrics !== undefined) {
      return await this.#scrape(this.#metrics, request, searchParams);
    }
    // Browsers request it for pages that name no icon: those of this server that aren't the page.
    if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
    if (pathname === "/sign-in") return this.#signIn(request, searchParams.get("token"));
    if (!pathname.startsWith(access.base)) {
      return pathname === "/"
        ? document(401, "Open the link that this server has printed in its terminal.")
        : refused({ status: 404, reason: "not found" });
    }
    if (browser === undefined) {
      return pathname === access.base
        ? document(401, "This browser is not signed in. Open a new link of this server.")
        : refused({ status: 401, reason: "not signed in" });
    }
    return await this.#router.fetch(request, browser);
  }

  async #scrape(metrics: Metrics, request: Request, search: URLSearchParams): Promise<Response> {
    if (!await metrics.isAllowed(request)) {
      const response = refused({ status: 401, reason: "no token for the metrics" });
      response.headers.set("www-authenticate", "Bearer");
      return response;
    }
    try {
      return await metrics.answer(search);
    } catch (error) {
      return this.#router.failure(error);
    }
  }

  /** Signs in, once for each link. A link that is only looked at (HEAD) isn't used up. */
  #signIn({ method }: Request, token: string | null): Response {
    if (method !== "GET") return refused({ status: 404, reason: "not found" });
    const cookie = token === null ? undefined : this.access.signIn(token);
    if (cookie === undefined) {
      return document(401, "This link was used already, or has expired. Open a new one.");
    }
    // Not a redirect: after a link of another page, or of a mail, that would still be a request of the other page, which
    // browsers send without the cookie.
    const { base } = this.access;
    const response = document(200, `<a href="${base}">Signed in.</a>`, base);
    response.headers.set("set-cookie", cookie);
    return response;
  }

  /** The routes of the page's files, and of the server itself. */
  #ownRoutes(): void {
    const router = this.#router;
    router.raw("GET ", (c) => this.#file(c, "index.html"));
    router.raw("GET assets/:name", (c) => this.#file(c, `assets/${c.req.param("id")}`));
    router.get("GET api/about", queries.none, async () => await this.#about());
    router.post("POST api/links", queries.none, bodies.empty, () => {
      const { url, expiresAt } = this.access.newLink();
      return { url, expiresAt: expiresAt.toISOString() };
    });
    router.post("POST api/sign-out", queries.none, bodies.empty, ({ browser }) => {
      this.access.signOut(browser);
      return {};
    });
  }

  async #file(c: Context, path: string): Promise<Response> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    // No name of a file of the page has anything else: no separators, no dots but the last.
    const ending = /^[\w-]+\.([a-z\d]+)$/.exec(name)?.[1] ?? "";
    const type = contentTypes[ending];
    const accepted = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    const file = type === undefined ? undefined : await this.options.page(path, accepted);
    if (type === undefined || file === undefined) {
      return refused({ status: 404, reason: "not found" });
    }
    return new Response(file.bytes, {
      headers: {
        "content-type": type,
        "content-security-policy": pagePolicy,
        ...(file.encoding === undefined ? {} : { "content-encoding": file.encoding }),
        "vary": "accept-encoding",
        // The names of assets have a hash of their contents.
        ...(path.startsWith("assets/")
          ? { "cache-control": "private, max-age=31536000, immutable" }
          : {}),
      },
    });
  }

  async #about(): Promise<About> {
    const { host, version } = this.options;
    const contexts = await host.contexts();
    const current = contexts.find((one) => one.current);
    const client = current === undefined ? undefined : await host.kube(current.name);
    return {
      version,
      context: current?.name ?? "",
      contexts: contexts.map(({ name }) => name),
      namespace: client?.defaultNamespace ?? "default",
      readOnly: host.readOnly,
    };
  }
}

/** Answers with an error that no page shows. */
function refused({ status, reason }: RefusedRequest): Response {
  const kind = status === 401
    ? "unauthorized"
    : status === 404
    ? "notFound"
    : status === 400
    ? "usage"
    : "forbidden";
  return errorResponse(status, kind, reason);
}

/** The connection isn't used again: a client that isn't signed in has no second request to be slow with. */
function onlyOne(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

/** A page for a person without the page: it has no script, and nothing of the request. */
function document(status: number, text: string, next?: string): Response {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8">` +
    (next === undefined ? "" : `<meta http-equiv="refresh" content="0;url=${next}">`) +
    `<meta name="viewport" content="width=device-width"><title>kodama</title><p>${text}</p></html>`;
  return new Response(html, {
    status,
    headers: { "content-type": contentTypes["html"] ?? "", "content-security-policy": pagePolicy },
  });
}
