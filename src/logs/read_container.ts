/** One container's log, read to its end or followed, over connections that break. */
import type { FollowedContainer, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { cutReason, StreamReader } from "./read_stream.ts";
import { KodamaError } from "../base/errors.ts";
import type { ContainerState } from "./containers.ts";

/** Consecutive connections that deliver nothing before the log counts as unreachable. */
const maxFruitless = 5;

/**
 * Returns the log of the current instance, or of the previous one. Ends with `failed` if it can't be read to its end.
 */
export async function* readContainer(
  open: OpenLog,
  options: ReadOptions & { previous: boolean },
): AsyncGenerator<ReadEvent, void> {
  const reader = new StreamReader(open, options);
  for (;;) {
    const end = yield* reader.read({ follow: false, previous: options.previous });
    if (options.signal.aborted || end.kind === "ended") return;
    if (end.kind === "refused" || (end.kind === "cut" && reader.fruitless >= maxFruitless)) {
      return yield { kind: "failed", error: end.error };
    }
    if (end.kind === "cut") {
      yield { kind: "cut", reason: cutReason(end.error) };
      await reader.backOff();
    } else {
      reader.cursor.trustTimes();
      yield { kind: "gap", reason: rotated };
    }
  }
}

/** Why a log isn't the one that was read before. */
export const rotated = "the node began a new file for the log while the link was down";

/*
 * One container's log as it grows: from before it starts, over broken links and restarts, to the end of its pod.
 *
 * A stream that ends doesn't say why: the container ended, or a proxy in between cut it. So after each end the server
 * is queried for the container's state. If it ended, the log is read once more without following, from the last
 * position; if another instance runs, the remaining log of the last one is read first.
 */

/** Ends when the container's pod is gone or won't start it again, or with the signal. */
export async function* followContainer(
  container: FollowedContainer,
  options: ReadOptions,
): AsyncGenerator<ReadEvent, void> {
  yield* new Following(container, options).events();
}

/** How often another log must be seen before it counts as the same container's, started again. */
const maxLost = 4;

/** A state with a log. */
type Begun = Extract<ContainerState, { kind: "running" | "ended" }>;

class Following {
  readonly #signal: AbortSignal;
  readonly #reader: StreamReader;
  /** The instance of the cursor's position. */
  #instance: number | undefined;
  /** An instance that was read to its end. */
  #complete: number | undefined;
  /** The last known state may be older than the lines seen. */
  #fresh = false;
  #reportedWaiting = "";
  /** The log still has the last line, though the clock went back. */
  #checked = false;
  /** Consecutive connections that returned a log other than the one that was read. */
  #lostInRow = 0;

  constructor(private readonly container: FollowedContainer, options: ReadOptions) {
    this.#signal = options.signal;
    this.#reader = new StreamReader(container.open, options);
  }

  async *events(): AsyncGenerator<ReadEvent, void> {
    while (!this.#signal.aborted) {
      const isFresh = this.#fresh;
      const state = yield* this.#state();
      if (state === undefined) continue;
      switch (state.kind) {
        case "gone":
          return;
        case "waiting":
          if (this.#reportedWaiting !== state.reason) {
            yield { kind: "waiting", reason: state.reason };
          }
          this.#reportedWaiting = state.reason;
          // The requested start is about lines that exist now.
          if (this.#instance === undefined) this.#reader.restart();
          await this.container.changed(this.#signal);
          break;
        case "running":
        case "ended": {
          if (this.#instance !== undefined && state.instance !== this.#instance && !isFresh) {
            // A watch may be behind: of what was read, and of the instance whose log is the previous one.
            this.#fresh = true;
            break;
          }
          if (state.instance < (this.#instance ?? 0)) {
            await this.#reader.backOff();
            break;
          }
          if (state.instance === this.#complete) {
            if (state.kind === "ended" && state.final) return;
            await this.container.changed(this.#signal);
            break;
          }
          yield* this.#turnTo(state);
          if (yield* this.#readOnce(state)) return;
        }
      }
    }
  }

  /** Returns undefined if it is unknown right now. */
  async *#state(): AsyncGenerator<ReadEvent, ContainerState | undefined> {
    try {
      const state = await this.container.state({ fresh: this.#fresh, signal: this.#signal });
      this.#fresh = false;
      return state;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      if (this.#signal.aborted) return undefined;
      // Meanwhile another pod may have its name.
      this.#fresh = true;
      if (error.kind === "forbidden" || error.kind === "unauthorized") {
        yield { kind: "failed", error };
        return { kind: "gone" };
      }
      await this.#reader.backOff();
      return undefined;
    }
  }

  /** Reads the remaining log of the previous instance, if there is a new one. */
  async *#turnTo(state: Begun): AsyncGenerator<ReadEvent, void> {
    const { instance, last: end } = state;
    const last = this.#instance;
    this.#instance = instance;
    if (last === undefined || last === instance) return;
    // The logs of the instances between are lost, even if that of the last known one is complete.
    const reason = instance !== last + 1
      ? "the container was restarted more than once while the link was down"
      : last === this.#complete
      ? undefined
      : state.kind === "ended" && state.isWaiting
      ? "the node serves no earlier log of a container that waits to be started again"
      : yield* this.#readPrevious();
    if (reason !== undefined) yield { kind: "gap", reason };
    this.#reader.restart();
    yield { kind: "restarted", restarts: instance, ...(end && { last: end }) };
  }

  /** Returns why the last instance's log is incomplete; undefined if it is complete. */
  async *#readPrevious(): AsyncGenerator<ReadEvent, string | undefined> {
    for (;;) {
      const end = yield* this.#reader.read({ follow: false, previous: true });
      if (end.kind === "ended" || this.#signal.aborted) return undefined;
      if (end.kind === "lost") return rotated;
      if (end.kind === "refused") return end.error.message;
      await this.#reader.backOff();
    }
  }

  /** Reads one connection; returns true if nothing more will come. */
  async *#readOnce(state: Begun): AsyncGenerator<ReadEvent, boolean> {
    // Behind a clock that went back, only the end of the log shows that the last line isn't in it any more.
    const checks = this.#reader.cursor.wentBack && !this.#checked;
    const follow = state.kind === "running" && !checks;
    const end = await this.#reader.seekEnd() ??
      (yield* this.#reader.read({ follow, previous: false }));
    if (this.#signal.aborted) return true;
    this.#checked = checks && end.kind === "ended";
    this.#fresh = true;
    if (end.kind !== "lost") this.#lostInRow = 0;
    switch (end.kind) {
      case "ended":
        if (state.kind === "ended") this.#complete = state.instance;
        else if (checks) return false;
        // A node reports a container's end a little later than its log does.
        else if (this.#reader.fruitless > 0) await this.#reader.backOff();
        return false;
      case "lost":
        yield* this.#lost(state.instance);
        return false;
      case "cut":
        yield { kind: "cut", reason: cutReason(end.error) };
        await this.#reader.backOff();
        return false;
      case "refused":
        return yield* this.#refused(end.error);
    }
  }

  /** The log isn't the one that was read before: of another instance, which is now visible, or started again. */
  async *#lost(instance: number): AsyncGenerator<ReadEvent, void> {
    const state = yield* this.#state();
    this.#fresh = true;
    if (state === undefined || !("instance" in state) || state.instance !== instance) return;
    // A restart is reported a little later than the new log is served: it must not be taken for the old one.
    if (++this.#lostInRow < maxLost) return await this.#reader.backOff();
    this.#reader.cursor.trustTimes();
    yield { kind: "gap", reason: rotated };
  }

  async *#refused(error: KodamaError): AsyncGenerator<ReadEvent, boolean> {
    if (error.kind === "forbidden" || error.kind === "unauthorized") {
      yield { kind: "failed", error };
      return true;
    }
    // The pod is gone, or the container isn't quite ready: its state will show soon.
    await this.#reader.backOff();
    return false;
  }
}
