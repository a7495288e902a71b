/** The objects of one kind, by namespace and name, in the order of a list. */
import type { Stored } from "../model.ts";

/** A lookup is a hash; a list is sorted again only after an object was added or removed. */
export class Collection {
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
