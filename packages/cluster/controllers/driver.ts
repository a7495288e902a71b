/** Runs controllers over a store: each after every change that concerns it, and when it requested to run again. */
import { passed } from "../../../src/base/abort.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type ResourceType, type Store, StoreError } from "../model.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { resources } from "../resources.ts";
import { ClusterSnapshot, type Controller } from "./state.ts";
import type { KindName } from "./kinds.ts";
import type { ControllerAction } from "./action.ts";
import { deletionOf } from "./deletion.ts";
import { recordEvent } from "./events.ts";

/** The options of {@link runControllers}. */
export interface ControllersOptions {
  store: Store;
  controllers: readonly Controller[];
  clock: Clock;
  admit: (type: ResourceType, object: KubeObject) => KubeObject;
  /** A controller that throws is a bug in it; the others continue, and it runs again at the next change. */
  onError: (controller: string, error: unknown) => void;
}

/** Changes come in bursts (a pod that starts is written four times): they are debounced for this long. */
const gatherMs = 5;

const kindNames = Object.keys(resources) as KindName[];

/** Starts the controllers. Disposing it stops them and waits until they have. */
export function runControllers(options: ControllersOptions): AsyncDisposable {
  const driver = new Driver(options);
  const ended = Promise.all([driver.watch(), driver.work()]);
  return {
    async [Symbol.asyncDispose]() {
      driver.stop();
      await ended;
    },
  };
}

class Driver {
  readonly #target: ActionTarget;
  readonly #end = new AbortController();
  readonly #dirty: Set<Controller>;
  readonly #timers = new Map<Controller, Disposable>();
  readonly #concerned: ReadonlyMap<ResourceType, readonly Controller[]>;
  #wake = Promise.withResolvers<void>();

  constructor(private readonly options: ControllersOptions) {
    this.#target = { store: options.store, admit: options.admit };
    this.#dirty = new Set(options.controllers);
    this.#wake.resolve();
    this.#concerned = new Map(kindNames.map((name) => [
      resources[name],
      options.controllers.filter(({ watches }) => watches.includes(name)),
    ]));
  }

  stop(): void {
    this.#end.abort();
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#wake.resolve();
  }

  /** Queues reconciles for changes, until the end. */
  async watch(): Promise<void> {
    const { signal } = this.#end;
    const types = [...this.#concerned].filter(([, list]) => list.length > 0).map(([type]) => type);
    while (!signal.aborted) {
      try {
        for await (const { type } of this.options.store.watch(types, { signal })) {
          for (const controller of this.#concerned.get(type) ?? []) this.#mark(controller);
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        // Fell behind the store's history: the missed changes may concern any controller.
        this.options.controllers.forEach((controller) => this.#mark(controller));
      }
    }
  }

  /** Reconciles the queued controllers, until the end. */
  async work(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
      await passed(this.options.clock, gatherMs, { signal });
      const due = this.options.controllers.filter((controller) => this.#dirty.delete(controller));
      for (const controller of due) {
        if (!signal.aborted) this.#run(controller);
      }
    }
  }

  #mark(controller: Controller): void {
    this.#dirty.add(controller);
    this.#wake.resolve();
  }

  #run(controller: Controller): void {
    const { store, clock, onError } = this.options;
    const now = clock.now();
    try {
      const actions = controller.reconcile(new ClusterSnapshot(store, now));
      for (const action of actions) {
        applyAction(this.#target, action, { component: controller.name, now });
      }
      const moments = actions.flatMap((each) => each.kind === "requeue" ? [each.at] : []);
      this.#requeue(controller, moments);
    } catch (error) {
      onError(controller.name, error);
    }
  }

  /** Sets the one timer of a controller: the earliest moment that its last pass named. */
  #requeue(controller: Controller, moments: readonly Date[]): void {
    this.#timers.get(controller)?.[Symbol.dispose]();
    this.#timers.delete(controller);
    if (moments.length === 0 || this.#end.signal.aborted) return;
    const earliest = Math.min(...moments.map((moment) => moment.getTime()));
    const waitMs = Math.max(0, earliest - this.options.clock.now().getTime());
    this.#timers.set(
      controller,
      this.options.clock.timer(waitMs, () => this.#mark(controller)),
    );
  }
}

/* Carries out the actions of controllers. */

/** Applies actions to the store. */
interface ActionTarget {
  store: Store;
  /** Admits a new object: defaults, a service account's volume. */
  admit: (type: ResourceType, object: KubeObject) => KubeObject;
}

/**
 * Carries out one action. Writes that came too late (the object changed, was created or deleted meanwhile) aren't
 * errors: the change that overtook them triggers another reconcile itself. Returns false for those.
 */
export function applyAction(
  target: ActionTarget,
  action: ControllerAction,
  { component, now }: { component: string; now: Date },
): boolean {
  try {
    perform(target, action, { component, now });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.reason !== "expired") return false;
    throw error;
  }
}

function perform(
  { store, admit }: ActionTarget,
  action: ControllerAction,
  { component, now }: { component: string; now: Date },
): void {
  switch (action.kind) {
    case "create": {
      const type = resources[action.type];
      store.create(type, admit(type, action.object as unknown as KubeObject));
      return;
    }
    case "update":
      store.update(resources[action.type], action.object as unknown as KubeObject);
      return;
    case "delete":
      return performDeletion(store, action, now);
    case "remove":
      store.remove(resources[action.type], action.namespace, action.name);
      return;
    case "event":
      return recordEvent(store, { component, action, now });
    case "requeue":
      // Handled by the driver: it writes nothing.
      return;
  }
}

function performDeletion(
  store: Store,
  action: Extract<ControllerAction, { kind: "delete" }>,
  now: Date,
): void {
  const type = resources[action.type];
  const object = store.get(type, action.namespace, action.name);
  if (object === undefined) return;
  const { propagation, graceSeconds } = action;
  const deletion = deletionOf(type, object, { propagation, graceSeconds, now });
  if (deletion.kind === "removed") store.remove(type, action.namespace, action.name);
  else store.update(type, deletion.object);
}
