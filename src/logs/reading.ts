/** The inputs and events of reading a container's log: the interface between the readers and their callers. */
import type { Clock } from "../base/clock.ts";
import type { KodamaError } from "../base/errors.ts";
import type { LogRequest } from "../kube/client.ts";
import type { ContainerState, InstanceEnd } from "./containers.ts";
import type { LogLine } from "./line.ts";
import type { LogReading } from "./logs.ts";

/** One query of a log. */
export type LogQuery = Omit<LogRequest, "namespace" | "pod" | "container" | "bulk">;

/** Opens a container's log. Rejects with a KodamaError. */
export type OpenLog = (query: LogQuery, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

/** A container that is followed over its restarts. */
export interface FollowedContainer {
  open: OpenLog;
  /** Returns its state: queried from the server with `fresh`, else the last known one. Rejects with a KodamaError. */
  state(options: { fresh: boolean; signal: AbortSignal }): Promise<ContainerState>;
  /** Resolves when its pod has changed since the last call of `state`, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

/** The requested start of a log. The complete log by default. */
export type LogStart = Partial<Pick<LogReading, "tail" | "since" | "sinceTime">>;

/** Limits and environment of a reading. */
export interface ReadOptions {
  /** The index that lines carry. */
  source: number;
  start: LogStart;
  clock: Clock;
  random: () => number;
  /** Ends the reading without an error. */
  signal: AbortSignal;
}

/** An event of a reading. Lines are in the server's order, each once. */
export type ReadEvent =
  | { kind: "lines"; lines: LogLine[] }
  /** Following: the container hasn't started; its lines come when it does. */
  | { kind: "waiting"; reason: string }
  /** The link broke; it is reopened at the same position. */
  | { kind: "cut"; reason: string }
  /** The container was restarted N times in its pod; `last` is how its previous instance ended. */
  | { kind: "restarted"; restarts: number; last?: InstanceEnd }
  /** Lines may be missing, because the node doesn't retain them any more. */
  | { kind: "gap"; reason: string }
  /** The log can't be read, or not to its end. The last event. */
  | { kind: "failed"; error: KodamaError };
