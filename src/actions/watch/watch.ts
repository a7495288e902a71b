/**
 * Watches objects of several kinds and contexts at once, by the API's watch: it reports every change in the server's
 * order, and a gap if the server no longer has some of them.
 */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { definedOnly, isRecord } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import { Backoff, outagePolicy } from "../../base/retry.ts";
import type {
  ApiResource,
  KubeClient,
  ListScope,
  PrinterColumn,
  Tabled,
} from "../../kube/client.ts";
import { findResource } from "../../kube/discovery.ts";
import { isTransient } from "../../kube/failures.ts";
import { type LiveEvent, LiveList, type LiveSource } from "../../kube/live_list.ts";
import { eventUids } from "../../kube/object_ref.ts";
import { EVENTS, kindName } from "../../kube/resources.ts";
import { limitedTo, namesOf } from "../exec/ask_contexts.ts";
import type { Host } from "../host.ts";
import { maskChange, maskFields } from "./mask_secret.ts";
import { changedFields, type FieldChange } from "./changed_fields.ts";
import { type Printed, type PrintedAge, printedAges } from "./printed_ages.ts";

export type { ApiResource, PrinterColumn } from "../../kube/client.ts";
export { isOfKubernetes } from "../../kube/resources.ts";
export type { FieldChange } from "./changed_fields.ts";

/** Objects of a kind: the named object, or those that the selectors match. */
interface WatchTarget {
  kind: string;
  name?: string;
}

/** The objects to watch. */
export interface WatchObjectsOptions extends Pick<ListScope, "labelSelector" | "fieldSelector"> {
  /** The kubeconfig's current context if empty. */
  contexts: readonly string[];
  /** The own namespace of each context if empty. */
  namespaces: readonly string[];
  allNamespaces: boolean;
  /** At least one target. */
  targets: readonly WatchTarget[];
  /** Whether the Events about the objects are reported too. */
  events: boolean;
  /**
   * Returns the fields of an object that are stored and reported; all of them if absent. A change of another field is
   * reported without the field's name. `metadata.uid` must be among them if `events` is set. Events aren't reduced.
   */
  reduce?: (fields: WatchedObject["fields"], resource: ApiResource) => WatchedObject["fields"];
  signal: AbortSignal;
}

/** An object. Its fields are the API's, without `metadata.managedFields`, unless a watch reduces them. */
export interface WatchedObject {
  context: string;
  resource: ApiResource;
  /** The object is an Event about a watched object. */
  isRelated: boolean;
  fields: Readonly<Record<string, unknown>>;
  /** The columns that the server prints; absent if it prints no table of the kind. */
  printed?: Printed & {
    /** The cells that are ages, by their indexes; absent if there are none. */
    ages?: readonly (PrintedAge | undefined)[];
  };
}

/** A change of an object. */
export interface ObjectChange {
  kind: "added" | "modified" | "deleted";
  /** Identifies the object: a later object of its name has another key. */
  key: string;
  object: WatchedObject;
  /** The object existed when the watch started. */
  isInitial: boolean;
  /** The fields that a modification has changed. Values of Secrets are masked, here and in the object. */
  changed: readonly FieldChange[];
  /** When the change was received, in milliseconds of the epoch. */
  atMs: number;
}

/** The events of a watch. */
export type WatchedEvent =
  /** The kinds, as the server names them, and where they are watched. */
  | {
    kind: "started";
    resources: readonly ApiResource[];
    contexts: readonly string[];
    /** Empty: all of them. */
    namespaces: readonly string[];
  }
  | { kind: "changed"; changes: readonly ObjectChange[] }
  /** Every object that exists has been reported, and no server is unreachable. */
  | { kind: "inSync" }
  /** A server is unreachable: changes come late, and are reported once it is reachable again. */
  | { kind: "outOfSync"; error: KodamaError }
  /** The server no longer had the changes since the last event: states between that and the next events are unknown. */
  | { kind: "gap"; resource: ApiResource };

/** Events queued for a slow reader; when the queue is full, the servers wait too. */
const maxWaiting = 64;

/** A report of a context. */
type Part =
  /** Its kinds are known. */
  | { kind: "ready"; context: string; collections: readonly Collection[] }
  | { kind: "event"; event: LiveEvent<WatchedObject> }
  /** The context can't be reached, and is tried again. */
  | { kind: "failed"; error: KodamaError };

/**
 * Yields the objects' changes until the signal aborts. No context waits for another.
 *
 * @throws KodamaError `notFound` for an unknown kind, and of a first list that the server refuses; if no context can be
 * reached, the first context's error.
 */
