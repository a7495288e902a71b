/** The dependencies of the handlers. */
import type { NodeStreams, Store } from "../model.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { TokenIssuer } from "./tokens.ts";

/** The parts of the cluster that the API reads, writes and calls. */
export interface ApiContext {
  store: Store;
  /** Streams into containers. */
  node: NodeStreams;
  clock: Clock;
  tokens: TokenIssuer;
  /** Random letters for generateName, and cluster addresses of services. */
  random: () => number;
  newUid: () => string;
  /** `v1.32.0`: the version that `/version` reports. */
  version: string;
}
