/** The containers whose logs are read: their indexes and names. */
import { type NameParts, nameParts, targetName } from "../../exec/target_names.ts";
import type { Target } from "../../kube/select/target.ts";
import type { LogsEvent } from "./events.ts";

/** Grows while logs are followed. */
export class LogSources {
  readonly #contexts: readonly string[];
  readonly #keys = new Set<string>();
  #parts: NameParts | undefined;
  #count = 0;

  constructor(contexts: readonly string[]) {
    this.#contexts = contexts;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns the targets that aren't in the list yet, and adds their keys. */
  unknown(targets: readonly Target[]): Target[] {
    return targets.filter((target) => {
      const key = keyOf(target);
      if (this.#keys.has(key)) return false;
      this.#keys.add(key);
      return true;
    });
  }

  /** Appends them to the list. The first call fixes the parts of names. */
  add(targets: readonly Target[], { joined }: { joined: boolean }): LogsEvent {
    const own = nameParts(targets);
    this.#parts ??= { ...own, context: own.context || new Set(this.#contexts).size > 1 };
    const parts = { ...this.#parts, container: this.#parts.container || own.container };
    this.#count += targets.length;
    const names = targets.map((target) => targetName(target, parts));
    return { kind: "sourcesAdded", sources: targets, names, joined };
  }
}

function keyOf({ context, namespace, pod, container, uid = "" }: Target): string {
  return JSON.stringify([context, namespace, pod, container, uid]);
}
