/** Paths below an object. */
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { isReady } from "../controllers/pods.ts";
import { matchesSelector } from "../controllers/selector.ts";
import { type ContainerLogQuery, type ResourceType, type Stored, timestamp } from "../model.ts";
import { apiVersionOf, resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { decodeObject } from "./decode.ts";
import { type ApiRequest, type ApiResponse, flag, json } from "./message.ts";
import { parseBody, represent } from "./negotiate.ts";
import { patch } from "./patch/patch.ts";
import { optionsOf, removeObject } from "./remove.ts";
import { scaleOf, scaleTo } from "./scale.ts";
import type { ResourceRoute } from "./route.ts";
import { isRecord } from "../../../src/base/json_value.ts";
import type { Served } from "./served.ts";
import {
  badRequest,
  conflict,
  failedStatus,
  internalError,
  methodNotAllowed,
  noSuchResource,
} from "./status.ts";
import { existing, throughStore } from "./stored_object.ts";
import { answerUpdate, isDryRun, managerOf } from "./write.ts";
import { invalid } from "./field_error.ts";
import { serviceAccountUser } from "./tokens.ts";
import type { Pod } from "../../../src/kube/types.ts";
import { chooseContainer, containerRef, nodeRefusal, podAt, statusOf } from "./pods.ts";

/** Answers a request about a subresource. Streams are handled elsewhere: as an upgrade of the connection. */
export async function subresource(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (!served.subresources.some(({ name }) => name === route.subresource)) throw noSuchResource();
  const { type } = served;
  switch (route.subresource) {
    case "status":
      return await status(context, request, served, route);
    case "scale":
      if (request.method === "PATCH") return await patch(context, request, served, route);
      return await scale(context, request, type, route);
    case "log":
      if (request.method !== "GET") throw methodNotAllowed();
      return await readLog(context, request, route);
    case "eviction":
      return await evict(context, request, route);
    case "binding":
      return await bind(context, request, route);
    case "token":
      return await tokenRequest(context, request, route);
    case "finalize":
      return await finalize(context, request, route);
    default:
      throw badRequest("Upgrade request required");
  }
}

async function status(
  context: ApiContext,
  request: ApiRequest,
  served: Served,
  route: ResourceRoute,
): Promise<ApiResponse> {
  switch (request.method) {
    case "GET":
      return represent(context, request, served.type, existing(context, served.type, route));
    case "PUT":
      return await answerUpdate(context, request, served, route);
    case "PATCH":
      return await patch(context, request, served, route);
    default:
      throw methodNotAllowed();
  }
}

async function scale(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  route: ResourceRoute,
): Promise<ApiResponse> {
  const object = existing(context, type, route);
  if (request.method === "GET") return json(scaleOf(object));
  if (request.method !== "PUT") throw methodNotAllowed();
  const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const desired = decodeObject(kind, body, request.query).object;
  const options = {
    dryRun: isDryRun(request.query),
    manager: managerOf(request, "Update", "scale"),
  };
  return json(scaleTo(context, type, object, desired, options));
}

async function evict(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "policy", version: "v1", kind: "Eviction" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(kind, body, request.query);
  const options = isRecord(object["deleteOptions"]) ? object["deleteOptions"] : {};
  const pod = existing(context, resources.pods, route);
  takeFromBudget(context, pod as Pod, { dryRun: isDryRun(request.query) });
  removeObject(context, resources.pods, pod, optionsOf(options, request.query));
  return json(
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
    201,
  );
}

/**
 * Counts an eviction in the budget of a pod: until the disruption controller has seen it, another one can't use the
 * same allowance. Throws a 429 if the budget allows none. Pods that don't run need none.
 */
function takeFromBudget({ store }: ApiContext, pod: Pod, { dryRun }: { dryRun: boolean }): void {
  const { namespace, labels, deletionTimestamp } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined || pod.status?.phase !== "Running") return;
  const type = resources.podDisruptionBudgets;
  const [budget, another] = (store.list(type, namespace) as readonly PodDisruptionBudget[])
    .filter(({ spec }) => matchesSelector(spec?.selector, labels));
  if (another !== undefined) {
    throw internalError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const { disruptionsAllowed: allowed = 0, desiredHealthy: needed, currentHealthy: healthy } =
    budget?.status ?? {};
  if (budget === undefined || (!isReady(pod) && (healthy ?? 0) >= (needed ?? 0))) return;
  if (allowed <= 0) {
    const state = `needs ${needed ?? 0} healthy pods and has ${healthy ?? 0} currently`;
    throw failedStatus(
      429,
      "TooManyRequests",
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [{
          reason: "DisruptionBudget",
          message: `The disruption budget ${budget.metadata?.name} ${state}`,
        }],
      },
    );
  }
  const status = { ...budget.status, disruptionsAllowed: allowed - 1 };
  if (!dryRun) store.update(type, { ...budget, status } as Stored);
}

