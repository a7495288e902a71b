/** A cluster whose lists and changes are controlled by a test, for code that lists and watches. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import type {
  ApiResource,
  KubeClient,
  ListScope,
  WatchEvent,
  WatchOptions,
} from "../../kube/client.ts";
import type { KubeObject, Pod } from "../../kube/types.ts";

/** Returns a running pod with the fields that a picker reads. */
export function runningPod(name: string, changes: { namespace?: string; uid?: string } = {}): Pod {
  const { namespace = "n", uid = `uid-${name}` } = changes;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { nodeName: "node-1", containers: [{ name: "main", image: "image" }] },
    status: {
      phase: "Running",
      podIP: "10.0.0.1",
      containerStatuses: [{
        name: "main",
        ready: true,
        restartCount: 0,
        image: "image",
        imageID: "",
        state: { running: {} },
      }],
    },
  };
}

/** A request to the cluster. */
export interface Asked {
  resource: ApiResource;
  scope: ListScope;
}

/** Lists by namespace and kind (`n/pods`; `*` is all namespaces), page by page; a page that is an error ends them. */
export class WatchedCluster {
  readonly lists = new Map<string, (readonly unknown[] | KodamaError)[]>();
  readonly objects = new Map<string, KubeObject>();
  readonly asked: Asked[] = [];
  /** The resource version at which each watch started. */
  readonly watchedFrom: string[] = [];
  /** The changes of the first watch; any other has none. */
  readonly changes = new BoundedQueue<WatchEvent<Pod>>(100);
  log: readonly string[] | KodamaError = [];

  constructor(readonly context: string) {}

  get client(): KubeClient {
    const unused = () => {
      throw new Error("a test asked for what its cluster doesn't have");
    };
    return {
      context: this.context,
      server: `https://${this.context}:6443`,
      defaultNamespace: "n",
      list: <T>(resource: ApiResource, scope: ListScope) => this.#list<T>(resource, scope),
      watch: <T>(
        _resource: ApiResource,
        _scope: ListScope,
        { signal, resourceVersion }: WatchOptions,
      ) => {
        const isFirst = this.watchedFrom.push(resourceVersion) === 1;
        const changes = isFirst ? this.changes : new BoundedQueue<WatchEvent<Pod>>(1);
        signal.addEventListener("abort", () => changes.discard());
        return Promise.resolve(changes as unknown as AsyncIterable<WatchEvent<T>>);
      },
      get: <T>({ plural }: ApiResource, name: string) => {
        const object = this.objects.get(`${plural}/${name}`);
        if (object === undefined) return Promise.reject(new KodamaError("notFound", `no ${name}`));
        return Promise.resolve(object as T);
      },
      logs: async () => {
        if (this.log instanceof KodamaError) throw this.log;
        return await Promise.resolve(chunks(this.log));
      },
      raw: unused,
      create: unused,
      update: unused,
      delete: unused,
      exec: unused,
      attach: unused,
      portLink: unused,
      forBulk: unused,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Sends a change to the first watch. */
  change(kind: "added" | "modified" | "deleted", object: Pod): Promise<void> {
    return this.changes.push({ kind, object, resourceVersion: "8" });
  }

  async *#list<T>(resource: ApiResource, scope: ListScope) {
    this.asked.push({ resource, scope });
    const pages = this.lists.get(`${scope.namespace ?? "*"}/${resource.plural}`) ?? [[]];
    for (const page of pages) {
      if (page instanceof KodamaError) throw page;
      yield await Promise.resolve({ items: page as T[], resourceVersion: "7" });
    }
  }
}

async function* chunks(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}
