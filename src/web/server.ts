/**
 * The server of `kodama web`: HTTP requests to answers. It offers what `api.ts` describes, to browsers that are signed in
 * (`access.ts`), by the same actions as every other front end, with the rights of the user's kubeconfig.
 *
 * Everything from pods, logs and other people's objects is sent as JSON that no browser takes for anything else; the page
 * shows it as text.
 */
import { type Context, Hono } from "hono";
import type { GenericSchema } from "valibot";
import { eventData } from "../present/agent_events.ts";
import { taskData } from "../present/agent_tasks.ts";
import { toJson } from "../present/json.ts";
import { notesOn } from "../present/logs_painter.ts";
import { podData } from "../present/pods_table.ts";
import { failedContextText, skippedPodTexts } from "../present/run_notes.ts";
import { sessionData } from "../present/session_text.ts";
import { workflowLines } from "../present/workflow_text.ts";
import { followTask } from "../actions/agent/follow.ts";
import { interruptTask, readTasks, startTask } from "../actions/agent/tasks.ts";
import { findSession } from "../actions/find_session.ts";
import type { Host } from "../actions/host.ts";
import { type LogsOptions, stampOf, textOf } from "../actions/logs/events.ts";
import { logs } from "../actions/logs/logs.ts";
import { listPods } from "../actions/pick/list_pods.ts";
import { sessionDiff } from "../actions/session/diff.ts";
import { get as getSession } from "../actions/session/get.ts";
import { list as listSessions } from "../actions/session/list.ts";
import { resume } from "../actions/session/resume.ts";
import { planStop } from "../actions/session/stop.ts";
import { listWorkflows, paramsSchema, readWorkflow } from "../actions/workflow/files.ts";
import { planSteps } from "../actions/workflow/run_steps.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { Deadline, orAborted } from "../base/abort.ts";
import { Access, type Browser, type Refusal } from "./access.ts";
import type { Api, LogEvent, LogQuery, Scope, SessionDetailsData } from "./api.ts";
import { type Asking, Confirmations } from "./confirmations.ts";
import { errorData, statusOf } from "./errors.ts";
import { eventBody, eventBytes } from "./event_stream.ts";
import {
  bodies,
  maxBodyBytes,
  paramTexts,
  queries,
  type QuerySchema,
  readBody,
  readQuery,
  selectionOf,
} from "./requests.ts";
import { Runs } from "./runs.ts";
import { SessionFeeds } from "./sessions_feed.ts";
import { serveTerminal, type Socket } from "./terminal.ts";

/** A file of the page. */
export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** Of `bytes`; absent if they aren't compressed. */
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
}

/** Streams and terminals at the same time. */
export const limits = { streams: 1100, terminals: 16 };

/** A body that hasn't arrived within this time isn't waited for. */
const bodyLimitMs = 10_000;

/** An answer that isn't ready within this time isn't waited for: the page asks again. */
const requestLimitMs = 120_000;

/** A stop, and a start, may take this long. */
const podLimitMs = 60_000;

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

const json = "application/json; charset=utf-8";

/** Of the page: it loads nothing from anywhere else, and no text of a pod becomes a script. */
const pagePolicy = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "img-src", "font-src"].map((one) =>
    `${one} 'self'`
  ),
  ...["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"],
].join("; ");

/** Of everything else: nothing. */
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

/** What a route's handler gets. */
interface Call<R extends keyof Api> {
  /** A decoded part of the path. */
  name: string;
  query: Api[R] extends { query: infer Q } ? Q : Record<string, never>;
  body: Api[R] extends { request: infer B } ? B : undefined;
  browser: Browser;
  asking: Asking;
  /** Aborts when the client is gone, or the server ends. */
  signal: AbortSignal;
}

type Answer<R extends keyof Api> = Api[R] extends { answer: infer A } ? A : never;

/** The server. Disposing of it ends its runs and streams. */
export class WebServer implements AsyncDisposable {
  readonly access: Access;
  readonly #options: WebOptions;
  readonly #app = new Hono<{ Variables: { browser: Browser } }>();
  readonly #runs: Runs;
  readonly #feeds: SessionFeeds;
  readonly #confirmations: Confirmations;
  readonly #stop = new AbortController();
  readonly #ending = new Set<Promise<unknown>>();
  #streams = 0;
  #terminals = 0;

  constructor(options: WebOptions) {
    const { host, scheme } = options;
    this.#options = options;
    this.access = new Access(host.clock, scheme);
    this.#runs = new Runs(host);
    this.#feeds = new SessionFeeds(host);
    this.#confirmations = new Confirmations(host.clock);
    this.#routes();
  }