/** Binds a pod to its node, as a scheduler does. */
async function bind(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "", version: "v1", kind: "Binding" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { target } = decodeObject(kind, body, request.query).object as {
    target?: { name?: string };
  };
  const pod = existing(context, resources.pods, route);
  const spec = pod["spec"] as { nodeName?: string };
  if (!target?.name) throw badRequest("target.name: Required value");
  if (spec.nodeName) {
    const why = `pod ${route.name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
    throw conflict(resources.pods, route.name, why);
  }
  const bound = { ...pod, spec: { ...spec, nodeName: target.name } };
  if (!isDryRun(request.query)) {
    throughStore(resources.pods, route.name, () => context.store.update(resources.pods, bound));
  }
  return json(
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
    201,
  );
}

/** Writes the finalizers of a namespace's spec; without any, a namespace that is being deleted is removed. */
async function finalize(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "PUT") throw methodNotAllowed();
  const type = resources.namespaces;
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(type, body, request.query);
  const before = existing(context, type, route);
  if (object.metadata.name !== undefined && object.metadata.name !== route.name) {
    throw failedStatus(
      400,
      "BadRequest",
      "the name of the object does not match the name on the URL",
    );
  }
  const next = { ...before, spec: object["spec"] ?? {}, apiVersion: apiVersionOf(type) };
  const written = throughStore(type, route.name, () => context.store.update(type, next));
  return represent(context, request, type, written);
}

/* Tokens for service accounts. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */

/** The bounds of a real server. */
const [leastSeconds, defaultSeconds, mostSeconds] = [600, 3600, 2 ** 32];

/** Answers with a token that expires after the requested time, or with its account. */
async function tokenRequest(
  context: ApiContext,
  request: ApiRequest,
  route: ResourceRoute,
): Promise<ApiResponse> {
  if (request.method !== "POST") throw methodNotAllowed();
  const kind = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
  const body = await parseBody(request.body, request.headers["content-type"]);
  const { object } = decodeObject(kind, body, request.query);
  const account = existing(context, resources.serviceAccounts, route);
  const spec = (object["spec"] ?? {}) as { expirationSeconds?: number; audiences?: string[] };
  const seconds = spec.expirationSeconds ?? defaultSeconds;
  checkSeconds(seconds);
  const end = new Date(context.clock.now().getTime() + seconds * 1000);
  const user = serviceAccountUser(route.namespace, route.name, account.metadata.uid);
  const token = context.tokens.issue(user, {
    notAfter: end,
    holds: () => {
      const present = context.store.get(resources.serviceAccounts, route.namespace, route.name);
      return present?.metadata.uid === account.metadata.uid;
    },
  });
  const expirationTimestamp = timestamp(end);
  return json({
    ...object,
    metadata: { name: route.name, namespace: route.namespace },
    spec: { audiences: ["https://kubernetes.default.svc"], ...spec, expirationSeconds: seconds },
    status: { token, expirationTimestamp },
  }, 201);
}

function checkSeconds(seconds: number): void {
  const why = seconds < leastSeconds
    ? "may not specify a duration less than 10 minutes"
    : seconds > mostSeconds
    ? "may not specify a duration larger than 2^32 seconds"
    : undefined;
  if (why === undefined) return;
  const { field, message } = invalid("spec.expirationSeconds", seconds, why);
  throw failedStatus(
    422,
    "Invalid",
    `TokenRequest.authentication.k8s.io "" is invalid: ${field}: ${message}`,
    {
      group: "authentication.k8s.io",
      kind: "TokenRequest",
      causes: [{ reason: "FieldValueInvalid", message, field }],
    },
  );
}

/* Reading a container's log. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */

/** Answers a read of a log. If it follows, it lasts as long as the container. */
async function readLog(
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

function logQuery(query: URLSearchParams, now: Date): ContainerLogQuery {
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
  return failedStatus(422, "Invalid", `PodLogOptions "" is invalid: ${message}`, {
    kind: "PodLogOptions",
  });
}
