/**
 * Watches objects of several kinds and contexts at once, by the API's watch: it reports every change in the server's
 * order, and a gap if the server no longer has some of them.
 */
import { KodamaError } from "../../base/errors.ts";
import { definedOnly, isRecord } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import type {
  ApiResource,
  KubeClient,
  ListScope,
  PrinterColumn,
  Tabled,
} from "../../kube/client.ts";
import { findResource } from "../../kube/discovery.ts";
import { LiveList, type LiveSource } from "../../kube/live_list.ts";
import { EVENTS } from "../../kube/resources.ts";
import type { Host } from "../host.ts";
import { maskChange, maskFields } from "./mask_secret.ts";
import { changedFields, type FieldChange } from "./changed_fields.ts";

export type { ApiResource, PrinterColumn } from "../../kube/client.ts";
export type { FieldChange } from "./changed_fields.ts";

/** Objects of a kind: one by its name, or those that the selectors match. */
export interface WatchTarget {
  kind: string;
  name?: string;
}

/** What to watch. */
export interface WatchObjectsOptions extends Pick<ListScope, "labelSelector" | "fieldSelector"> {
  /** The kubeconfig's current context if empty. */
  contexts: readonly string[];
  /** The own namespace of each context if empty. */
  namespaces: readonly string[];
  allNamespaces: boolean;
  /** At least one. */
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
  /** The object is an Event about one of the watched objects. */
  isRelated: boolean;
  fields: Readonly<Record<string, unknown>>;
  /** What the server prints of it; absent if it prints no table of the kind. */
  printed?: { columns: readonly PrinterColumn[]; cells: readonly unknown[] };
}

/** A change of one object. */
export interface ObjectChange {
  kind: "added" | "modified" | "deleted";
  /** Identifies the object, and no later one of its name. */
  key: string;
  object: WatchedObject;
  /** It existed when the watch started. */
  isInitial: boolean;
  /** What a modification has changed. Values of Secrets are masked, here and in the object. */
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
  /** The server no longer had the changes since the last one: states between that and the next ones are unknown. */
  | { kind: "gap"; resource: ApiResource };

/**
 * Yields what happens to the objects until the signal aborts.
 *
 * @throws KodamaError `notFound` for an unknown kind, and of a first list that the server refuses.
 */
export async function* watchObjects(
  host: Host,
  options: WatchObjectsOptions,
): AsyncGenerator<WatchedEvent, void> {
  const { clock } = host;
  const { signal, contexts, allNamespaces } = options;
  const clients = await Promise.all(
    contexts.length === 0 ? [host.kube()] : [...new Set(contexts)].map((one) => host.kube(one)),
  );
  const collections = (await Promise.all(
    clients.map((client) => collectionsOf(client, options)),
  )).flat();
  yield {
    kind: "started",
    resources: unique(collections.filter(({ isRelated }) => !isRelated)),
    contexts: clients.map(({ context }) => context),
    namespaces: allNamespaces
      ? []
      : [...new Set(collections.flatMap(({ scope }) => scope.namespace ?? []))],
  };
  const related = new RelatedEvents();
  const list = new LiveList<Tabled, WatchedObject>(
    collections.map((one) => sourceOf(one, options)),
    { clock, signal },
  );
  let wasInSync = false;
  for await (const event of list.events()) {
    switch (event.kind) {
      case "changed": {
        const atMs = clock.now().getTime();
        const all = event.changes.map(({ kind, key, object, before }): ObjectChange => ({
          kind,
          key,
          object: { ...object, fields: maskFields(object.resource, object.fields) },
          isInitial: kind === "added" && !wasInSync,
          changed: before === undefined ? [] : changedFields(before.fields, object.fields)
            .map((one) => maskChange(object.resource, one)),
          atMs,
        }));
        const changes = options.events ? all.flatMap((one) => related.follow(one)) : all;
        if (changes.length > 0) yield { kind: "changed", changes };
        break;
      }
      case "inSync":
        wasInSync = true;
        yield event;
        break;
      case "outOfSync":
        yield { kind: "outOfSync", error: event.outage.error };
        break;
      case "gap":
        yield event;
        break;
    }
  }
}

/** One list and watch. */
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
    const one = {
      client,
      resource,
      ...(name === undefined ? {} : { name }),
      isRelated: false,
    };
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
  const byName = new Map(
    collections.map(({ resource }) => [`${resource.plural}.${resource.group}`, resource]),
  );
  return [...byName.values()];
}

function sourceOf(
  { client, resource, scope, name, isRelated }: Collection,
  { reduce }: Pick<WatchObjectsOptions, "reduce">,
): LiveSource<Tabled, WatchedObject> {
  // A server may send them with the list only.
  let columns: readonly PrinterColumn[] = [];
  return {
    client,
    resource,
    as: "table",
    scope,
    ...(name === undefined ? {} : { name }),
    transform: ({ object, printed }) => {
      if (printed !== undefined && printed.columns.length > 0) columns = printed.columns;
      const fields = readableFields(object);
      return {
        context: client.context,
        resource,
        isRelated,
        fields: reduce === undefined || isRelated ? fields : reduce(fields, resource),
        ...(printed === undefined ? {} : { printed: { columns, cells: printed.cells } }),
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
      const uid = uidOf(object.fields["metadata"]);
      if (kind === "deleted") {
        this.#known.delete(uid);
        this.#deleted.add(uid);
        dropOldest(this.#deleted);
      } else this.#known.add(uid);
      if (kind !== "added") return [change];
      const own = this.#waiting.values()
        .filter((one) => uidOf(one.object.fields["involvedObject"]) === uid).toArray();
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
