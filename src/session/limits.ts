/** How long a session may run: at the most, and unused. What a limit is, and what a pod that kept it says. Pure. */
import { formatDuration, parseDuration } from "../base/duration.ts";
import type { Pod } from "../kube/types.ts";
import { workspaceContainer } from "./names.ts";

/** Limits of a session; each is absent where there is none. Whole seconds. */
export interface SessionLimits {
  /** From the beginning of the pod: neither use nor a restart of the container makes it longer. */
  ttlSeconds?: number;
  /** Without use: `life_script.ts` says what that is. */
  idleSeconds?: number;
}

/** The word for no limit, where settings would give one. */
const noLimit = "never";

/** What is wanted of one limit. */
export type LimitWish = number | typeof noLimit;

/** `8h`, `30m`, `never`; in seconds. Undefined for any other text, and for less than a second. */
export function parseLimit(text: string): LimitWish | undefined {
  if (text === noLimit) return noLimit;
  const ms = parseDuration(text);
  return ms === undefined || ms < 1000 ? undefined : Math.round(ms / 1000);
}

/** The same limit as a person writes it. */
export function limitText(seconds: number): string {
  return formatDuration(seconds * 1000);
}

/** The limits that hold where nothing is said twice: a wish of the person's before the one of the settings. */
export function limitsOf(
  wishes: { ttl: LimitWish | undefined; idleTimeout: LimitWish | undefined },
): SessionLimits {
  const { ttl, idleTimeout } = wishes;
  return {
    ...(typeof ttl === "number" ? { ttlSeconds: ttl } : {}),
    ...(typeof idleTimeout === "number" ? { idleSeconds: idleTimeout } : {}),
  };
}

/** Whether there is any. */
export function isLimited({ ttlSeconds, idleSeconds }: SessionLimits): boolean {
  return ttlSeconds !== undefined || idleSeconds !== undefined;
}

/**
 * Why a pod that ended well has ended. Its watcher alone ends so, for one of the limits; the time says for which, as
 * an end for want of use comes before the time to live is over.
 */
export function whyEnded(pod: Pod, { ttlSeconds, idleSeconds }: SessionLimits): string {
  const lived = `its time to live of ${limitText(ttlSeconds ?? 0)} is over`;
  const idle = `idle for ${limitText(idleSeconds ?? 0)}`;
  if (ttlSeconds === undefined || idleSeconds === undefined) {
    return `it stopped by itself: ${ttlSeconds === undefined ? idle : lived}`;
  }
  return `it stopped by itself: ${ranFor(pod) >= ttlSeconds ? lived : idle}`;
}

/** Seconds from the beginning of the pod's work to its end. */
function ranFor({ status }: Pod): number {
  const own = status?.containerStatuses?.find(({ name }) => name === workspaceContainer);
  const { startedAt, finishedAt } = own?.state?.terminated ?? {};
  // A container that began again has its first beginning nowhere but in the pod's.
  const began = own?.restartCount === 0 ? startedAt : status?.startTime;
  return (Date.parse(finishedAt ?? "") - Date.parse(began ?? "")) / 1000 || 0;
}

/** What a pod's watcher knows, in seconds of the pod's clock. */
export interface Life {
  now: number;
  began: number;
  /** The last time when it was used. */
  active: number;
  /** How it was used then. */
  use: string;
}

/** What is left of a session's time. */
export interface TimeLeft {
  /** Until the time to live is over. */
  ttlSeconds?: number;
  /** Until it stops if nobody uses it meanwhile. */
  idleSeconds?: number;
  /** What uses it just now. */
  use?: string;
}

/** What is left; none of it is less than nothing. */
export function timeLeft({ ttlSeconds, idleSeconds }: SessionLimits, life: Life): TimeLeft {
  const { now, began, active, use } = life;
  // Two looks of the watcher, and what it takes to ask.
  const inUse = now - active <= 2 * lookSeconds({ ttlSeconds, idleSeconds }) + 5;
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: Math.max(0, began + ttlSeconds - now) }),
    ...(idleSeconds === undefined ? {} : { idleSeconds: Math.max(0, active + idleSeconds - now) }),
    ...(idleSeconds !== undefined && inUse && use !== "" ? { use } : {}),
  };
}

/** Between two looks of the watcher: often enough for the shortest limit, and seldom enough to cost nothing. */
export function lookSeconds(
  { ttlSeconds, idleSeconds }: { ttlSeconds: number | undefined; idleSeconds: number | undefined },
): number {
  const shortest = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Math.min(10, Math.max(1, Math.floor(shortest / 6)));
}
