/**
 * How many replicas each revision should have next. Numbers only.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */

/** A ReplicaSet, as a rollout counts it. */
export interface SetSize {
  name: string;
  /** Its present `spec.replicas`. */
  desired: number;
  available: number;
}

/** The rollout options of a Deployment. */
export interface RolloutLimits {
  replicas: number;
  /** How many may exist above `replicas` meanwhile. */
  maxSurge: number;
  /** How many of `replicas` may be missing meanwhile. */
  maxUnavailable: number;
}

/** New sizes by name: only those that change. */
export type SizeChanges = ReadonlyMap<string, number>;

/** `25%` or a number, of `total`: surge is rounded up, unavailability down. */
export function resolveAmount(
  value: number | string | undefined,
  total: number,
  round: "up" | "down",
): number {
  if (typeof value === "number") return value;
  const percent = Number((value ?? "25%").replace(/%$/, "")) || 0;
  return Math[round === "up" ? "ceil" : "floor"](total * percent / 100);
}

/** Returns the limits of a rolling update; both zero would make no progress, so then one may be missing. */
export function rollingLimits(
  replicas: number,
  settings: { maxSurge?: number | string; maxUnavailable?: number | string } | undefined,
): RolloutLimits {
  const maxSurge = resolveAmount(settings?.maxSurge, replicas, "up");
  const missing = resolveAmount(settings?.maxUnavailable, replicas, "down");
  const maxUnavailable = Math.min(maxSurge === 0 && missing === 0 ? 1 : missing, replicas);
  return { replicas, maxSurge, maxUnavailable };
}

/**
 * Returns the next step of a rolling update: grow the new set up to the surge; shrink the old ones while enough pods
 * stay available, those that never became available first.
 */
export function planRolling(
  current: SetSize,
  old: readonly SetSize[],
  limits: RolloutLimits,
): SizeChanges {
  const grown = growCurrent(current, old, limits);
  if (grown !== current.desired) return new Map([[current.name, grown]]);
  return shrinkOld(current, old, limits);
}

function growCurrent(current: SetSize, old: readonly SetSize[], limits: RolloutLimits): number {
  if (current.desired >= limits.replicas) return limits.replicas;
  const capacity = limits.replicas + limits.maxSurge - sum([current, ...old], "desired");
  return current.desired + Math.max(0, Math.min(capacity, limits.replicas - current.desired));
}

function shrinkOld(
  current: SetSize,
  old: readonly SetSize[],
  limits: RolloutLimits,
): SizeChanges {
  const mustStay = limits.replicas - limits.maxUnavailable;
  const missingNew = current.desired - current.available;
  let capacity = sum([current, ...old], "desired") - mustStay - missingNew;
  const sizes = new Map(old.map(({ name, desired }) => [name, desired]));
  const take = (name: string, count: number) => {
    const taken = Math.max(0, Math.min(count, capacity, sizes.get(name) ?? 0));
    sizes.set(name, (sizes.get(name) ?? 0) - taken);
    capacity -= taken;
    return taken;
  };
  for (const { name, desired, available } of old) take(name, desired - available);
  let spare = sum([current, ...old], "available") - mustStay;
  for (const { name } of old) spare -= take(name, Math.max(0, spare));
  return changesOf(old, sizes);
}

/** Returns the next step of Recreate: nothing new before all old pods are removed. */
export function planRecreate(
  current: SetSize,
  old: readonly SetSize[],
  options: { replicas: number; oldPodsLeft: boolean },
): SizeChanges {
  const stopped = new Map(old.map(({ name }) => [name, 0]));
  const changes = changesOf(old, stopped);
  if (changes.size > 0 || options.oldPodsLeft) return changes;
  return changesOf([current], new Map([[current.name, options.replicas]]));
}

/**
 * Returns the sizes of a Deployment whose number of replicas changed during a rollout: the difference is shared out by
 * size, the remainder to the largest (the first of equals, which is the newest).
 */
export function planScaling(sets: readonly SetSize[], total: number): SizeChanges {
  const present = sum(sets, "desired");
  const sizes = new Map(sets.map(({ name, desired }) => [name, desired]));
  if (present > 0) {
    for (const { name, desired } of sets) sizes.set(name, Math.floor(desired * total / present));
  }
  const shared = [...sizes.values()].reduce((a, b) => a + b, 0);
  const largest = [...sets].sort((a, b) => b.desired - a.desired)[0];
  if (largest !== undefined) {
    sizes.set(largest.name, (sizes.get(largest.name) ?? 0) + total - shared);
  }
  return changesOf(sets, sizes);
}

function changesOf(sets: readonly SetSize[], sizes: ReadonlyMap<string, number>): SizeChanges {
  return new Map(
    sets.flatMap(({ name, desired }) => {
      const next = sizes.get(name) ?? desired;
      return next === desired ? [] : [[name, next] as const];
    }),
  );
}

function sum(sets: readonly SetSize[], field: "desired" | "available"): number {
  return sets.reduce((total, set) => total + set[field], 0);
}
