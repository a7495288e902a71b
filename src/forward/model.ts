/** The definition and the reports of a forward: plain data. */
import type { Exchange, Protocol } from "./traffic/events.ts";

/** A pod that connections can go to. */
export interface ForwardPod {
  context: string;
  namespace: string;
  pod: string;
  /** Distinguishes the pod from a later pod of the same name. */
  uid: string;
  /** `running`: it isn't ready; `pending`: nothing runs in it yet, or no more. */
  state: "ready" | "running" | "pending" | "terminating";
  /** TCP ports that its containers name. */
  namedPorts: Readonly<Record<string, number>>;
  /** Names and numbers of its ports for UDP and SCTP, which can't be forwarded. */
  notTcp?: readonly (number | string)[];
}

/** Where a forward listens: an address of this machine, or the path of a socket. */
export type LocalAddress =
  | { kind: "tcp"; hostname: string; port: number }
  | { kind: "unix"; path: string };

/** Why a connection failed. */
export type FailureReason =
  /** Nothing listens on the port. */
  | "refused"
  /** The pod was gone, or was deleted during the connection. */
  | "podGone"
  /** The link to the cluster broke, or was closed because the pod is gone. */
  | "linkLost"
  /** The pod's side was reset, or ended without a single byte. */
  | "reset"
  /** There was no pod to connect to within the grace time. */
  | "timeout"
  /** The cluster refuses it: a missing permission, an unknown port. */
  | "denied";

/** A program's connection to a forward. */
export interface ConnectionRef {
  /** The id of the forward. */
  forward: number;
  /** Counted over all forwards, from 1. */
  connection: number;
}

/** The summary of a connection that has ended. */
export interface ConnectionSummary {
  pod: string;
  toPod: number;
  fromPod: number;
  durationMs: number;
  /** Until the stream to the pod was open; absent if it never was. */
  connectMs?: number;
  /** From then to the first byte of the pod; absent if there was none. */
  firstByteMs?: number;
  /** Further attempts until the pod accepted it. */
  retries: number;
  /** Absent after an orderly end. */
  failure?: { reason: FailureReason; message: string };
}

/** A forward: a local address. */
export interface ForwardInfo {
  forward: number;
  address: LocalAddress;
  /** `svc/web`, `pod/web-0`, `3 pods`: the requested target. */
  target: string;
  /** As requested: a number, or the name of a port. */
  remote: string;
  /** The current pod; absent if connections are balanced, or there is none. */
  pod?: string;
}

/** The events of forwards. */
export type ForwardEvent =
  | { kind: "listening"; info: ForwardInfo }
  /** Later connections go to this pod; `undefined`: there is none. */
  | { kind: "pod"; forward: number; from: string | undefined; to: string | undefined }
  | { kind: "opened"; ref: ConnectionRef; pod: string }
  | { kind: "closed"; ref: ConnectionRef; summary: ConnectionSummary }
  /** Connections wait: the cluster isn't reached, or there is no pod. */
  | { kind: "waiting"; forward: number; reason: string }
  /** Connections don't wait any more. */
  | { kind: "resumed"; forward: number; waitedMs: number }
  /** This machine was asleep: links are checked. */
  | { kind: "awake"; sleptMs: number };

/** Upper bounds of a {@link Histogram}'s buckets, milliseconds. The last bucket has no bound. */
export const bucketBoundsMs: readonly number[] = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1000,
  2000,
  5000,
  10_000,
  30_000,
];

/** Durations, counted by size. */
export class Histogram {
  /** One count more than there are bounds. */
  readonly counts: number[] = new Array(bucketBoundsMs.length + 1).fill(0);
  count = 0;
  sumMs = 0;

  add(ms: number): void {
    const bucket = bucketBoundsMs.findIndex((bound) => ms <= bound);
    const index = bucket === -1 ? bucketBoundsMs.length : bucket;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.count++;
    this.sumMs += ms;
  }

  /** Returns the bound below which this share of the durations lies; undefined without any. */
  quantile(share: number): number | undefined {
    let seen = 0;
    for (const [index, count] of this.counts.entries()) {
      seen += count;
      if (count > 0 && seen >= share * this.count) return bucketBoundsMs[index] ?? Infinity;
    }
    return undefined;
  }
}

/** Requests of a protocol. */
interface RequestCount {
  count: number;
  /** How many of them failed: the server reported an error, or there was no complete answer. */
  failed: number;
}

/** The counters of a forward. Bytes are those that the other side has been given. */
export class ForwardStatistics {
  toPod = 0;
  fromPod = 0;
  active = 0;
  /** Connections that programs have made. */
  opened = 0;
  closed = 0;
  retries = 0;
  /** Requests, calls, queries and commands that are over, by protocol: of connections that are observed. */
  readonly requests: Partial<Record<Protocol, RequestCount>> = {};
  /** How many of the closed connections failed, by reason. */
  readonly failures: Partial<Record<FailureReason, number>> = {};
  readonly connect: Histogram = new Histogram();
  readonly firstByte: Histogram = new Histogram();
  readonly duration: Histogram = new Histogram();

  get failed(): number {
    return Object.values(this.failures).reduce((sum, count) => sum + count, 0);
  }

  /** Counts a request of an observed connection. */
  request(
    { protocol, failed, complete }: Pick<Exchange, "protocol" | "failed" | "complete">,
  ): void {
    const counted = this.requests[protocol] ??= { count: 0, failed: 0 };
    counted.count++;
    if (failed || !complete) counted.failed++;
  }

  /** Counts a connection that has ended; its bytes are counted as they pass. */
  end({ connectMs, firstByteMs, durationMs, failure, retries }: ConnectionSummary): void {
    this.active--;
    this.closed++;
    this.retries += retries;
    if (connectMs !== undefined) this.connect.add(connectMs);
    if (firstByteMs !== undefined) this.firstByte.add(firstByteMs);
    this.duration.add(durationMs);
    if (failure === undefined) return;
    this.failures[failure.reason] = (this.failures[failure.reason] ?? 0) + 1;
  }
}
