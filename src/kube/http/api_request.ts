/** A request to an API server, and the connection that carries it. */

import type { LinkUse } from "../link/link.ts";

/** One HTTP request. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Starts with a slash; includes the query. */
  path: string;
  body?: unknown;
  signal: AbortSignal;
  /** `shared` if absent. */
  carrier?: Carrier;
}

/** Which connection carries a request and its answer. */
export type Carrier =
  /** The runtime's own, shared by many requests if the server speaks HTTP/2. */
  | "shared"
  /** A link of our own, pooled for the likely next use: a stream into the pod that was read, or its log. */
  | { pooledFor: LinkUse }
  /**
   * A link for this request alone, for a large response or one of many responses. A caller that merges logs leaves some
   * unread until their time comes: on a shared HTTP/2 connection that fills the window of all of them, and the very
   * response it waits for would never arrive. And `fetch` emits each piece that a server flushes separately, at two to
   * three times the CPU time (measured with the logs of 50 pods, 1.4 kB a piece).
   */
  | "bulk";
