/** Sessions in a cluster: read, created, changed despite concurrent writes, and deleted. */
import { action, hint, option } from "../base/hint.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError, unlessError } from "../base/errors.ts";
import type { ApiResource, KubeClient } from "../kube/client.ts";
import { wholeList } from "../kube/http/list.ts";
import { CONFIG_MAPS, PODS } from "../kube/resources.ts";
import type { ConfigMap, KubeObject, ObjectMeta, Pod } from "../kube/types.ts";
import { sessionAllowances } from "./manifests/pod.ts";
import { checkedPod } from "./manifests/pod_standard.ts";
import type { Session } from "./model.ts";
import { anySession, isState, selectSession, sessionLabel, sessionNames } from "./names.ts";
import { persistentlyOf } from "./persistence.ts";
import { stateObject, type StoredSession, storedSession } from "./state.ts";

/** A session of a list, with its pod; or a state that can't be parsed. */
export type ListedSession =
  | { kind: "session"; session: Session; uid: string; pod: Pod | undefined }
  | { kind: "unreadable"; name: string; namespace: string; error: KodamaError };

/** How often a change is retried after conflicts with others' writes. */
const maxConflicts = 8;

/** An object whose metadata is known. */
type Named = object & { metadata?: ObjectMeta };

/** The sessions of a namespace. */
export class SessionStore {
  constructor(
    readonly client: KubeClient,
    readonly namespace: string,
    readonly clock: Clock,
    readonly signal: AbortSignal,
  ) {}

  /** Returns the same store with another end of its calls. */
  until(signal: AbortSignal): SessionStore {
    return new SessionStore(this.client, this.namespace, this.clock, signal);
  }

  /** Returns the session that is stored under a name; undefined if there is none. */
  async read(name: string): Promise<StoredSession | undefined> {
    const object = await this.get<ConfigMap>(CONFIG_MAPS, sessionNames(name).state);
    return object && storedSession(object);
  }

  /** Stores a new session. Returns the existing session of the name, if any: the first caller owns the name. */
  async create(session: Session): Promise<{ stored: StoredSession; created: boolean }> {
    const object = stateObject(session);
    try {
      const { object: there, made } = await this.ensure(CONFIG_MAPS, object, session.name);
      return { stored: storedSession(there), created: made };
    } catch (error) {
      // An object can be created without any other.
      if (!(error instanceof KodamaError) || error.kind !== "notFound") throw error;
      throw new KodamaError("notFound", error.message, {
        hint: `kubectl create namespace ${this.namespace} creates it; -n selects another one`,
        cause: error,
      });
    }
  }

  /**
   * Writes a change of a session: based on its current state, not on an earlier read.
   *
   * @throws KodamaError `conflict` if it was deleted meanwhile, or others' writes come first repeatedly.
   */
  async change(
    stored: StoredSession,
    change: (session: Session) => Session,
  ): Promise<StoredSession> {
    const { name } = stored.session;
    for (let from = stored, conflicts = 0;; conflicts++) {
      const session = { ...change(from.session), updatedAt: this.clock.now().toISOString() };
      const object = stateObject(session, from);
      try {
        return storedSession(await this.replace(CONFIG_MAPS, sessionNames(name).state, object));
      } catch (error) {
        const isMissing = error instanceof KodamaError && error.kind === "notFound";
        if (!isMissing && (!isConflict(error) || conflicts === maxConflicts)) throw error;
        const there = isMissing ? undefined : await this.read(name);
        if (there?.uid !== stored.uid) {
          throw new KodamaError(
            "conflict",
            `session "${name}" in namespace "${this.namespace}" was deleted by someone else meanwhile`,
            {
              hint: hint`${action("list", { namespace: this.namespace })} lists the existing ones`,
            },
          );
        }
        from = there;
      }
    }
  }

  /** Returns an object, or undefined if there is none. */
  get<T>(resource: ApiResource, name: string): Promise<T | undefined> {
    const scope = { namespace: this.namespace };
    return unlessError(
      ["notFound"],
      this.#again(() => this.client.get<T>(resource, name, scope, { signal: this.signal })),
    );
  }

  /**
   * Creates a pod of a session, unless it exists. Every pod of a session is judged here, as it is sent.
   *
   * @throws KodamaError `config` if it may do more than a session's pod may; `conflict` as {@link ensure}.
   */
  async ensurePod(
    session: Pick<Session, "name" | "spec">,
    pod: Pod,
  ): Promise<{ object: Pod; made: boolean }> {
    return await this.#ensure(PODS, checkedPod(pod, sessionAllowances(session)), session.name);
  }

  /**
   * Creates an object of a session, unless it exists; a pod by {@link ensurePod}.
   *
   * @throws KodamaError `conflict` if an object outside the session has the name.
   */
  async ensure<T extends Named>(
    resource: ApiResource,
    object: T,
    session: string,
  ): Promise<{ object: T; made: boolean }> {
    if (resource === PODS) throw new Error("a pod would be created without a check");
    return await this.#ensure(resource, object, session);
  }

