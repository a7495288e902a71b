/** What reading a container's log needs, and what it tells: the words between the readers and the outer world. */
import type { Clock } from "../base/clock.ts";
import type { KodamaError } from "../base/errors.ts";
import type { LogRequest } from "../kube/client.ts";
import type { ContainerState, InstanceEnd } from "./containers.ts";
import type { LogLine } from "./line.ts";

/** What is asked of a log at one time. */
export type LogQuery = Omit<LogRequest, "namespace" | "pod" | "container" | "bulk">;

/** Opens a container's log. Rejects with a KodamaError. */
export type OpenLog = (query: LogQuery, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

/** A container that is followed over its restarts. */
export interface FollowedContainer {
  open: OpenLog;
  /** How far it is: asked of the server with `fresh`, else as it was last heard. Rejects with a KodamaError. */
  state(options: { fresh: boolean; signal: AbortSignal }): Promise<ContainerState>;
  /** Resolves when its pod has changed since the last call of `state`, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

/** From where a person wants to read. All of what there is where nothing is said. */
export interface LogStart {
  tailLines?: number;
  sinceSeconds?: number;
  sinceTime?: Date;
}

/** Bounds and surroundings of a reading. */
export interface ReadOptions {
  /** The index that lines carry. */
  source: number;
  start: LogStart;
  clock: Clock;
  random: () => number;
  /** Ends the reading without an error. */
  signal: AbortSignal;
}

/** What a reading tells. Lines are in the server's order, each once. */
export type ReadEvent =
  | { kind: "lines"; lines: LogLine[] }
  /** Following: the container hasn't started; its lines come when it does. */
  | { kind: "waiting"; reason: string }
  /** The link broke; it is opened anew where it was. */
  | { kind: "cut"; reason: string }
  /** The container was restarted so many times in its pod; `last` is how its instance before ended. */
  | { kind: "restarted"; restarts: number; last?: InstanceEnd }
  /** Lines may be missing, because the node doesn't keep them any more. */
  | { kind: "gap"; reason: string }
  /** The log can't be read, or not to its end. The last event. */
  | { kind: "failed"; error: KodamaError };
