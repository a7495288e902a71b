/**
 * Watches that recover by themselves.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * A stream that ends is resumed at its version; if the server no longer has that version (410), the watch lists again.
 * Revoked permission ends the watch: a retry would change nothing.
 */
import { passed } from "../../base/abort.ts";
import { Backoff, type RetryPolicy } from "../../base/retry.ts";
import type { ApiResource, ListScope, WatchEvent } from "../client.ts";
import { ExpiredError, isTransient } from "../failures.ts";
import type { Host } from "../host.ts";
import { listPages, wholeList } from "./list.ts";
import { resourcePath, scopeQuery } from "../resources.ts";
import type { Transport } from "./transport.ts";
import { type WatchLine, watchLines } from "./watch_lines.ts";

/** The source of a watch: separate, so that its rules are tested without a network. */
export interface WatchSource<T> {
  /** Returns a complete list and its version. */
  list(signal: AbortSignal): Promise<{ objects: T[]; resourceVersion: string }>;
  /** Returns the changes after a version, until the server ends the stream. Rejects like a request. */
  changes(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchLine<T>>;
}

/** Waits like client-go between the connections of a reflector. */
const retries: RetryPolicy = { delayMs: 800, maxDelayMs: 30_000, jitter: 0.5 };

/** Returns the watch of a collection over HTTP. */
export function watchObjects<T>(
  transport: Transport,
  resource: ApiResource,
  scope: ListScope,
  host: Pick<Host, "clock" | "random" | "trace">,
  { signal, resourceVersion }: { signal: AbortSignal; resourceVersion?: string },
): AsyncIterable<WatchEvent<T>> {
  return mendedWatch(
    httpSource<T>(transport, resource, scope, host),
    host,
    signal,
    resourceVersion,
  );
}

/**
 * Starts with `relisted`, or after the list that was read `from`; ends when the signal aborts. Throws the first list's
 * failure and any permanent one (not allowed, not there); retries after every other.
 */
export async function* mendedWatch<T>(
  source: WatchSource<T>,
  host: Pick<Host, "clock" | "random" | "trace">,
  signal: AbortSignal,
  from = "",
): AsyncGenerator<WatchEvent<T>, void> {
  const { clock } = host;
  const backoff = new Backoff(retries, { clock, random: () => host.random(), signal });
  /** Empty: a list is needed. */
  let version = from;
  let begun = from !== "";
  while (!signal.aborted) {
    try {
      if (version === "") {
        const { objects, resourceVersion } = await source.list(signal);
        begun = true;
        version = resourceVersion;
        yield { kind: "relisted", objects };
      }
      for await (const line of source.changes(version, signal)) {
        backoff.reset();
        if (line.kind === "expired") version = "";
        else version = line.resourceVersion || version;
        if (line.kind === "expired") break;
        if (line.kind !== "bookmark") yield { kind: line.kind, object: line.object };
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ExpiredError) version = "";
      else if (!begun || !isTransient(error)) throw error;
    }
    const delayMs = backoff.next() ?? 0;
    host.trace?.(7, `watch ended: reconnecting in ${Math.round(delayMs)}ms`);
    await passed(clock, delayMs, { signal });
  }
}

function httpSource<T>(
  transport: Transport,
  resource: ApiResource,
  scope: ListScope,
  host: Pick<Host, "random">,
): WatchSource<T> {
  return {
    async list(signal) {
      const { items, resourceVersion } = await wholeList(() =>
        listPages<T>(transport, resource, scope, signal)
      );
      return { objects: items, resourceVersion };
    },
    async *changes(resourceVersion, signal) {
      const query = scopeQuery(scope);
      query.set("watch", "true");
      query.set("allowWatchBookmarks", "true");
      query.set("resourceVersion", resourceVersion);
      // The server ends it between five and ten minutes, so that clients spread over its replicas.
      query.set("timeoutSeconds", String(Math.round(300 * (1 + host.random()))));
      const path = `${resourcePath(resource, scope.namespace)}?${query}`;
      const answer = await transport.request({ method: "GET", path, signal });
      yield* watchLines<T>(transport.readBody(answer, signal));
    },
  };
}