  async #ensure<T extends Named>(
    resource: ApiResource,
    object: T,
    session: string,
  ): Promise<{ object: T; made: boolean }> {
    const scope = { namespace: this.namespace };
    const { name = "" } = object.metadata ?? {};
    for (let attempt = 0;; attempt++) {
      try {
        const made = await this.#again(() =>
          this.client.create(resource, object, scope, { signal: this.signal })
        );
        return { object: made, made: true };
      } catch (error) {
        if (!isConflict(error)) throw error;
        const there = await this.get<T & KubeObject>(resource, name);
        // The object disappeared between the two reads; the next attempt creates it, or finds the object that others
        // keep creating.
        if (there === undefined && attempt < maxConflicts) continue;
        if (there === undefined) throw error;
        if (there.metadata.labels?.[sessionLabel] === session) {
          return { object: there, made: false };
        }
        throw new KodamaError(
          "conflict",
          `${resource.kind} "${name}" in namespace "${this.namespace}" exists, and doesn't belong to session "${session}"`,
          {
            hint: hint`choose another name for the session, or another namespace with ${
              option("namespace")
            }`,
          },
        );
      }
    }
  }

  /** Replaces the object of the same name, or creates it. */
  async put<T extends Named>(resource: ApiResource, object: T, session: string): Promise<boolean> {
    const { made } = await this.ensure(resource, object, session);
    if (made) return true;
    const { name = "" } = object.metadata ?? {};
    await this.replace(resource, name, object);
    return false;
  }

  /** Replaces an object; if it has a resource version, only that version: see {@link KubeClient.update}. */
  replace<T extends object>(resource: ApiResource, name: string, object: T): Promise<T> {
    const scope = { namespace: this.namespace };
    return this.#again(() =>
      this.client.update(resource, name, object, scope, { signal: this.signal })
    );
  }

  /** Deletes an object; returns false if there is none. */
  async remove(
    resource: ApiResource,
    name: string,
    options: { graceSeconds?: number; uid?: string } = {},
  ): Promise<boolean> {
    const scope = { namespace: this.namespace };
    const removed = await unlessError(
      ["notFound"],
      this.#again(async () => {
        await this.client.delete(resource, name, scope, { ...options, signal: this.signal });
        return true;
      }),
    );
    return removed ?? false;
  }

  /** Returns the objects of a kind that belong to a session. */
  ofSession<T extends object = KubeObject>(
    resource: ApiResource,
    session: string,
  ): Promise<T[]> {
    return this.labelled<T>(resource, selectSession(session));
  }

  /** Returns the objects of a kind that match a label selector. */
  async labelled<T extends object = KubeObject>(
    resource: ApiResource,
    labelSelector: string,
  ): Promise<T[]> {
    const scope = { namespace: this.namespace, labelSelector };
    const { items } = await this.#again(() =>
      wholeList(() => this.client.list<T>(resource, scope, { signal: this.signal }))
    );
    return items;
  }

  #again<T>(call: () => Promise<T>): Promise<T> {
    return persistentlyOf(this.client, { clock: this.clock, signal: this.signal }, call);
  }
}

/** Returns every session of a namespace, or of all of them, with its pod; by namespace and name. */
export async function listSessions(
  client: KubeClient,
  namespace: string | undefined,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<ListedSession[]> {
  const scope = { labelSelector: anySession, ...(namespace === undefined ? {} : { namespace }) };
  const all = <T>(resource: ApiResource) =>
    persistentlyOf(
      client,
      { clock, signal },
      () => wholeList(() => client.list<T>(resource, scope, { signal })),
    );
  const [states, pods] = await Promise.all([all<ConfigMap>(CONFIG_MAPS), all<Pod>(PODS)]);
  return listedSessions(states.items, pods.items);
}

/** Returns the sessions that these ConfigMaps store, with their pods; by namespace and name. */
export function listedSessions(
  configMaps: readonly ConfigMap[],
  pods: readonly Pod[],
): ListedSession[] {
  const podOf = new Map(pods.map((pod) => [objectKey(pod), pod]));
  return configMaps.filter(isState).map((object) => listed(object, podOf)).sort(byNamespaceAndName);
}

function listed(object: ConfigMap, podOf: ReadonlyMap<string, Pod>): ListedSession {
  const { name = "", namespace = "" } = object.metadata ?? {};
  try {
    const { session, uid } = storedSession(object);
    const pod = podOf.get(`${namespace}/${sessionNames(session.name).pod}`);
    return { kind: "session", session, uid, pod };
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return { kind: "unreadable", name, namespace, error };
  }
}

function byNamespaceAndName(a: ListedSession, b: ListedSession): number {
  const key = (one: ListedSession) => {
    const { namespace, name } = one.kind === "session" ? one.session : one;
    return `${namespace}/${name}`;
  };
  return key(a) < key(b) ? -1 : 1;
}

function objectKey({ metadata }: Pick<ConfigMap, "metadata">): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

function isConflict(error: unknown): boolean {
  return error instanceof KodamaError && error.kind === "conflict";
}
