/**
 * Watches: a line of JSON for each change.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { setImmediate } from "node:timers";
import { type Stored, StoreError, type StoreEvent } from "../model.ts";
import { apiVersionOf } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { checkedVersion, checkListOptions } from "./list.ts";
import { type ApiRequest, type ApiResponse, flag } from "./message.ts";
import { type Representation, representationOf, withKind } from "./negotiate.ts";
import type { ResourceRoute } from "./route.ts";
import { parseSelection, type Served } from "./served.ts";
import { type ApiError, badRequest, expired } from "./status.ts";
import { partialObject, tableOf } from "./tables/table.ts";

/** A line of a watch. */
type Change =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: Stored }
  /** All changes up to this version have been sent. */
  | { type: "BOOKMARK"; resourceVersion: string; initialEventsEnd: boolean }
  | { type: "ERROR"; error: ApiError };

/** The limit of a watch if its client sets none. */
const defaultTimeoutSeconds = 1800;

const bookmarkEveryMs = 60_000;

interface WatchPlan {
  served: Served;
  namespace: string;
  /** Starts with the present state: if no version is given, or it is requested. */
  initial: boolean;
  /** A bookmark marks the end of the present state. */
  markInitialEnd: boolean;
  since: number;
  bookmarks: boolean;
  matches: (object: Stored) => boolean;
}

/** Answers a watch. Throws before the first byte if the query is invalid. */
export function watch(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): ApiResponse {
  const plan = planOf(context, request, served, route);
  const representation = representationOf(request);
  const text = request.query.get("timeoutSeconds") || "0";
  if (!/^\d{1,9}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const seconds = Number(text) || defaultTimeoutSeconds;
  return {
    kind: "stream",
    contentType: "application/json;stream=watch",
    chunks: lines(context, plan, representation, seconds, request.signal),
  };
}

function planOf(
  context: ApiContext,
  { query }: ApiRequest,
  served: Served,
  route: ResourceRoute,
): WatchPlan {
  checkListOptions(query, "watch");
  const version = checkedVersion(context.store, query);
  const requested = query.get("sendInitialEvents");
  const initial = requested === null
    ? version === undefined || version === 0
    : flag(query, "sendInitialEvents");
  return {
    served,
    namespace: route.namespace,
    initial,
    markInitialEnd: requested !== null && initial,
    since: initial ? context.store.resourceVersion : version ?? context.store.resourceVersion,
    bookmarks: flag(query, "allowWatchBookmarks"),
    matches: parseSelection(served, query),
  };
}

async function* lines(
  context: ApiContext,
  plan: WatchPlan,
  representation: Representation,
  seconds: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const timeout = new AbortController();
  using _timer = context.clock.timer(seconds * 1000, () => timeout.abort());
  let first = true;
  try {
    for await (const change of changes(context, plan, AbortSignal.any([signal, timeout.signal]))) {
      const object = changeObject(context, plan.served, change, representation, first);
      yield `${JSON.stringify({ type: change.type, object })}\n`;
      first = false;
    }
  } finally {
    timeout.abort();
  }
}

async function* changes(
  context: ApiContext,
  plan: WatchPlan,
  signal: AbortSignal,
): AsyncGenerator<Change> {
  const { type } = plan.served;
  const { store } = context;
  // Both in one step, without an await between: no change can be missed.
  const present = plan.initial ? presentState(context, plan) : [];
  const events = store.watch([type], { since: plan.since, signal })[Symbol.asyncIterator]();
  for (const object of present) yield { type: "ADDED", object };
  if (plan.markInitialEnd) yield bookmark(plan.since, true);
  let next = events.next();
  using ticks = everyMinute(context, plan.bookmarks);
  try {
    for (;;) {
      const result = await Promise.race([next, ticks.next()]);
      if (typeof result === "number") {
        yield bookmark(result, false);
        continue;
      }
      if (result.done) return;
      next = events.next();
      const change = seenThroughSelector(result.value, plan);
      if (change !== undefined) yield change;
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.reason !== "expired") throw error;
    yield { type: "ERROR", error: expired(error.message) };
  }
}

function presentState({ store }: ApiContext, plan: WatchPlan): Stored[] {
  const namespace = plan.namespace === "" ? undefined : plan.namespace;
  return store.list(plan.served.type, namespace).filter(plan.matches);
}

function bookmark(version: number, initialEventsEnd: boolean): Change {
  return { type: "BOOKMARK", resourceVersion: String(version), initialEventsEnd };
}

/**
 * Returns the change that a selector shows: an object that starts to match is added, one that no longer matches is
 * deleted.
 */
function seenThroughSelector(
  { kind, object, previous }: StoreEvent,
  plan: WatchPlan,
): Change | undefined {
  if (plan.namespace !== "" && object.metadata.namespace !== plan.namespace) return undefined;
  const before = previous !== undefined && plan.matches(previous);
  const after = kind !== "deleted" && plan.matches(object);
  if (after) return { type: before ? "MODIFIED" : "ADDED", object };
  if (!before) return undefined;
  const { resourceVersion } = object.metadata;
  // The last state that the watcher has seen, at the version of the change that removed it.
  const last = kind === "deleted" ? object : {
    ...previous,
    metadata: { ...previous.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
  };
  return { type: "DELETED", object: last };
}

interface Ticks extends Disposable {
  /**
   * Resolves after a minute with the store's version at that moment, once all that was awaited before it has run: so a
   * watch that is still waiting then has sent every change up to it. Another timer of the same moment may have made one.
   */
  next(): Promise<number>;
}

function everyMinute({ clock, store }: ApiContext, desired: boolean): Ticks {
  if (!desired) return { next: () => new Promise(() => {}), [Symbol.dispose]() {} };
  let timer: Disposable | undefined;
  let pending: Promise<number> | undefined;
  return {
    next: () =>
      pending ??= new Promise((resolve) => {
        timer = clock.timer(bookmarkEveryMs, () => {
          const version = store.resourceVersion;
          setImmediate(() => {
            pending = undefined;
            resolve(version);
          });
        });
      }),
    [Symbol.dispose]: () => timer?.[Symbol.dispose](),
  };
}

function changeObject(
  context: ApiContext,
  { type }: Served,
  change: Change,
  { form, includeObject }: Representation,
  first: boolean,
): unknown {
  if (change.type === "ERROR") return change.error.status;
  const object: Stored = change.type === "BOOKMARK"
    ? { kind: type.kind, apiVersion: apiVersionOf(type), metadata: bookmarkMetadata(change) }
    : change.object;
  switch (form) {
    case "object":
      return withKind(type, object);
    case "partial":
      return partialObject(object);
    case "table": {
      const { resourceVersion } = object.metadata;
      const now = context.clock.now();
      const options = { includeObject, now, metadata: { resourceVersion }, withColumns: first };
      return tableOf(type, [object], options);
    }
  }
}

function bookmarkMetadata(
  { resourceVersion, initialEventsEnd }: Extract<Change, { type: "BOOKMARK" }>,
): Stored["metadata"] {
  if (!initialEventsEnd) return { resourceVersion };
  return { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } };
}
