/** The embedded cluster's objects in memory, with one version counter over all kinds. */
import type { KubeObject } from "../../../src/kube/types.ts";
import {
  type ResourceType,
  type Store,
  type Stored,
  StoreError,
  type StoreEvent,
  timestamp,
} from "../model.ts";
import { typeKey } from "../resources.ts";
import { deepFreeze, sameJson } from "./equality.ts";

/** The state of a new store, or of one whose journal was read. */
export interface StoreSnapshot {
  resourceVersion: number;
  objects: readonly { type: ResourceType; object: Stored }[];
}

/** The options of {@link createStore}; some have defaults. */
export interface StoreOptions {
  /** Fills in creationTimestamp. */
  now: () => Date;
  /** Fills in uid. */
  newUid: () => string;
  /** Starts with these objects, unchanged. Watches can't reach behind its version. */
  initial?: StoreSnapshot;
  /** Is called with each change before the write returns and before any watch sees it. */
  onChange?: (event: StoreEvent) => void;
  /** The number of changes of each kind that a watch can reach back. 4096 if it is absent. */
  historyPerKind?: number;
}

/**
 * Creates a store. Objects that are passed in are deeply frozen and become the store's own: change a copy
 * (`structuredClone`), never an object that was read or written.
 */
export function createStore(options: StoreOptions): Store {
  return new MemoryStore(options);
}

interface Shelf {
  objects: Collection;
  history: History;
}

class MemoryStore implements Store {
  readonly #shelves = new Map<string, Shelf>();
  readonly #startVersion: number;
  #version: number;

  constructor(private readonly options: StoreOptions) {
    this.#startVersion = this.#version = options.initial?.resourceVersion ?? 0;
    for (const { type, object } of options.initial?.objects ?? []) {
      this.#shelf(type).objects.put(deepFreeze(object));
    }
  }

  get resourceVersion(): number {
    return this.#version;
  }

  get(type: ResourceType, namespace: string, name: string): Stored | undefined {
    return this.#shelf(type).objects.get(type.namespaced ? namespace : "", name);
  }

  list(type: ResourceType, namespace?: string): readonly Stored[] {
    return this.#shelf(type).objects.list(type.namespaced ? namespace : undefined);
  }

  create(type: ResourceType, object: KubeObject): Stored {
    const { namespace = "", name = "" } = object.metadata;
    if (this.get(type, namespace, name) !== undefined) {
      throw new StoreError("alreadyExists", `${describe(type, namespace, name)} already exists`);
    }
    const metadata = {
      ...object.metadata,
      uid: object.metadata.uid ?? this.options.newUid(),
      creationTimestamp: object.metadata.creationTimestamp ?? timestamp(this.options.now()),
      ...(hasGeneration(type) ? { generation: 1 } : {}),
    };
    return this.#commit("added", type, { ...object, metadata });
  }