export async function* watchObjects(
  host: Host,
  options: WatchObjectsOptions,
): AsyncGenerator<WatchedEvent, void> {
  const { clock } = host;
  const names = namesOf(options.contexts);
  const related = new RelatedEvents();
  const states = names.map(() => ({ wasInSync: false, isInSync: false }));
  const failed = new Map<number, KodamaError>();
  let isStarted = false;
  for await (const { of, part } of partsOf(host, names, options)) {
    const state = states[of];
    if (state === undefined) continue;
    if (part.kind === "failed") {
      const { error } = part;
      // Each attempt fails: a single report is enough.
      if (isStarted && failed.get(of)?.message !== error.message) {
        yield { kind: "outOfSync", error };
      }
      failed.set(of, error);
      if (!isStarted && failed.size === names.length) throw error;
      continue;
    }
    if (part.kind === "ready") {
      if (isStarted) continue;
      isStarted = true;
      yield startedEvent(part, options);
      for (const error of failed.values()) yield { kind: "outOfSync", error };
      continue;
    }
    const { event } = part;
    switch (event.kind) {
      case "changed": {
        const atMs = clock.now().getTime();
        const all = event.changes.map(({ kind, key, object, before }): ObjectChange => ({
          kind,
          key,
          object: { ...object, fields: maskFields(object.resource, object.fields) },
          isInitial: kind === "added" && !state.wasInSync,
          changed: before === undefined ? [] : changedFields(before.fields, object.fields)
            .map((one) => maskChange(object.resource, one)),
          atMs,
        }));
        const changes = options.events ? all.flatMap((one) => related.follow(one)) : all;
        if (changes.length > 0) yield { kind: "changed", changes };
        break;
      }
      case "inSync":
        state.wasInSync = state.isInSync = true;
        if (states.every(({ isInSync }) => isInSync)) yield event;
        break;
      case "outOfSync":
        state.isInSync = false;
        yield { kind: "outOfSync", error: event.outage.error };
        break;
      case "gap":
        yield event;
        break;
    }
  }
}

function startedEvent(
  { context, collections }: Extract<Part, { kind: "ready" }>,
  { contexts, allNamespaces }: WatchObjectsOptions,
): WatchedEvent {
  return {
    kind: "started",
    resources: unique(collections.filter(({ isRelated }) => !isRelated)),
    contexts: contexts.length === 0 ? [context] : [...new Set(contexts)],
    namespaces: allNamespaces
      ? []
      : [...new Set(collections.flatMap(({ scope }) => scope.namespace ?? []))],
  };
}

/** Yields the reports of the contexts, with the number of each. */
async function* partsOf(
  host: Host,
  names: readonly (string | undefined)[],
  options: WatchObjectsOptions,
): AsyncGenerator<{ of: number; part: Part }, void> {
  const { clock } = host;
  const queue = new BoundedQueue<{ of: number; part: Part }>(maxWaiting);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const isSingle = names.length === 1;
  const watch = limitedTo(host, async (context, bound) => {
    const of = names.indexOf(context);
    const client = await host.kube(context);
    const collections = await collectionsOf(client, { ...options, signal: bound });
    await queue.push({ of, part: { kind: "ready", context: client.context, collections } });
    const sources = collections.map((one) => sourceOf(one, options, clock));
    const list = new LiveList<Tabled, WatchedObject>(sources, { clock, signal: bound });
    for await (const event of list.events()) {
      await queue.push({ of, part: { kind: "event", event } });
    }
    // A list ends with its signal alone, without an error.
    bound.throwIfAborted();
  }, { signal, isSingle });
  const follow = async (name: string | undefined, of: number) => {
    const backoff = new Backoff(outagePolicy.follow, { clock, signal, random: Math.random });
    do {
      try {
        return await watch(name);
      } catch (error) {
        if (signal.aborted) return;
        if (isSingle || !isTransient(error)) throw error;
        await queue.push({ of, part: { kind: "failed", error } });
      }
    } while (await backoff.wait());
  };
  Promise.all(names.map(follow)).then(() => queue.close(), (error: unknown) => {
    if (signal.aborted) queue.close();
    else queue.fail(error);
  });
  try {
    yield* queue;
  } finally {
    stop.abort();
    queue.discard();
  }
}

/** A list and its watch. */
interface Collection {
  client: KubeClient;
  resource: ApiResource;
  scope: ListScope;
  name?: string;
  isRelated: boolean;
}

