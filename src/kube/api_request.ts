/** What is asked of an API server, and which connection carries it. */

import type { LinkUse } from "./link.ts";

/** One HTTP request. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Begins with a slash, with its query. */
  path: string;
  body?: unknown;
  signal: AbortSignal;
  /** `shared` where it is absent. */
  carrier?: Carrier;
}

/** Which connection carries a request and its answer. */
export type Carrier =
  /** The runtime's own, one for many where the server speaks HTTP/2. */
  | "shared"
  /** A link of our own, kept for what most likely follows: a stream into the pod that was read, or its log. */
  | { pooledFor: LinkUse }
  /**
   * A link for this alone, for an answer of many bytes, or one of many answers. Who merges logs leaves some unread until their time has come: on a shared
   * connection of HTTP/2 that fills the window of all, and the very answer that is waited for would never come. And
   * `fetch` gives each piece that a server flushes on its own, at twice to three times the processor time (measured
   * with the logs of 50 pods, 1.4 kB a piece).
   */
  | "bulk";