  /** Answers a request. */
  async handle(request: Request): Promise<Response> {
    const response = await this.#answer(request);
    if (response.status === 101) return response;
    for (const [name, value] of Object.entries(headers)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#runs.end(), this.#feeds.end(), ...this.#ending]);
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
    try {
      return await this.#app.fetch(request, { browser });
    } catch (error) {
      return this.#failure(error);
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

  #failure(error: unknown): Response {
    const data = { error: errorData(error, this.#options.host) };
    return new Response(JSON.stringify(data), {
      status: statusOf(error),
      headers: { "content-type": json },
    });
  }

  #routes(): void {
    const { access, host } = this;
    const app = this.#app;
    app.onError((error) => this.#failure(error));
    app.notFound((c) => {
      const known = app.routes.some(({ path }) => path.split("/")[3] === c.req.path.split("/")[3]);
      return refused({
        status: 404,
        reason: known ? "not found, or not by this method" : "not found",
      });
    });
    app.get(access.base, (c) => this.#file(c, "index.html"));
    app.get(`${access.base}assets/:name`, (c) => this.#file(c, `assets/${c.req.param("name")}`));

    this.#get("GET api/about", queries.none, async () => await this.#about());
    this.#post("POST api/links", queries.none, bodies.empty, () => {
      const { url, expiresAt } = access.newLink();
      return Promise.resolve({ url, expiresAt: expiresAt.toISOString() });
    });
    this.#post("POST api/sign-out", queries.none, bodies.empty, ({ browser }) => {
      access.signOut(browser);
      return Promise.resolve({});
    });

    app.get(this.#path("api/sessions"), async (c) => {
      const scope = await readQuery(queries.list, searchOf(c));
      if (isStream(c)) {
        return this.#stream(c, (signal) => {
          const feed = this.#feeds.open(scope, signal);
          if (feed !== undefined) return feed;
          throw new KodamaError("conflict", "too many namespaces are followed");
        });
      }
      using deadline = this.#deadline(c);
      const { allNamespaces = false, ...where } = scope;
      const options = { ...where, allNamespaces, tasks: true };
      const listed = await listSessions(host, options, deadline.signal);
      return this.#json({
        context: listed.context,
        namespace: listed.namespace ?? null,
        sessions: listed.rows.map(sessionData),
      });
    });
    this.#get("GET api/sessions/:name", queries.scope, async ({ name, query, signal }) => {
      const details = await getSession(host, { name, ...query }, signal);
      const { restarts, work, tasks } = details;
      return {
        ...sessionData({ kind: "session", ...details }),
        restarts,
        ...definedOnly({ work, tasks: tasks?.map(taskData) }),
      } as SessionDetailsData;
    });
    this.#get("GET api/sessions/:name/diff", queries.scope, async ({ name, query, signal }) => {
      const { untracked, ...diff } = await sessionDiff(host, { name, ...query }, signal);
      return { ...diff, untracked: [...untracked] };
    });
    this.#get("GET api/sessions/:name/tasks", queries.scope, async ({ name, query, signal }) => {
      const { target } = await findSession(host, { name, ...query }, signal);
      return { tasks: (await readTasks(host, target, { newest: 100, signal })).map(taskData) };
    });
    app.get(this.#path("api/sessions/:name/log"), async (c) => {
      const { task, ...scope } = await readQuery(queries.log, searchOf(c));
      const name = nameOf(c);
      return this.#stream(c, (signal) => this.#agentLog({ name, ...scope }, task, signal));
    });
    this.#post(
      "POST api/sessions/:name/prompt",
      queries.scope,
      bodies.prompt,
      async ({ name, query, body: { text, conversation }, signal }) => {
        const { target } = await findSession(host, { name, ...query }, signal);
        const { number, continues, behind } = await startTask(host, target, {
          adapter: "claude",
          prompt: text,
          ...definedOnly({ conversation }),
          signal,
        });
        return { task: number, ...definedOnly({ continues }), behind: [...behind] };
      },
    );
    this.#post(
      "POST api/sessions/:name/interrupt",
      queries.scope,
      bodies.interrupt,
      async ({ name, query, body: { task }, signal }) => {
        const { target } = await findSession(host, { name, ...query }, signal);
        const options = { ...definedOnly({ number: task }), signal };
        return { task: (await interruptTask(host, target, options)).number };
      },
    );
    this.#post(
      "POST api/sessions/:name/stop",
      queries.scope,
      bodies.empty,
      async ({ name, query, asking, signal }) => {
        const options = { name, ...query, endTimeoutMs: podLimitMs, signal };
        const { plan, run } = await planStop(host, options, { checkTasks: true });
        const { otherOwner, workingTask } = plan;
        const reasons = [
          ...(otherOwner === undefined ? [] : [`session "${name}" belongs to ${otherOwner}`]),
          ...(workingTask === undefined
            ? []
            : [`its agent works on task ${workingTask}, which fails then`]),
        ];
        if (reasons.length > 0) await asking.ask({ kind: "stop", text: reasons.join("\n") });
        await run();
        return {};
      },
    );
    this.#post(
      "POST api/sessions/:name/resume",
      queries.scope,
      bodies.empty,
      async ({ name, query }) => await this.#resume({ name, ...query }),
    );

    this.#get("GET api/pods", queries.selection, async ({ query, signal }) => {
      const selected = selectionOf(query, { allPhases: true });
      const answer: Answer<"GET api/pods"> = { pods: [], notes: [] };
      for await (const event of listPods(host, { ...selected, signal })) {
        if (event.kind === "contextFailed") answer.notes.push(failedContextText(event));
        else {
          const pods = event.targets.map((target, index) => ({
            target,
            state: event.states[index],
          }));
          answer.pods.push(...pods.map(podData));
          answer.notes.push(...skippedPodTexts(event));
        }
      }
      return answer;
    });
    app.get(this.#path("api/logs"), async (c) => {
      const options = logsOptions(await readQuery(queries.logs, searchOf(c)));
      return this.#stream(c, (signal) => this.#logs({ ...options, signal }));
    });

    this.#get("GET api/workflows", queries.none, async () => ({
      workflows: (await listWorkflows(host)).map(({ path: _, params, ...one }) => ({
        ...one,
        params: [...params],
      })),
    }));
    this.#get("GET api/workflows/:name", queries.none, async ({ name }) => {
      const { path: _, params, ...listed } = await this.#listedWorkflow(name);
      const { workflow } = await readWorkflow(host, name);
      return {
        ...listed,
        params: [...params],
        parameters: paramsSchema(workflow),
        text: workflowLines(workflow).join("\n"),
      };
    });
    this.#post(
      "POST api/workflows/:name/plan",
      queries.none,
      bodies.workflowValues,
      async ({ name, body: { params = {}, selection }, signal }) => {
        await this.#listedWorkflow(name);
        const overrides = selection === undefined
          ? {}
          : selectionOf(selection, { allPhases: false });
        const options = { workflow: name, params: paramTexts(params), overrides, signal };
        return toJson(await planSteps(host, options)) as Answer<"POST api/workflows/:name/plan">;
      },
    );

    this.#get(
      "GET api/runs",
      queries.runs,
      async ({ query: { limit = 50 } }) => await this.#runs.list(limit),
    );
    this.#post("POST api/runs", queries.none, bodies.startRun, async ({ body, asking, signal }) => {
      if (body.kind === "workflow") await this.#listedWorkflow(body.workflow);
      return { id: await this.#runs.start(body, asking, signal) };
    });
    this.#get("GET api/runs/:id", queries.none, async ({ name }) => await this.#runs.details(name));
    app.get(this.#path("api/runs/:id/events"), async (c) => {
      await readQuery(queries.none, searchOf(c));
      const after = Number(/^\d{1,15}$/.exec(c.req.header("last-event-id") ?? "0")?.[0] ?? 0);
      const id = nameOf(c);
      return this.#stream(c, (signal) => this.#runEvents(id, after, signal));
    });
    this.#post(
      "POST api/runs/:id/rerun",
      queries.none,
      bodies.rerun,
      async ({ name, body, ...call }) => ({ id: await this.#runs.rerun(name, body, call) }),
    );
    this.#post("POST api/runs/:id/cancel", queries.none, bodies.empty, ({ name }) => {
      this.#runs.cancel(name);
      return Promise.resolve({});
    });
    this.#post("POST api/runs/:id/answer", queries.none, bodies.answer, ({ name, body }) => {
      this.#runs.answer(name, body);
      return Promise.resolve({});
    });

    this.#get("GET api/forwards", queries.none, async () => {
      const control = await host.forwards();
      const reports = await Promise.all((await control.names()).map((one) => control.read(one)));
      const forwards = reports.filter((one) => one !== undefined);
      return { forwards: toJson(forwards) as Answer<"GET api/forwards">["forwards"] };
    });
    this.#post(
      "POST api/forwards/:name/stop",
      queries.none,
      bodies.empty,
      async ({ name, signal }) => {
        const control = await host.forwards();
        if (!(await control.names()).includes(name)) {
          throw new KodamaError("notFound", `there is no forward "${name}"`);
        }
        await control.stop(name, signal);
        return {};
      },
    );

    app.get(this.#path("api/terminal"), async (c) => {
      const query = await readQuery(queries.terminal, searchOf(c));
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
        throw new UsageError("a terminal is a WebSocket");
      }
      if (this.#terminals >= limits.terminals) {
        throw new KodamaError("conflict", `${limits.terminals} terminals are open`);
      }
      const { socket, response } = this.#options.upgrade(c.req.raw);
      this.#terminals += 1;
      const signal = AbortSignal.any([this.#stop.signal, browserOf(c).signal]);
      const ended = serveTerminal(host, query, { socket, signal }).finally(() => {
        this.#terminals -= 1;
        this.#ending.delete(ended);
      });
      this.#ending.add(ended);
      ended.catch((error: unknown) => void errorData(error, host));
      return response;
    });
  }

  get host(): Host {
    return this.#options.host;
  }

  /* Routes. */

  #path(path: string): string {
    return `${this.access.base}${path.replace(":name", ":id")}`;
  }

  #get<R extends keyof Api & `GET ${string}`>(
    route: R,
    query: QuerySchema<Call<R>["query"]>,
    handle: (call: Call<R>) => Promise<Answer<R>>,
  ): void {
    this.#app.get(this.#path(route.slice("GET ".length)), async (c) => {
      using deadline = this.#deadline(c);
      const call = {
        name: nameOf(c),
        query: await readQuery(query, searchOf(c)),
        body: undefined,
        browser: browserOf(c),
        asking: this.#confirmations.of([], undefined),
        signal: deadline.signal,
      } as Call<R>;
      return this.#json(await handle(call));
    });
  }

  #post<R extends keyof Api & `POST ${string}`>(
    route: R,
    query: QuerySchema<Call<R>["query"]>,
    body: GenericSchema<unknown, Call<R>["body"]>,
    handle: (call: Call<R>) => Promise<Answer<R>>,
  ): void {
    this.#app.post(this.#path(route.slice("POST ".length)), async (c) => {
      // A form, or an image of another page, can't send these: the browser asks this server first, which doesn't answer.
      const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
      if (type !== "application/json" || c.req.header("x-kodama") !== "1") {
        return refused({ status: 403, reason: "not a request of the page" });
      }
      using deadline = this.#deadline(c);
      const { signal } = deadline;
      const text = await this.#bodyOf(c, signal);
      if (text === undefined) return tooLarge();
      const browser = browserOf(c);
      const identity = [browser.id, c.req.method, c.req.url, text];
      const call = {
        name: nameOf(c),
        query: await readQuery(query, searchOf(c)),
        body: readBody(body, text),
        browser,
        asking: this.#confirmations.of(identity, c.req.header("x-kodama-confirm")),
        signal,
      } as Call<R>;
      return this.#json(await handle(call));
    });
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

  #json(value: unknown): Response {
    return new Response(JSON.stringify(toJson(value)), { headers: { "content-type": json } });
  }

  /** A client that is gone meanwhile isn't noticed: Deno's server reports that only to handlers that it warns about. */
  #deadline(c: Context): Deadline {
    const ended = AbortSignal.any([this.#stop.signal, browserOf(c).signal]);
    const late = new KodamaError("timeout", "the cluster didn't answer in time");
    return new Deadline(this.host.clock, requestLimitMs, ended, late);
  }

  /** Answers with an event stream. What throws before its first event is an event too: a stream isn't retried for it. */
  #stream(
    c: Context,
    open: (signal: AbortSignal) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  ): Response {
    if (!isStream(c)) {
      throw new UsageError("this is an event stream", { hint: "Accept: text/event-stream" });
    }
    if (this.#streams >= limits.streams) {
      throw new KodamaError("conflict", `${limits.streams} event streams are open`);
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

  async #file(c: Context, path: string): Promise<Response> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    // No name of a file of the page has anything else: no separators, no dots but the last.
    const ending = /^[\w-]+\.([a-z\d]+)$/.exec(name)?.[1] ?? "";
    const type = contentTypes[ending];
    const accepted = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    const file = type === undefined ? undefined : await this.#options.page(path, accepted);
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

  /* Answers. */

  async #about(): Promise<Answer<"GET api/about">> {
    const { host, version } = { host: this.host, version: this.#options.version };
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

  /** A name and not a path: the listed files are what a page may run. */
  async #listedWorkflow(name: string) {
    const all = await listWorkflows(this.host);
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const near = await didYouMean(name, all.map((one) => one.name));
    throw new KodamaError("notFound", `no workflow "${name}"${near}`);
  }

  async *#agentLog(
    ref: Scope & { name: string },
    task: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const { target } = await findSession(this.host, ref, signal);
    const options = { ...definedOnly({ number: task }), signal };
    for await (const event of followTask(this.host, target, options)) {
      yield eventBytes(JSON.stringify(toJson(eventData(event))));
    }
  }

  async *#logs(options: LogsOptions): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const names: string[] = [];
    const send = (event: LogEvent) => eventBytes(JSON.stringify(event));
    for await (const event of logs(this.host, options)) {
      if (event.kind === "lines") {
        yield send({
          kind: "lines",
          lines: event.lines.map((line) => [line.source, stampOf(line), textOf(line)]),
        });
        continue;
      }
      if (event.kind === "sourcesAdded") {
        names.push(...event.names);
        const sources = event.sources.map(({ context, namespace, pod, container }, index) => ({
          name: event.names[index] ?? pod,
          ...{ context, namespace, pod, container },
        }));
        yield send({ kind: "sources", sources });
      }
      for (const { text } of notesOn(event, names, { moreRequests: "narrow the selection" })) {
        yield send({ kind: "note", text });
      }
    }
  }

  async *#runEvents(
    id: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for await (const event of this.#runs.events(id, after, signal)) {
      const text = "text" in event
        ? event.text
        : JSON.stringify({ kind: "omitted", events: event.omitted });
      yield eventBytes(text, { id: event.id });
    }
  }

  /** Starts it, and answers when its pod is requested; the start continues. */
  async #resume(ref: Scope & { name: string }): Promise<Answer<"POST api/sessions/:name/resume">> {
    const { host } = this;
    const started = Promise.withResolvers<void>();
    const options = { ...ref, readyTimeoutMs: 10 * podLimitMs, signal: this.#stop.signal };
    const ended = (async () => {
      for await (const event of resume(host, options)) {
        if (event.kind === "stepStarted" && event.step === "ready") started.resolve();
      }
      started.resolve();
    })().catch((error: unknown) => {
      started.reject(error);
    }).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
    await started.promise;
    return {};
  }
}

