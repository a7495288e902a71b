/**
 * Keeps two folders in sync while it runs: scans both, reconciles, applies, watches, and starts again after a
 * connection, a disk or a pod was lost.
 */
import { onAbort, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { Backoff, outagePolicy } from "../../base/retry.ts";
import type { EndpointEvent, RemoteEndpoint } from "../core/endpoint.ts";
import type { Side } from "../core/model.ts";
import { SideLostError } from "../core/tree.ts";
import { Dirty, type Work } from "./dirty.ts";
import { type EngineParts, PurposeEndedError, type WatchedRemoteEnd } from "./parts.ts";
import { Passes } from "./passes.ts";
import { StateTracker } from "./state_tracker.ts";
import type { SyncState } from "./status.ts";

/** Interval of full scans of both sides, for changes that no watcher reported. */
const rescanMs = { watched: 300_000, polled: 30_000 };
/** Interval of polls of a pod: while it is busy, and at most when idle. */
const pollMs = { shortest: 250, longest: 2_000 };
/** The resolution of a pod's file times, at the coarsest. */
const turnMs = 2_000;

/** A synchronisation while its process lives. Used once. */
export class SyncEngine {
  readonly #dirty: Dirty;
  readonly #state: StateTracker;
  readonly #passes: Passes;
  #paused = false;
  #acceptRemovals = false;
  #wake = Promise.withResolvers<void>();
  #flushes: ((undone: string | undefined) => void)[] = [];

  constructor(private readonly parts: EngineParts) {
    this.#dirty = new Dirty(parts.clock);
    this.#state = new StateTracker(parts.mode, parts.clock, parts.onEvent);
    this.#passes = new Passes(parts, this.#state);
  }

  /** Called for a change on this machine. */
  readonly localEvent = (event: EndpointEvent): void => this.#hear("local", event);

  /**
   * Runs until the signal (`stopped`), or until there is nothing to keep in sync any more (`gone`). Rejects only on a
   * bug in kodama, or if its own files can't be saved.
   */
  async run(signal: AbortSignal): Promise<"stopped" | "gone"> {
    const backoff = new Backoff(outagePolicy.background, { clock: this.parts.clock, signal });
    let gone: string | undefined;
    while (!signal.aborted) {
      if (this.#paused) {
        this.#state.phase("paused", "");
        await this.#woken(signal);
        continue;
      }
      const connections = this.#state.current.connections;
      try {
        await this.#connected(signal);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof PurposeEndedError) {
          gone = error.message;
          break;
        }
        if (!(error instanceof SideLostError) && !(error instanceof KodamaError)) throw error;
        if (this.#paused) continue;
        // A stream that was open is progress.
        if (this.#state.current.connections > connections) backoff.reset();
        this.#state.phase("waiting", reasonOf(error));
        this.parts.log(`waiting: ${reasonOf(error)}`);
        await backoff.wait(this.#wake.promise);
      }
    }
    this.#dirty[Symbol.dispose]();
    this.#state.phase("stopped", gone ?? "");
    return gone === undefined ? "stopped" : "gone";
  }

  /** Stops all work and disconnects from the pod, until {@link resume}. */
  pause(): void {
    this.#paused = true;
    this.#wakeUp();
  }

  /** Resumes. With `acceptRemovals`, the removals of a side were intended, this once. */
  resume(acceptRemovals: boolean): void {
    this.#paused = false;
    this.#acceptRemovals ||= acceptRemovals;
    this.#dirty.addAll("now");
    this.#wakeUp();
  }

  /** Scans both sides now; resolves once that is done, with the reason if some work remains. */
  flush(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#flushes.push(resolve);
      this.#dirty.addAll("now");
      this.#wakeUp();
    });
  }

  get state(): SyncState {
    return this.#state.current;
  }

  #hear(side: Side, event: EndpointEvent): void {
    switch (event.kind) {
      case "changed":
        return this.#dirty.add(side, event.path);
      case "changedAnywhere":
        return this.#dirty.addAll(side);
      case "watched":
        return this.#state.watched(side, event.by);
    }
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    wake.resolve();
  }

  async #woken(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    using _listening = onAbort(signal, aborted.resolve);
    await Promise.race([this.#wake.promise, aborted.promise]);
  }

  /** Runs a connection to the pod. Throws the error that ended it; returns if it was paused. */
  async #connected(signal: AbortSignal): Promise<void> {
    this.#state.phase("connecting", "");
    const stop = new AbortController();
    using _listening = onAbort(signal, () => stop.abort(signal.reason));
    await using remote = await this.parts.connect((event) => this.#hear("remote", event), signal);
    this.#state.connected(this.parts.localWatcher());
    this.parts.log("connected");
    // The error that ends the stream also ends the wait for work, while work itself fails with its own error.
    let lost: Error | undefined;
    remote.lost.then((error) => {
      lost = error;
      this.#wakeUp();
    });
    let watching = false;
    let fullAtMs = -Infinity;
    const { clock } = this.parts;
    const poll = new Poll(clock);
    for (;;) {
      signal.throwIfAborted();
      if (lost !== undefined) throw lost;
      if (this.#paused) return;
      const work = this.#dirty.take();
      const flushes = this.#flushes.splice(0);
      const due = clock.elapsedMs() - fullAtMs >= this.#rescanMs(remote);
      if (due || flushes.length > 0) work.anywhere = true;
      if (work.anywhere) {
        // Before the scan, so that no change is missed between the two.
        if (!watching) await remote.watch();
        watching = true;
        fullAtMs = clock.elapsedMs();
      }
      const worked = await this.#work(work, remote, stop.signal);
      for (const resolve of flushes) resolve(this.#state.undone);
      if (worked === "again") continue;
      if (worked === "halted") {
        await this.#halted(() => signal.aborted || lost !== undefined, signal);
        if (lost === undefined) return;
        continue;
      }
      if (work.anywhere && remote.watchIsStale) {
        // Neither of two successive watchers reports a change between them.
        await remote.watch();
        this.#dirty.addAll("now");
        continue;
      }
      if (this.#dirty.due || this.#flushes.length > 0) continue;
      await this.#idle(remote, poll, { signal, untilMs: fullAtMs + this.#rescanMs(remote) });
    }
  }

  async #work(work: Work, remote: RemoteEndpoint, signal: AbortSignal) {
    const acceptRemovals = this.#acceptRemovals;
    const end = await this.#passes.run(work, { remote, acceptRemovals, signal });
    if (end.kind === "quiet" && work.anywhere) this.#acceptRemovals = false;
    if (end.kind !== "blocked") return end.kind;
    // A full disk and the like: a later attempt loses nothing.
    this.#state.phase("waiting", end.reason);
    await passed(this.parts.clock, end.delayMs, { signal, settled: this.#wake.promise });
    this.#dirty.addAll("now");
    return "again" as const;
  }

  /** Waits for the user. Also ends with the connection: reconnecting finds out whether the session is gone. */
  async #halted(isOver: () => boolean, signal: AbortSignal): Promise<void> {
    while (!this.#acceptRemovals && !this.#paused && this.#flushes.length === 0 && !isOver()) {
      await this.#woken(signal);
    }
  }

  #rescanMs(remote: WatchedRemoteEnd): number {
    const isPolled = remote.watcher === "none" || this.parts.localWatcher() === "polling";
    return isPolled ? rescanMs.polled : rescanMs.watched;
  }

  /** Waits for work; polls the pod at intervals if nothing there reports changes. */
  async #idle(
    remote: WatchedRemoteEnd,
    poll: Poll,
    { signal, untilMs }: { signal: AbortSignal; untilMs: number },
  ): Promise<void> {
    const { clock } = this.parts;
    const asks = remote.watcher === "none";
    const remainingMs = Math.max(0, untilMs - clock.elapsedMs());
    const waitMs = asks ? Math.min(poll.delayMs, remainingMs) : remainingMs;
    const debounced = Promise.race([this.#dirty.debounced(), this.#wake.promise]);
    if (!await passed(clock, waitMs, { signal, settled: debounced }) || !asks) return;
    const paths = await remote.changed(poll.turn());
    poll.found(this.#passes.notePolled(paths, (path) => this.#dirty.add("remote", path)));
  }
}

/** The poll interval of a pod: shorter while polls find changes. */
class Poll {
  delayMs: number = pollMs.shortest;
  #turnedAtMs = 0;
  #newsAtMs = 0;

  constructor(private readonly clock: Clock) {}

  /** Returns whether this poll advances the time since which changes are reported. */
  turn(): boolean {
    if (this.clock.elapsedMs() - this.#turnedAtMs < turnMs) return false;
    this.#turnedAtMs = this.clock.elapsedMs();
    return true;
  }

  found(event: boolean): void {
    const now = this.clock.elapsedMs();
    if (event) this.#newsAtMs = now;
    const busy = now - this.#newsAtMs < 30_000;
    this.delayMs = busy ? pollMs.shortest : Math.min(this.delayMs * 1.5, pollMs.longest);
  }
}

function reasonOf(error: KodamaError | SideLostError): string {
  return error.message;
}
