/** Reading a container's log. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */
import type { Pod } from "../../kube/types.ts";
import type { LogQuery } from "../model.ts";
import type { ApiContext } from "./context.ts";
import { type ApiRequest, type ApiResponse, flag } from "./message.ts";
import { chooseContainer, containerRef, nodeRefusal, podAt, statusOf } from "./pods.ts";
import type { ResourceRoute } from "./route.ts";
import { badRequest, failure } from "./status.ts";

/** Answers a read of a log. If it follows, it lasts as long as the container. */
export async function readLog(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const pod = podAt(context, route);
  const query = logQuery(request.query, context.clock.now());
  const container = chooseContainer(pod, request.query.get("container") ?? "");
  // Not on a node yet: there is no log, and no kubelet to ask.
  if (!pod.spec?.nodeName) return { kind: "text", code: 200, text: "" };
  checkStarted(pod, container, query.previous);
  try {
    const chunks = await context.node.logs(containerRef(pod, container), query, request.signal);
    return { kind: "stream", contentType: "text/plain", chunks };
  } catch (error) {
    throw nodeRefusal(error) ?? error;
  }
}

function checkStarted(pod: Pod, container: string, previous: boolean): void {
  const status = statusOf(pod, container);
  const subject = `container ${JSON.stringify(container)} in pod ${
    JSON.stringify(pod.metadata?.name)
  }`;
  if (previous) {
    if (status?.lastState?.terminated) return;
    throw badRequest(`previous terminated ${subject} not found`);
  }
  if (status === undefined) throw badRequest(`${subject} is not available`);
  const { state, lastState } = status;
  if (state?.waiting === undefined || lastState?.terminated) return;
  throw badRequest(
    `${subject} is waiting to start: ${state.waiting.reason ?? "ContainerCreating"}`,
  );
}

function logQuery(query: URLSearchParams, now: Date): LogQuery {
  const tailLines = wholeNumber(query, "tailLines", 0);
  const limitBytes = wholeNumber(query, "limitBytes", 1);
  const sinceSeconds = wholeNumber(query, "sinceSeconds", 1);
  const since = query.get("sinceTime");
  if (since !== null && sinceSeconds !== undefined) {
    throw invalidOption("at most one of `sinceTime` or `sinceSeconds` may be specified");
  }
  const sinceTime = since !== null
    ? time(since)
    : sinceSeconds === undefined
    ? undefined
    : new Date(now.getTime() - sinceSeconds * 1000);
  return {
    follow: flag(query, "follow"),
    previous: flag(query, "previous"),
    timestamps: flag(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (value >= least) return value;
  throw invalidOption(
    `${name}: Invalid value: ${value}: must be greater than ${least === 0 ? "or equal to " : ""}0`,
  );
}

function time(text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw badRequest(`parsing time ${JSON.stringify(text)} as RFC 3339: cannot parse`);
}

function invalidOption(message: string): Error {
  return failure(422, "Invalid", `PodLogOptions "" is invalid: ${message}`, {
    kind: "PodLogOptions",
  });
}
