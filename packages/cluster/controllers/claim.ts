/**
 * Which objects a workload manages: those that name it as their controller and still match its selector. One that
 * stopped matching is released, and an orphan that matches is adopted.
 */
import type { LabelSelector, OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import { type ControllerAction, updateAction } from "./action.ts";
import {
  type AnyLive,
  type KindMap,
  type KindName,
  type Live,
  type LiveMeta,
  withMetadataList,
} from "./kinds.ts";
import { managedBy } from "./pods.ts";
import { matchesSelector } from "./selector.ts";
import type { ClusterSnapshot } from "./state.ts";

/** A workload: any object that selects the ones it manages. */
type Claimant = AnyLive & { spec?: { selector?: LabelSelector } };

/**
 * Returns the objects that belong to a workload now, and the writes for that: if there are any, claim again after them.
 * A workload that names its objects itself claims no others: `named`.
 */
export function claim<K extends KindName>(
  state: ClusterSnapshot,
  type: K,
  owner: Claimant,
  named: (object: Live<KindMap[K]>) => boolean = () => true,
): { owned: readonly Live<KindMap[K]>[]; actions: ControllerAction[] } {
  const { selector } = owner.spec ?? {};
  const managed = state.controlledBy(type, owner.metadata.uid);
  const owned = managed.filter((object) =>
    matchesSelector(selector, object.metadata.labels) && named(object)
  );
  const strays = managed.filter((object) => !owned.includes(object));
  const orphans = owner.metadata.deletionTimestamp === undefined
    ? state.orphansMatching(type, owner.metadata.namespace, selector).filter(named)
    : [];
  const references = ({ metadata }: Live<KindMap[K]>) =>
    (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  return {
    owned,
    actions: [
      ...strays.map((object) => updateAction(type, withOwners(object, references(object)))),
      ...orphans.map((object) =>
        updateAction(type, withOwners(object, [...references(object), managedBy(owner)]))
      ),
    ],
  };
}

function withOwners<T extends { metadata: LiveMeta }>(
  object: T,
  owners: readonly OwnerReference[],
): T {
  return { ...object, metadata: withMetadataList(object.metadata, "ownerReferences", owners) };
}
