/** `/metrics`, for Prometheus: what `kodama metrics` prints, for who has the token that the server was started with. */
import type { Host } from "../actions/host.ts";
import { sha256Of } from "../base/sha256.ts";
import { type CollectedMetrics, MetricsCollector } from "../actions/monitoring/metrics.ts";
import { Deadline } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { openMetricsText, openMetricsType } from "../present/open_metrics.ts";
import type { SessionsQuery } from "./api.ts";
import { queries } from "./requests.ts";

/** A scrape that takes longer fails. */
const limitMs = 60_000;

/** Namespaces that are scraped; each remembers its ended tasks. */
const maxScopes = 16;

/** One scope: a collector, and the scrape that runs. */
interface Scraped {
  collector: MetricsCollector;
  running?: Promise<CollectedMetrics> | undefined;
}

/** The metrics of a server. */
export class Metrics {
  readonly #scopes = new Map<string, Scraped>();

  /** @param token what a scraper has to send as its bearer token. */
  constructor(
    private readonly host: Host,
    private readonly token: string,
    private readonly ends: AbortSignal,
  ) {}

  /** Returns whether a request has the token. */
  async isAllowed({ headers, method }: Request): Promise<boolean> {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    // Digests take the same time to compare wherever they differ, as far as an attacker could use it.
    return method === "GET" && await sha256Of(given) === await sha256Of(this.token);
  }

  /** Returns the metrics of the sessions of a scope; the others are of the machine. */
  async answer(search: URLSearchParams): Promise<Response> {
    const scope: SessionsQuery = await queries.list(search);
    const { families } = await this.#collect(scope);
    return new Response(openMetricsText(families), {
      headers: { "content-type": openMetricsType },
    });
  }

  /** Scrapes at the same time share one: each queries every pod. */
  async #collect({ allNamespaces = false, ...where }: SessionsQuery): Promise<CollectedMetrics> {
    const scope = { ...where, allNamespaces };
    const key = JSON.stringify([where.context, where.namespace, allNamespaces]);
    let scraped = this.#scopes.get(key);
    if (scraped === undefined) {
      if (this.#scopes.size >= maxScopes) {
        throw new KodamaError("conflict", "too many namespaces are scraped");
      }
      scraped = { collector: new MetricsCollector(this.host, scope) };
      this.#scopes.set(key, scraped);
    }
    const current = scraped;
    current.running ??= (async () => {
      const late = new KodamaError("timeout", "the metrics weren't collected in time");
      using deadline = new Deadline(this.host.clock, limitMs, this.ends, late);
      return await current.collector.collect(deadline.signal);
    })().finally(() => current.running = undefined);
    return await current.running;
  }
}
