/** How long a session may run: in total, and unused. Parses limits, and explains a pod that ended by a limit. Pure. */
import { formatDuration, parseDuration } from "../base/duration.ts";
import type { Pod } from "../kube/types.ts";
import { workspaceContainer } from "./names.ts";

/** Limits of a session; each absent if there is none. Whole seconds. */
export interface SessionLimits {
  /** From the start of the pod: neither use nor a restart of the container extends it. */
  ttlSeconds?: number;
  /** Without use, as defined in `scripts/idle_watcher.sh`. */
  idleSeconds?: number;
}

/** The keyword for no limit, if settings would set a limit. */
const noLimit = "never";

/** The requested value of a limit. */
export type RequestedLimit = number | typeof noLimit;

/** Parses `8h`, `30m`, `never`; in seconds. Undefined for any other text, and for less than a second. */
export function parseLimit(text: string): RequestedLimit | undefined {
  if (text === noLimit) return noLimit;
  const ms = parseDuration(text);
  return ms === undefined || ms < 1000 ? undefined : Math.round(ms / 1000);
}

/** Returns the same limit as a user writes it. */
export function limitText(seconds: number): string {
  return formatDuration(seconds * 1000);
}

/** Returns the effective limits: the user's options override the settings. */
export function limitsOf(
  requested: { ttl: RequestedLimit | undefined; idleTimeout: RequestedLimit | undefined },
): SessionLimits {
  const { ttl, idleTimeout } = requested;
  return {
    ...(typeof ttl === "number" ? { ttlSeconds: ttl } : {}),
    ...(typeof idleTimeout === "number" ? { idleSeconds: idleTimeout } : {}),
  };
}

/** Returns whether there is any. */
export function isLimited({ ttlSeconds, idleSeconds }: SessionLimits): boolean {
  return ttlSeconds !== undefined || idleSeconds !== undefined;
}

/**
 * Returns why a pod that exited with code 0 has ended. Only its watcher ends it so, for either limit; the time
 * distinguishes them, because an idle limit ends it before its time to live is over.
 */
export function whyEnded(pod: Pod, { ttlSeconds, idleSeconds }: SessionLimits): string {
  const lived = `its time to live of ${limitText(ttlSeconds ?? 0)} is over`;
  const idle = `idle for ${limitText(idleSeconds ?? 0)}`;
  if (ttlSeconds === undefined || idleSeconds === undefined) {
    return `it stopped by itself: ${ttlSeconds === undefined ? idle : lived}`;
  }
  return `it stopped by itself: ${ranFor(pod) >= ttlSeconds ? lived : idle}`;
}

/** Seconds from the start of the pod's work to its end. */
function ranFor({ status }: Pod): number {
  const own = status?.containerStatuses?.find(({ name }) => name === workspaceContainer);
  const { startedAt, finishedAt } = own?.state?.terminated ?? {};
  // For a restarted container, the first start is recorded only in the pod's.
  const firstStart = own?.restartCount === 0 ? startedAt : status?.startTime;
  return (Date.parse(finishedAt ?? "") - Date.parse(firstStart ?? "")) / 1000 || 0;
}

/** The state of a pod's watcher, in seconds of the pod's clock. */
export interface WatcherState {
  now: number;
  startedAt: number;
  /** The time of the last use. */
  usedAt: number;
  /** The kind of that use. */
  use: string;
}

/** A session's remaining time. */
export interface RemainingTime {
  /** Until the time to live is over. */
  ttlSeconds?: number;
  /** Seconds until the idle timeout. */
  idleSeconds?: number;
  /** The current use. */
  use?: string;
}

/** Returns the remaining time; never negative. */
export function remainingTime(limits: SessionLimits, state: WatcherState): RemainingTime {
  const { ttlSeconds, idleSeconds } = limits;
  const { now, startedAt, usedAt, use } = state;
  // Two polls of the watcher, and the time of the request.
  const inUse = now - usedAt <= 2 * watchSeconds(limits) + 5;
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: Math.max(0, startedAt + ttlSeconds - now) }),
    ...(idleSeconds === undefined ? {} : { idleSeconds: Math.max(0, usedAt + idleSeconds - now) }),
    ...(idleSeconds !== undefined && inUse && use !== "" ? { use } : {}),
  };
}

/** Returns the watcher's poll interval: short enough for the shortest limit, and long enough to cost nothing. */
export function watchSeconds({ ttlSeconds, idleSeconds }: SessionLimits): number {
  const shortest = Math.min(ttlSeconds ?? Infinity, idleSeconds ?? Infinity);
  return Math.min(10, Math.max(1, Math.floor(shortest / 6)));
}