  update(type: ResourceType, object: KubeObject): Stored {
    const { namespace = "", name = "" } = object.metadata;
    const previous = this.#existing(type, namespace, name);
    const { resourceVersion, uid } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== previous.metadata.resourceVersion) {
      throw new StoreError(
        "conflict",
        `${
          describe(type, namespace, name)
        }: version ${resourceVersion} is no longer the present one`,
      );
    }
    if (uid !== undefined && uid !== previous.metadata.uid) {
      throw new StoreError("conflict", `${describe(type, namespace, name)}: another uid`);
    }
    const next = afterUpdate(object, previous);
    if (isGone(next)) return this.#remove(type, previous, next);
    if (sameJson(next, previous)) return previous;
    return this.#commit("modified", type, next, previous);
  }

  remove(type: ResourceType, namespace: string, name: string): Stored {
    const previous = this.#existing(type, namespace, name);
    return this.#remove(type, previous, previous);
  }

  watch(
    types: readonly ResourceType[],
    options: { since?: number; signal: AbortSignal },
  ): AsyncIterable<StoreEvent> {
    const histories = types.map((type) => this.#shelf(type).history);
    return watchHistories(histories, options.since ?? this.#version, options.signal);
  }

  #existing(type: ResourceType, namespace: string, name: string): Stored {
    const object = this.get(type, namespace, name);
    if (object !== undefined) return object;
    throw new StoreError("notFound", `${describe(type, namespace, name)} not found`);
  }

  #remove(type: ResourceType, previous: Stored, last: KubeObject): Stored {
    return this.#commit("deleted", type, last, previous);
  }

  #commit(
    kind: StoreEvent["kind"],
    type: ResourceType,
    next: KubeObject,
    previous?: Stored,
  ): Stored {
    const resourceVersion = this.#version + 1;
    const metadata = { ...next.metadata, resourceVersion: String(resourceVersion) };
    const object: Stored = deepFreeze({ ...next, metadata });
    const event = { kind, type, object, resourceVersion, ...(previous ? { previous } : {}) };
    // First, so that a change that could not be recorded is not made either.
    this.options.onChange?.(event);
    this.#version = resourceVersion;
    const { objects, history } = this.#shelf(type);
    if (kind === "deleted") objects.delete(metadata.namespace ?? "", metadata.name ?? "");
    else objects.put(object);
    history.append(event);
    return object;
  }

  #shelf(type: ResourceType): Shelf {
    const key = typeKey(type);
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      const history = new History(this.options.historyPerKind ?? 4096, this.#startVersion);
      shelf = { objects: new Collection(), history };
      this.#shelves.set(key, shelf);
    }
    return shelf;
  }
}

/**
 * Copies the fields that only the store writes from the previous state; generation rises with the spec, not with the
 * status.
 */
export function afterUpdate(object: KubeObject, previous: Stored): KubeObject {
  const { uid, creationTimestamp, resourceVersion, generation } = previous.metadata;
  const changed = generation !== undefined && !sameJson(wishOf(object), wishOf(previous));
  const metadata = {
    ...object.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation: generation + (changed ? 1 : 0) }),
  };
  return { ...object, metadata };
}

/** The other kinds that count the changes of their spec, beside those of `apps` and `batch`. */
const counted = [
  "deviceclasses",
  "endpointslices",
  "flowschemas",
  "ingressclasses",
  "ingresses",
  "mutatingwebhookconfigurations",
  "networkpolicies",
  "poddisruptionbudgets",
  "podtemplates",
  "priorityclasses",
  "prioritylevelconfigurations",
  "replicationcontrollers",
  "resourceslices",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "validatingwebhookconfigurations",
];

/** Returns whether objects of this kind have `metadata.generation`. */
export function hasGeneration({ group, plural }: ResourceType): boolean {
  return (group === "apps" && plural !== "controllerrevisions") || group === "batch" ||
    counted.includes(plural);
}

function wishOf(object: Stored): Record<string, unknown> {
  return { ...object, metadata: undefined, status: undefined };
}

/**
 * Returns whether deletion was requested, no finalizer holds it, and no grace period runs (a pod's, which its node
 * ends). A namespace is held by `spec.finalizers` too, until it is empty.
 */
