/** Kodama's tools for the agents of a session's pod, from this machine: see `agent/offer_tools.ts`. */
import { type OfferedTools, offerTools as offerInPod } from "../../agent/offer_tools.ts";
import type { Target } from "../../kube/select/target.ts";
import { podStreams } from "../agent/tasks.ts";
import type { Host } from "../host.ts";

export type { ToolsClient } from "../../agent/offer_tools.ts";

/** Offers them until the signal. @throws KodamaError if they can't be offered, or the link broke. */
export async function* offerTools(
  host: Host,
  target: Target,
  signal: AbortSignal,
): AsyncGenerator<OfferedTools, never> {
  return yield* offerInPod(await podStreams(host), target, signal);
}
