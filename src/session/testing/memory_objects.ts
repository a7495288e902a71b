/** The objects of a namespace, for tests. */
import { KodamaError } from "../../base/errors.ts";
import type { ApiResource, DeleteOptions, KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/types.ts";

/** The objects of a namespace, with the API server's checks against concurrent writes. */
export class MemoryObjects {
  readonly objects = new Map<string, KubeObject>();
  readonly deletions: DeleteOptions[] = [];
  updates = 0;
  /** Every update finds that another writer was first. */
  busy = false;
  #version = 0;

  /** Returns a client of them. */
  get client(): KubeClient {
    const some = {
      get: (_: ApiResource, name: string) => this.#answer(() => this.#there(name)),
      create: (_: ApiResource, object: KubeObject) => this.#answer(() => this.#create(object)),
      update: (_: ApiResource, name: string, object: KubeObject) =>
        this.#answer(() => this.#update(name, object)),
      delete: (_: ApiResource, _name: string, _scope: unknown, options: DeleteOptions) =>
        this.#answer(() => void this.deletions.push(options)),
    };
    return some as unknown as KubeClient;
  }

  #answer<T>(give: () => T): Promise<T> {
    return Promise.resolve().then(give);
  }

  #there(name: string): KubeObject {
    const object = this.objects.get(name);
    if (object === undefined) throw new KodamaError("notFound", `no ${name}`);
    return object;
  }

  #create(object: KubeObject): KubeObject {
    const { name = "" } = object.metadata;
    if (this.objects.has(name)) throw new KodamaError("conflict", `${name} already exists`);
    return this.#keep(name, object, `uid-${this.#version}`);
  }

  #update(name: string, object: KubeObject): KubeObject {
    if (++this.updates > 100) throw new Error("it tries for ever");
    const { uid = "", resourceVersion } = this.#there(name).metadata;
    const asked = object.metadata;
    const isOther = this.busy || (asked.uid ?? uid) !== uid ||
      (asked.resourceVersion ?? resourceVersion) !== resourceVersion;
    if (isOther) throw new KodamaError("conflict", `${name} was changed`);
    return this.#keep(name, object, uid);
  }

  #keep(name: string, object: KubeObject, uid: string): KubeObject {
    const resourceVersion = String(++this.#version);
    const kept = { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
    this.objects.set(name, kept);
    return kept;
  }
}