function isGone({ metadata, spec }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    ((spec as { finalizers?: readonly string[] } | undefined)?.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function describe(type: ResourceType, namespace: string, name: string): string {
  return `${type.plural} ${JSON.stringify(namespace === "" ? name : `${namespace}/${name}`)}`;
}

/** A lookup is a hash; a list is sorted again only after an object was added or removed. */
class Collection {
  readonly #namespaces = new Map<string, Map<string, Stored>>();
  #sortedNamespaces: string[] | undefined;
  readonly #sortedNames = new Map<string, string[]>();

  get(namespace: string, name: string): Stored | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  put(object: Stored): void {
    const { namespace = "", name = "" } = object.metadata;
    let objects = this.#namespaces.get(namespace);
    if (objects === undefined) {
      objects = new Map();
      this.#namespaces.set(namespace, objects);
      this.#sortedNamespaces = undefined;
    }
    if (!objects.has(name)) this.#sortedNames.delete(namespace);
    objects.set(name, object);
  }

  delete(namespace: string, name: string): void {
    const objects = this.#namespaces.get(namespace);
    if (objects === undefined || !objects.delete(name)) return;
    this.#sortedNames.delete(namespace);
    if (objects.size > 0) return;
    this.#namespaces.delete(namespace);
    this.#sortedNamespaces = undefined;
  }

  list(namespace: string | undefined): Stored[] {
    if (namespace !== undefined) return this.#listOf(namespace);
    this.#sortedNamespaces ??= [...this.#namespaces.keys()].sort();
    return this.#sortedNamespaces.flatMap((each) => this.#listOf(each));
  }

  #listOf(namespace: string): Stored[] {
    const objects = this.#namespaces.get(namespace);
    if (objects === undefined) return [];
    let names = this.#sortedNames.get(namespace);
    if (names === undefined) {
      names = [...objects.keys()].sort();
      this.#sortedNames.set(namespace, names);
    }
    return names.flatMap((name) => objects.get(name) ?? []);
  }
}

/* A watch over the histories of one or more kinds. It pulls: a slow reader costs no memory. */

/**
 * Changes after `since`, in the order of their versions. A reader that falls behind the history gets the same `expired`
 * as one that requested too old a version.
 */
function watchHistories(
  histories: readonly History[],
  since: number,
  signal: AbortSignal,
): AsyncIterable<StoreEvent> {
  return { [Symbol.asyncIterator]: () => changesAfter(histories, since, signal) };
}

async function* changesAfter(
  histories: readonly History[],
  since: number,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  let cursor = since;
  while (!signal.aborted) {
    const event = nextChange(histories, cursor);
    if (event === undefined) {
      await nextAppend(histories, signal);
      continue;
    }
    cursor = event.resourceVersion;
    yield event;
  }
}

function nextChange(histories: readonly History[], cursor: number): StoreEvent | undefined {
  let next: StoreEvent | undefined;
  for (const history of histories) {
    if (history.forgottenThrough > cursor) {
      throw new StoreError(
        "expired",
        `too old resource version: ${cursor} (${history.forgottenThrough})`,
      );
    }
    const event = history.firstAfter(cursor);
    if (event && (next === undefined || event.resourceVersion < next.resourceVersion)) next = event;
  }
  return next;
}

/** Resolves at the next change of any of them, or with the signal. */
function nextAppend(histories: readonly History[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      for (const stop of stops) stop();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const stops = histories.map((history) => history.onAppend(wake));
    signal.addEventListener("abort", wake, { once: true });
  });
}

/** A ring of the latest changes, and the watches that wait for the next one. */
class History {
  readonly #ring: StoreEvent[] = [];
  readonly #waiting = new Set<() => void>();
  /** The index of the oldest change in the ring, once it is full. */
  #oldest = 0;
  #forgottenThrough: number;

  /** `since`: no change up to this version is stored. */
  constructor(private readonly capacity: number, since: number) {
    this.#forgottenThrough = since;
  }

  /** The version of the latest change that is no longer stored. */
  get forgottenThrough(): number {
    return this.#forgottenThrough;
  }

  append(event: StoreEvent): void {
    if (this.#ring.length < this.capacity) this.#ring.push(event);
    else {
      this.#forgottenThrough = this.#at(0)?.resourceVersion ?? this.#forgottenThrough;
      this.#ring[this.#oldest] = event;
      this.#oldest = (this.#oldest + 1) % this.capacity;
    }
    for (const wake of this.#waiting) wake();
  }

  /** Returns the first change after a version, by binary search: versions rise along the ring. */
  firstAfter(version: number): StoreEvent | undefined {
    let [low, high] = [0, this.#ring.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#at(middle)?.resourceVersion ?? Infinity) > version) high = middle;
      else low = middle + 1;
    }
    return this.#at(low);
  }

  /** Calls `wake` at each change until the returned function is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #at(index: number): StoreEvent | undefined {
    return index < this.#ring.length
      ? this.#ring[(this.#oldest + index) % this.#ring.length]
      : undefined;
  }
}
