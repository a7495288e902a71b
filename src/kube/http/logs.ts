/** Reading a container's log. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */
import type { LogRequest } from "../client.ts";
import { PODS, resourcePath } from "../resources.ts";
import type { Transport } from "./transport.ts";

/** Returns the path of a log, with its query. */
function logPath(request: LogRequest): string {
  const { namespace, pod, container, follow, previous, timestamps = true } = request;
  const query = new URLSearchParams({ container });
  if (timestamps) query.set("timestamps", "true");
  if (follow) query.set("follow", "true");
  if (previous) query.set("previous", "true");
  if (request.sinceTime !== undefined) query.set("sinceTime", request.sinceTime);
  if (request.sinceSeconds !== undefined) query.set("sinceSeconds", String(request.sinceSeconds));
  if (request.tailLines !== undefined) query.set("tailLines", String(request.tailLines));
  return `${resourcePath(PODS, namespace, pod)}/log?${query}`;
}

/** Returns the log's bytes as they arrive, from the moment when the server starts to send. */
export async function openLog(
  transport: Transport,
  request: LogRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = logPath(request);
  const carrier = request.bulk ? "bulk" : { pooledFor: "prompt" } as const;
  const response = await transport.request({ method: "GET", path, carrier, signal });
  return transport.readBody(response, signal);
}