async function collectionsOf(
  client: KubeClient,
  options: WatchObjectsOptions,
): Promise<Collection[]> {
  const { targets, labelSelector, fieldSelector, signal } = options;
  const selectors = definedOnly({ labelSelector, fieldSelector });
  const namespaces = options.namespaces.length === 0
    ? [client.defaultNamespace]
    : [...new Set(options.namespaces)];
  const own = await Promise.all(targets.map(async ({ kind, name }, index) => {
    const resource = await findResource(client, kind, signal).catch((error: unknown) => {
      const before = targets[index - 1];
      const isApart = before !== undefined && before.name === undefined && name === undefined;
      if (!isApart || !(error instanceof KodamaError) || error.kind !== "notFound") throw error;
      // kubectl's other spelling, for which there are several kinds here.
      throw new KodamaError(error.kind, error.message, {
        hint: `one object is named as ${before.kind}/${plainText(kind, 80)}`,
      });
    });
    const one = { client, resource, ...definedOnly({ name }), isRelated: false };
    const scopes = !resource.namespaced || options.allNamespaces
      ? [{}]
      : namespaces.map((namespace) => ({ namespace }));
    return scopes.map((scope): Collection => ({ ...one, scope: { ...scope, ...selectors } }));
  }));
  const found = own.flat();
  if (!options.events) return found;
  // Events about objects without a namespace are in the namespace "default".
  const isWide = options.allNamespaces || found.some(({ resource }) => !resource.namespaced);
  const events = { client, resource: EVENTS, isRelated: true };
  return [
    ...found,
    ...(isWide ? [{}] : namespaces.map((namespace) => ({ namespace })))
      .map((scope) => ({ ...events, scope })),
  ];
}

function unique(collections: readonly Collection[]): ApiResource[] {
  const byName = new Map(collections.map(({ resource }) => [kindName(resource), resource]));
  return [...byName.values()];
}

function sourceOf(
  { client, resource, scope, name, isRelated }: Collection,
  { reduce }: Pick<WatchObjectsOptions, "reduce">,
  clock: Clock,
): LiveSource<Tabled, WatchedObject> {
  // A server may send them with the list only.
  let columns: readonly PrinterColumn[] = [];
  return {
    client,
    resource,
    as: "table",
    scope,
    ...definedOnly({ name }),
    transform: ({ object, printed }) => {
      if (printed !== undefined && printed.columns.length > 0) columns = printed.columns;
      const fields = readableFields(object);
      const own = printed && { columns, cells: printed.cells };
      const ages = own && printedAges({ resource, fields }, own, clock.now().getTime());
      return {
        context: client.context,
        resource,
        isRelated,
        fields: reduce === undefined || isRelated ? fields : reduce(fields, resource),
        ...(own === undefined ? {} : { printed: { ...own, ...definedOnly({ ages }) } }),
      };
    },
  };
}

/** Removes `metadata.managedFields`, which is half of an object and rarely read. */
function readableFields(object: Tabled["object"]): WatchedObject["fields"] {
  const { metadata } = object;
  if (!isRecord(metadata) || !("managedFields" in metadata)) return object;
  const { managedFields: _, ...own } = metadata;
  return { ...object, metadata: own };
}

/** The most deleted objects, and the most Events about unknown objects, that are remembered: the oldest are dropped. */
const maxRemembered = 1000;

/** Lets only those Events through that are about watched objects. */
class RelatedEvents {
  readonly #known = new Set<string>();
  /** Objects that were deleted: Events about them arrive later. */
  readonly #deleted = new Set<string>();
  /** Events about objects that aren't known yet. */
  readonly #waiting = new Map<string, ObjectChange>();

  /** Returns the changes to report for a change: none, itself, or a new object and the Events about it. */
  follow(change: ObjectChange): ObjectChange[] {
    const { object, key, kind } = change;
    if (!object.isRelated) {
      const uids = eventUids(object.resource, object.fields["metadata"] ?? {});
      for (const uid of uids) {
        if (kind === "deleted") {
          this.#known.delete(uid);
          this.#deleted.add(uid);
          dropOldest(this.#deleted);
        } else this.#known.add(uid);
      }
      if (kind !== "added") return [change];
      const own = this.#waiting.values()
        .filter((one) => uids.includes(uidOf(one.object.fields["involvedObject"]))).toArray();
      for (const one of own) this.#waiting.delete(one.key);
      return [change, ...own];
    }
    const about = uidOf(object.fields["involvedObject"]);
    if (this.#known.has(about) || this.#deleted.has(about)) return [change];
    this.#waiting.delete(key);
    if (kind === "deleted") return [];
    this.#waiting.set(key, { ...change, kind: "added", changed: [] });
    dropOldest(this.#waiting);
    return [];
  }
}

function dropOldest(known: Pick<Map<string, unknown>, "size" | "keys" | "delete">): void {
  const [oldest] = known.keys();
  if (known.size > maxRemembered && oldest !== undefined) known.delete(oldest);
}

function uidOf(reference: unknown): string {
  return isRecord(reference) && typeof reference["uid"] === "string" ? reference["uid"] : "";
}