function logsOptions(
  { follow = false, previous = false, tail = 1000, sinceMs, grep = [], ...query }: LogQuery,
): Omit<LogsOptions, "signal"> {
  const { contexts, selection } = selectionOf(query, { allPhases: true });
  const { container, ...others } = selection;
  return {
    contexts,
    selection: others,
    containers: {
      names: container === undefined ? [] : [{ kind: "exact", name: container }],
      exclude: [],
      init: true,
      ephemeral: true,
      states: [],
    },
    follow,
    previous,
    start: {
      tailLines: tail,
      ...definedOnly({ sinceSeconds: sinceMs && Math.ceil(sinceMs / 1000) }),
    },
    filter: { include: grep.map((text) => new RegExp(RegExp.escape(text))), exclude: [] },
  };
}

function browserOf(c: Context): Browser {
  return (c.env as { browser: Browser }).browser;
}

function searchOf(c: Context): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

function nameOf(c: Context): string {
  return c.req.param("id") ?? "";
}

function isStream(c: Context): boolean {
  return /\btext\/event-stream\b/.test(c.req.header("accept") ?? "");
}

/** Answers with an error that no page shows: as text, and without anything of the request in it. */
function refused({ status, reason }: Refusal): Response {
  const body = JSON.stringify({ error: { kind: kindOf(status), message: reason } });
  return new Response(body, { status, headers: { "content-type": json } });
}

/** The connection isn't used again: a client that isn't signed in has no second request to be slow with. */
function onlyOne(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

function kindOf(status: Refusal["status"]): "unauthorized" | "forbidden" | "notFound" | "usage" {
  if (status === 401) return "unauthorized";
  return status === 404 ? "notFound" : status === 400 ? "usage" : "forbidden";
}

function tooLarge(): Response {
  const error = { kind: "usage", message: `a request has at most ${maxBodyBytes} bytes` };
  return new Response(JSON.stringify({ error }), {
    status: 413,
    headers: { "content-type": json },
  });
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
